//! Builds the .wasm files in dist/ from source.
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
use toolchain::Toolchain;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make wasm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<()> {
    let root = workspace();
    let dist = root.join("dist");
    fs::create_dir_all(&dist)?;

    let toolchain = Toolchain::find()?;
    println!("toolchain: {toolchain}");
    let core = toolchain.build(&root, "offpath-component")?;
    let component = encode(&fs::read(core)?)?;
    write(&dist.join("offpath.wasm"), &component)?;

    let filter = toolchain.build(&root, "offpath-proxy-wasm")?;
    write(&dist.join("offpath-envoy.wasm"), &fs::read(filter)?)
}

/// The folder of the workspace's Cargo.toml, two above this crate's.
fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Wraps the core module that rustc made into a component, by the types that wit-bindgen left in it.
fn encode(module: &[u8]) -> Result<Vec<u8>> {
    let encoder = wit_component::ComponentEncoder::default().validate(true).module(module);
    Ok(encoder.and_then(|mut encoder| encoder.encode()).map_err(|error| format!("{error:#}"))?)
}

/// Replaces the file in one step, and only if its bytes changed, so that what is built from it is not built again.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = Path::new("dist").join(path.file_name().unwrap_or_default());
    if fs::read(path).is_ok_and(|old| old == bytes) {
        println!("{}: unchanged", name.display());
        return Ok(());
    }
    let temporary = path.with_extension("tmp");
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, path)?;
    println!("{}: {} KiB", name.display(), bytes.len().div_ceil(1024));
    Ok(())
}
