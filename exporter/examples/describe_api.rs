//! Prints the description of the API: `cargo run --release -p offpath-exporter --example describe_api >exporter/schema/api.openapi.json`.

#![expect(clippy::print_stdout, reason = "it is a program")]

fn main() {
    print!("{}", offpath_exporter::viewer::description());
}
