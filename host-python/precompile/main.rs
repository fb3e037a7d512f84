//! Compiles dist/offpath.wasm to dist/offpath-<arch>.cwasm, which wasmtime loads in a third of a millisecond.
//!
//! `make wasm` runs this. It is in the package that loads the result, so that both have the same wasmtime with the same
//! features, compiled once.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what it did is its output")]

#[path = "../src/sandbox/settings.rs"]
mod settings;

use std::{env::consts::ARCH, error::Error, fs, path::Path, process::ExitCode};

fn main() -> ExitCode {
    match precompile() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make wasm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn precompile() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
    let component = fs::read(dist.join("offpath.wasm"))?;
    let code = settings::engine()?.precompile_component(&component)?;
    let name = format!("offpath-{ARCH}.cwasm");
    let file = dist.join(&name);
    if fs::read(&file).is_ok_and(|old| old == code) {
        println!("dist/{name}: unchanged");
        return Ok(());
    }
    let temporary = file.with_extension("tmp");
    fs::write(&temporary, &code)?;
    fs::rename(&temporary, &file)?;
    println!("dist/{name}: {} KiB", code.len().div_ceil(1024));
    Ok(())
}
