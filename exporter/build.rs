//! The page may be built after the exporter was: then it is taken in.

fn main() {
    println!("cargo::rerun-if-changed=page/dist");
}
