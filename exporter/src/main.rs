//! The command `offpath`; see `cli`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    offpath_exporter::cli::main()
}
