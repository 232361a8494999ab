//! Builds nothing: says that the binary has to be built again when the page was, which is embedded in it.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
