//! `type = "sqlite"`: the local store, one row per event.
//!
//! A batch and the position in the spool are committed in one transaction, and a row is keyed by its event's
//! id, so that each event is in the store once, whatever was killed when. `synchronous=FULL` makes a commit
//! outlast a power cut, which is what allows the spool to let go of the batch.

mod row;
mod schema;
mod settings;

use std::{fs::File, os::unix::fs::OpenOptionsExt as _};

use rusqlite::{Connection, OptionalExtension as _, params};

pub use self::settings::Settings;
use super::{Batch, Sink, SinkError};
use crate::{event_json, spool::Cursor};

/// The sink.
#[derive(Debug)]
pub struct Sqlite {
    settings: Settings,
    /// The store, and which spool its position is about.
    open: Option<(Connection, u64)>,
}

impl Sqlite {
    /// A sink that is not open yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, open: None }
    }
}

impl Sink for Sqlite {
    fn open(&mut self, saved: &Cursor) -> Result<u64, SinkError> {
        self.open = None;
        if let Some(directory) = self.settings.path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        // What bodies hold is for the owner's eyes; SQLite gives its other files the mode of this one.
        File::options().append(true).create(true).mode(0o600).open(&self.settings.path)?;
        let store = Connection::open(&self.settings.path)?;
        schema::prepare(&store)?;
        let known: Option<i64> = store
            .query_row("SELECT next FROM position WHERE spool = ?1", [key(saved.spool)], |row| row.get(0))
            .optional()?;
        self.open = Some((store, saved.spool));
        // A store that was deleted meanwhile gets what the spool still has.
        Ok(known.and_then(|next| u64::try_from(next).ok()).unwrap_or(0))
    }

    fn deliver(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let Some((store, spool)) = &mut self.open else { return Err(rusqlite::Error::InvalidQuery.into()) };
        let transaction = store.transaction()?;
        {
            let mut insert = transaction.prepare_cached(row::INSERT)?;
            let mut json = Vec::new();
            for event in &batch.events {
                json.clear();
                event_json::write(event, &mut json);
                row::insert(&mut insert, event, &json)?;
            }
            transaction
                .prepare_cached("INSERT OR REPLACE INTO position (spool, next) VALUES (?1, ?2)")?
                .execute(params![key(*spool), row::integer(batch.next)])?;
        }
        Ok(transaction.commit()?)
    }
}

/// SQLite's integers are signed.
fn key(spool: u64) -> String {
    format!("{spool:016x}")
}
