//! The engine, and the component made ready for it, once per process.
//!
//! The component is compiled at build time for the plain baseline of the architecture. Where that code does not load,
//! it is compiled here, once, and kept in the user's cache.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::OnceLock,
};
use wasmtime::{Engine, Result, component::Component};

static WASM: &[u8] = include_bytes!(env!("OFFPATH_WASM"));
static PRECOMPILED: &[u8] = include_bytes!(env!("OFFPATH_CWASM"));

/// `0` makes as if the precompiled code did not load.
const USE_PRECOMPILED: &str = "OFFPATH_PRECOMPILED";

/// The engine and the component, ready to instantiate.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) engine: Engine,
    pub(crate) component: Component,
    /// `precompiled`, `cached` or `compiled`: how the code came here.
    pub(crate) how: &'static str,
}

/// Loads the component on the first call.
pub(crate) fn loaded() -> Result<&'static Loaded> {
    static LOADED: OnceLock<Result<Loaded>> = OnceLock::new();
    LOADED.get_or_init(load).as_ref().map_err(|error| wasmtime::Error::msg(format!("{error:#}")))
}

fn load() -> Result<Loaded> {
    let engine = super::settings::engine()?;
    if std::env::var_os(USE_PRECOMPILED).is_none_or(|value| value != "0") {
        // SAFETY: these bytes are part of this library, and were made by this version of wasmtime (Cargo.lock) from
        // the component beside them; wasmtime checks version and settings.
        if let Ok(component) = unsafe { Component::deserialize(&engine, PRECOMPILED) } {
            return Ok(Loaded { engine, component, how: "precompiled" });
        }
    }
    let cache = cache_file();
    if let Some(component) = cache.as_deref().and_then(|file| from_cache(&engine, file)) {
        return Ok(Loaded { engine, component, how: "cached" });
    }
    let component = Component::new(&engine, WASM)?;
    if let Some(file) = cache {
        // Without a cache the next process compiles again; nothing else is lost.
        let _ = component.serialize().map(|code| to_cache(&file, &code));
    }
    Ok(Loaded { engine, component, how: "compiled" })
}

/// `$XDG_CACHE_HOME/offpath/<version>-<architecture>.cwasm`, or below `~/.cache`.
fn cache_file() -> Option<PathBuf> {
    let home = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = home("XDG_CACHE_HOME").or_else(|| home("HOME").map(|home| home.join(".cache")))?;
    let name =
        format!("{}-{}-{:016x}.cwasm", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH, fingerprint());
    Some(cache.join("offpath").join(name))
}

/// Tells builds of one version apart (FNV-1a).
fn fingerprint() -> u64 {
    WASM.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn from_cache(engine: &Engine, file: &Path) -> Option<Component> {
    let folder = file.parent()?;
    if !only_ours(folder) || !only_ours(file) {
        return None;
    }
    // SAFETY: the file, and the folder it is in, belong to this user and nobody else may write to them, so the code
    // is what `to_cache` wrote; who can forge it can run code as this user anyway.
    unsafe { Component::deserialize_file(engine, file) }.ok()
}

fn only_ours(path: &Path) -> bool {
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    fs::symlink_metadata(path).is_ok_and(|metadata| {
        let ours = metadata.uid() == rustix::process::geteuid().as_raw();
        ours && !metadata.is_symlink() && metadata.mode() & WRITABLE_BY_OTHERS == 0
    })
}

fn to_cache(file: &Path, code: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder)?;
    let temporary = file.with_extension(format!("{}.tmp", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(&temporary)?.write_all(code)?;
    fs::rename(temporary, file)
}
