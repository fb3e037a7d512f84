//! Gives the guest a stack of 512 KiB. Of the linker's 1 MiB it would use little, in each worker's VM; the deepest it goes
//! is reading a configuration, which serde_json lets nest 128 deep.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        println!("cargo:rustc-link-arg-cdylib=-zstack-size=524288");
    }
}
