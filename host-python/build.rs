//! Finds the component that `make wasm` built, to be embedded.
#![allow(clippy::print_stdout, reason = "cargo reads build scripts' output")]

use std::path::Path;

fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let arch = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let dist = Path::new(&here).join("../dist");
    for (variable, name) in
        [("OFFPATH_WASM", "offpath.wasm".to_owned()), ("OFFPATH_CWASM", format!("offpath-{arch}.cwasm"))]
    {
        let file = dist.join(name);
        // No error: the program that makes one of these files is in this package too.
        if !file.exists() {
            println!("cargo::warning={} is not there yet; `make wasm` makes it", file.display());
        }
        println!("cargo::rerun-if-changed={}", file.display());
        println!("cargo::rustc-env={variable}={}", file.display());
    }
}
