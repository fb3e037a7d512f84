//! What users configure of it.

use std::{
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use offpath_core::config::{Table, Value};
use tracing::warn;

use super::socket::LONGEST;
use crate::config::{Environment, paths};

/// `[intake.envoy]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `socket`: `None` is ingest.sock in the ring directory.
    pub socket: Option<PathBuf>,
    /// `mode`: permission bits of the socket; who may write to it may send events.
    pub mode: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { socket: None, mode: 0o600 }
    }
}

impl Settings {
    pub(crate) fn read(mut table: Table<'_, '_>, env: Environment<'_>) -> Self {
        let rule = format!("must be the path of a Unix socket, at most {LONGEST} bytes long");
        let socket = table.typed("socket", &rule, |value| {
            let typed = value.as_str().filter(|path| !path.is_empty() && !path.ends_with('/'))?;
            Some(paths::expand(typed, env)).filter(|path| fits(path))
        });
        let rule = "must be an octal mode such as \"0660\" that lets the owner read and write";
        let mode = table.typed("mode", rule, mode);
        table.finish();
        Self { socket, mode: mode.unwrap_or(Self::default().mode) }
    }

    /// Where the socket is to be; `None`, which is told, if it was not configured and cannot be where it is by default.
    pub(crate) fn path(&self, ring_directory: &Path) -> Option<PathBuf> {
        let default = || {
            let path = ring_directory.join("ingest.sock");
            if fits(&path) {
                return Some(path);
            }
            warn!(path = %path.display(), "nothing is taken from Envoy: the path is longer than {LONGEST} bytes; name a shorter one in intake.envoy.socket");
            None
        };
        self.socket.clone().or_else(default)
    }
}

fn fits(path: &Path) -> bool {
    path.as_os_str().as_bytes().len() <= LONGEST
}

fn mode(value: &Value) -> Option<u32> {
    const OWNER: u32 = 0o600;
    let typed = value.as_str().filter(|typed| typed.bytes().all(|byte| byte.is_ascii_digit()))?;
    u32::from_str_radix(typed, 8).ok().filter(|mode| *mode <= 0o777 && mode & OWNER == OWNER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mode_is_octal_and_never_locks_its_owner_out() {
        for (typed, expected) in [
            (json!("0660"), Some(0o660)),
            (json!("600"), Some(0o600)),
            (json!("0777"), Some(0o777)),
            (json!("0060"), None),
            (json!("1600"), None),
            (json!("0680"), None),
            (json!("+600"), None),
            (json!(""), None),
            (json!(600), None),
        ] {
            assert_eq!(mode(&typed), expected, "{typed}");
        }
    }
}
