//! Older stores as they are laid out now.
//!
//! The rows are copied to a new file, which then takes the old one's name: whatever is killed when, one of the two is
//! whole. It needs as much space again as the old one has.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{schema, with_suffix};
use crate::sinks::SinkError;

/// Version 1 had fewer columns; what its events had of the others is in their JSON.
const FROM_1: &str = "
INSERT INTO events (
    id, trace_id, span_id, parent_span_id, start_time, duration_ns, first_byte_ns, kind, service, environment, source,
    outcome, method, host, path, route, status, client, error_type, request_size, response_size, loss_reason, loss_count,
    json, failed, rule, user_id, session_id
)
SELECT
    id, trace_id, span_id, parent_span_id, start_time, duration_ns, first_byte_ns, kind, service, environment, source,
    outcome, method, host, path, route, status, client, error_type, request_size, response_size, loss_reason, loss_count,
    json, ifnull(status >= 400, 0) OR ifnull(outcome <> 'completed', 0),
    json ->> 'rule', json ->> 'user_id', json ->> 'session_id'
FROM old.events ORDER BY old.events.rowid;
INSERT INTO position SELECT spool, next FROM old.position;
";

/// Replaces the store at `path`, which is of version 1, by one of today's. `old` is the last connection to it.
pub(super) fn from_1(old: Connection, path: &Path) -> Result<(), SinkError> {
    old.pragma_update(None, "journal_mode", "DELETE")?;
    drop(old);
    let new = with_suffix(path, ".new");
    discard(&new)?;
    copy(path, &new).inspect_err(|_| {
        // It may have filled the disk.
        let _ = discard(&new);
    })?;
    fs::rename(&new, path)?;
    Ok(File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?)
}

fn copy(from: &Path, to: &PathBuf) -> Result<(), SinkError> {
    super::create_file(to)?;
    let store = Connection::open(to)?;
    schema::create(&store)?;
    store.execute("ATTACH ?1 AS old", [from.to_string_lossy()])?;
    Ok(store.execute_batch(&format!("BEGIN; {FROM_1} COMMIT; DETACH old;"))?)
}

fn discard(path: &Path) -> std::io::Result<()> {
    for suffix in ["", "-journal"] {
        match fs::remove_file(with_suffix(path, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
