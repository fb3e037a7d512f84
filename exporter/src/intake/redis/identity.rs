//! Who this reader is: the same after each start, as long as its data directory is.
//!
//! ```text
//! <data_dir>/redis/reader.json   {"reader": "<32 hex digits>", "consumer": "<host>-<8 hex digits>"}
//! ```

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use crate::{durable, ids};

/// A reader.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Identity {
    /// Its random number, in hexadecimal digits: what its batches are noted under.
    pub(super) reader: String,
    /// Its name in groups, unless the configuration has another.
    pub(super) consumer: String,
}

impl Identity {
    /// The one in `directory`; at the first start it is made.
    pub(super) fn load(directory: &Path) -> io::Result<Self> {
        let path = directory.join("reader.json");
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = Self::random();
                durable::write(&path, &serde_json::to_vec(&made)?, None)?;
                fs::File::open(directory)?.sync_all()?;
                Ok(made)
            }
            Err(error) => Err(error),
        }
    }

    fn random() -> Self {
        let reader = format!("{:016x}{:016x}", ids::random_u64(), ids::random_u64());
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Self { consumer: format!("{}-{}", host.trim(), &reader[..8]), reader }
    }
}
