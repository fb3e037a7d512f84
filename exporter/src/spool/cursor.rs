//! Where a sink stands, kept in one small file per sink.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// What a sink has delivered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which spool this is about, as [`super::Spool::id`].
    pub spool: u64,
    /// Index of the next record to deliver.
    pub next: u64,
    /// What the sink wants to be told when it is opened again.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub state: serde_json::Value,
}

impl Cursor {
    /// Reads the cursor of `sink`; `None` if there is none, or one that cannot be read.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be opened.
    pub(super) fn load(directory: &Path, sink: &str) -> io::Result<Option<Self>> {
        match fs::read(path(directory, sink)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the cursor of `sink`; when this returns, it outlasts a power cut.
    pub(super) fn save(&self, directory: &Path, sink: &str) -> io::Result<()> {
        let path = path(directory, sink);
        let temporary = path.with_extension("new");
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        File::open(directory)?.sync_all()
    }
}

fn path(directory: &Path, sink: &str) -> PathBuf {
    directory.join(format!("{sink}.json"))
}
