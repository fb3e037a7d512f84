//! Builds the .wasm files from source: those in dist/, or with `--test-filters` those that only tests and measurements
//! load, in target/test-filters/.
//!
//! `make wasm` runs this. It prints which toolchain it took, and one line a file.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "what it did is its output")]

mod toolchain;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};
use toolchain::{Guest, Toolchain};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const FILTER: Guest = Guest::library("offpath-proxy-wasm");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let built = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => build(),
        ["--test-filters"] => build_test_filters(),
        _ => Err(format!("takes nothing or --test-filters, got {arguments:?}").into()),
    };
    match built {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("offpath-build: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What users get.
fn build() -> Result<()> {
    let output = Output::folder("dist")?;
    let core = output.compile(Guest::library("offpath-component"))?;
    output.write("offpath.wasm", &encode(&core)?)?;
    output.write("offpath-envoy.wasm", &output.compile(FILTER)?)
}

/// A filter that traps when it is told to, and one that does nothing.
fn build_test_filters() -> Result<()> {
    let output = Output::folder("target/test-filters")?;
    output.write("trap.wasm", &output.compile(FILTER.with_feature("trap"))?)?;
    output.write("empty.wasm", &output.compile(FILTER.example("empty"))?)
}

/// The folder of the workspace's Cargo.toml, two above this crate's. `cargo run` says where that is; what was compiled in
/// may name another clone, if both share a target folder.
fn workspace() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = Path::new(&here);
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Wraps the core module that rustc made into a component, by the types that wit-bindgen left in it.
fn encode(module: &[u8]) -> Result<Vec<u8>> {
    let encoder = wit_component::ComponentEncoder::default().validate(true).module(module);
    Ok(encoder.and_then(|mut encoder| encoder.encode()).map_err(|error| format!("{error:#}"))?)
}

/// Where files are written to, and what compiles them.
struct Output {
    root: PathBuf,
    folder: &'static str,
    toolchain: Toolchain,
}

impl Output {
    /// A folder of the workspace.
    fn folder(folder: &'static str) -> Result<Self> {
        let root = workspace();
        fs::create_dir_all(root.join(folder))?;
        let toolchain = Toolchain::find()?;
        println!("toolchain: {toolchain}");
        Ok(Self { root, folder, toolchain })
    }

    fn compile(&self, guest: Guest) -> Result<Vec<u8>> {
        Ok(fs::read(self.toolchain.build(&self.root, guest)?)?)
    }

    /// Replaces the file in one step, and only if its bytes changed, so that what is built from it is not built again.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let file = Path::new(self.folder).join(name);
        let path = self.root.join(&file);
        if fs::read(&path).is_ok_and(|old| old == bytes) {
            println!("{}: unchanged", file.display());
            return Ok(());
        }
        let temporary = path.with_extension("tmp");
        fs::write(&temporary, bytes)?;
        fs::rename(&temporary, path)?;
        println!("{}: {} KiB", file.display(), bytes.len().div_ceil(1024));
        Ok(())
    }
}
