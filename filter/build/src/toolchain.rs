//! Which Rust builds the guest.
//!
//! An ordinary machine has rustup, and the wasm target one command away. Where rustup's server is out of reach,
//! Debian's packages hold a compiler with the matching source of the standard library, and cargo builds that source
//! together with the guest.

use crate::Result;
use std::{
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm";
/// Copies of bodies as one instruction, which the host does with its own memmove. V8 and wasmtime have it.
const FLAGS: &str = "-Ctarget-feature=+bulk-memory";
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];
const DEBIAN_BIN: &str = "/usr/bin";
/// Names one of the three ways, for those who want that one or none.
const CHOICE: &str = "OFFPATH_WASM_TOOLCHAIN";

/// What is compiled: the library of a package or one of its examples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest {
    package: &'static str,
    example: Option<&'static str>,
    feature: Option<&'static str>,
}

impl Guest {
    pub(crate) const fn library(package: &'static str) -> Self {
        Self { package, example: None, feature: None }
    }

    pub(crate) const fn example(self, name: &'static str) -> Self {
        Self { example: Some(name), ..self }
    }

    pub(crate) const fn with_feature(self, name: &'static str) -> Self {
        Self { feature: Some(name), ..self }
    }

    fn arguments(self) -> Vec<&'static str> {
        let mut arguments = vec!["-p", self.package];
        arguments.extend(self.example.iter().flat_map(|name| ["--example", name]));
        arguments.extend(self.feature.iter().flat_map(|name| ["--features", name]));
        arguments
    }

    /// Where cargo leaves it, from the folder of the profile.
    fn file(self) -> PathBuf {
        match self.example {
            Some(name) => Path::new("examples").join(format!("{name}.wasm")),
            None => format!("{}.wasm", self.package.replace('-', "_")).into(),
        }
    }
}

/// A way to compile for wasm32-unknown-unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The cargo that runs this, with the target installed.
    Installed,
    /// The same, after `rustup target add`.
    Rustup,
    /// Debian's, which builds the standard library too.
    Debian,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Installed => "the installed target wasm32-unknown-unknown",
            Self::Rustup => "rustup, which added the target wasm32-unknown-unknown",
            Self::Debian => "Debian's rustc-web, which builds the standard library from rust-web-src",
        })
    }
}

impl Toolchain {
    /// The first that works here, or the one that the environment names.
    pub(crate) fn find() -> Result<Self> {
        let choice = std::env::var(CHOICE).ok();
        let ways = match choice.as_deref() {
            None | Some("") => vec![Self::Installed, Self::Rustup, Self::Debian],
            Some("installed") => vec![Self::Installed],
            Some("rustup") => vec![Self::Rustup],
            Some("debian") => vec![Self::Debian],
            Some(other) => {
                return Err(format!("{CHOICE}: must be installed, rustup or debian, got {other:?}").into());
            }
        };
        ways.into_iter().find(|way| way.works()).ok_or_else(|| {
            format!(
                "found no way to compile for {TARGET}; one of these is needed:\n  \
                 1. a toolchain that has the target\n  \
                 2. rustup, with its server in reach: rustup target add {TARGET}\n  \
                 3. on Debian or Ubuntu, as root: apt-get install {}",
                DEBIAN_PACKAGES.join(" ")
            )
            .into()
        })
    }

    /// Whether this way is there, once what it needs has been installed as far as it can be.
    fn works(self) -> bool {
        match self {
            Self::Installed => target_is_installed(),
            Self::Rustup => {
                succeeds(Command::new("rustup").args(["target", "add", TARGET])) && target_is_installed()
            }
            Self::Debian => debian_is_installed() || (install_debian() && debian_is_installed()),
        }
    }

    /// Compiles it and returns the path of its .wasm.
    pub(crate) fn build(self, root: &Path, guest: Guest) -> Result<PathBuf> {
        let target_dir = root.join("target").join("guest");
        let mut cargo = self.cargo();
        cargo.current_dir(root).env("CARGO_TARGET_DIR", &target_dir);
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", FLAGS);
        cargo.args(["build", "--locked", "--quiet", "--profile", PROFILE, "--target", TARGET]);
        cargo.args(guest.arguments());
        if !cargo.status()?.success() {
            return Err(format!("could not compile {} with {self}", guest.arguments().join(" ")).into());
        }
        Ok(target_dir.join(TARGET).join(PROFILE).join(guest.file()))
    }

    fn cargo(self) -> Command {
        if self != Self::Debian {
            return Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        }
        let mut cargo = Command::new(Path::new(DEBIAN_BIN).join("cargo"));
        // The cargo that runs this passes its own toolchain on; Debian's must not see it.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO") || text.starts_with("RUSTUP") || text.starts_with("RUSTC") {
                cargo.env_remove(&name);
            }
        }
        let path = std::env::var("PATH").unwrap_or_default();
        cargo.env("PATH", format!("{DEBIAN_BIN}:{path}"));
        // -Zbuild-std is unstable; this lets a stable compiler take it.
        cargo.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
        if let Some(home) = std::env::var_os("CARGO_HOME") {
            cargo.env("CARGO_HOME", home);
        }
        cargo.arg("-Zbuild-std=std,panic_abort");
        cargo
    }
}

fn target_is_installed() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    output.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        output.status.success()
            && std::fs::read_dir(folder.trim()).is_ok_and(|mut files| files.next().is_some())
    })
}

fn debian_is_installed() -> bool {
    let has = |name: &str| Path::new(DEBIAN_BIN).join(name).exists();
    let source = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
    has("cargo") && has("rustc") && has("wasm-ld") && Path::new(source).exists()
}

fn install_debian() -> bool {
    let apt = |arguments: &[&str]| {
        succeeds(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let mut install = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    install.extend(DEBIAN_PACKAGES);
    apt(&["update", "--quiet"]) && apt(&install)
}

/// Whether the command ran and succeeded; what it prints is of interest only when the next way fails too.
fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}
