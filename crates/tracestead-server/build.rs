//! Builds nothing: says that the binary has to be built again when the page was, which is embedded in it.

#![expect(clippy::print_stdout, reason = "that is how a build script speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
