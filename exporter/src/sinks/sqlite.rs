//! `type = "sqlite"`: the local store, one row per event.
//!
//! A batch and the position in the spool are committed in one transaction, and a row is keyed by its event's
//! id, so that each event is in the store once, whatever was killed when. `synchronous=FULL` makes a commit
//! outlast a power cut, which is what allows the spool to let go of the batch.

mod damaged;
pub(crate) mod facts;
mod migrate;
mod retention;
mod row;
mod schema;
mod settings;
pub(crate) mod sums;
mod trace;
mod used;

use std::{
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension as _, config::DbConfig, params};
use tracing::info;

pub use self::settings::{Bounds, Settings};
use self::{facts::Facts, schema::Content, sums::Sums};
use super::{Batch, Sink, SinkError};
use crate::{event_json, ids, spool::Cursor};

/// Events that go at a time where there are too many: about 20 ms of work.
const SWEPT: usize = 1_000;

/// The sink.
#[derive(Debug)]
pub struct Sqlite {
    settings: Settings,
    sums: Sums,
    /// The store, and which spool its position is about.
    open: Option<(Connection, u64)>,
    /// Events that were in the store already.
    repeated: u64,
    /// What said that the file is no longer a database, until it is moved aside.
    damage: Option<SinkError>,
}

impl Sqlite {
    /// A sink that is not open yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let sums = Sums::new(settings.bounds.max_age);
        Self { settings, sums, open: None, repeated: 0, damage: None }
    }

    /// Opens the store that is there, or a new one.
    fn store(&self) -> Result<Connection, SinkError> {
        let path = &self.settings.path;
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        create_file(path)?;
        let mut store = connect(path)?;
        match schema::content(&store)? {
            Content::Nothing => schema::create(&store)?,
            Content::Store(schema::VERSION) => {}
            Content::Store(version @ (1 | 2)) => {
                info!(store = %path.display(), "lays the store out anew, which takes a while and as much space again");
                migrate::from(version, store, path, self.settings.bounds.max_age)?;
                store = connect(path)?;
            }
            Content::Store(version) => {
                let (path, known) = (path.display(), schema::VERSION);
                return Err(SinkError::Store(format!(
                    "{path} is a store of version {version}, and this offpath knows {known}: run a newer one, or name \
                     another path"
                )));
            }
            Content::Foreign => {
                let path = path.display();
                return Err(SinkError::Store(format!(
                    "{path} is another program's database: name another path"
                )));
            }
        }
        store.pragma_update(None, "journal_mode", "WAL")?;
        store.pragma_update(None, "synchronous", "FULL")?;
        // What a long reader made it grow to is given back.
        store.pragma_update(None, "journal_size_limit", 64 << 20)?;
        Ok(store)
    }

    fn open_for(&mut self, spool: u64) -> Result<u64, SinkError> {
        let store = self.store()?;
        let known: Option<i64> = store
            .query_row("SELECT next FROM position WHERE spool = ?1", [key(spool)], |row| row.get(0))
            .optional()?;
        self.open = Some((store, spool));
        // A store that was deleted meanwhile gets what the spool still has.
        Ok(known.and_then(|next| u64::try_from(next).ok()).unwrap_or(0))
    }

    fn insert(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let Some((store, spool)) = &mut self.open else { return Err(rusqlite::Error::InvalidQuery.into()) };
        // Of a batch that failed half-way.
        self.sums.clear();
        let transaction = store.transaction()?;
        let mut repeated = 0;
        {
            let mut insert = transaction.prepare_cached(row::INSERT)?;
            let mut json = Vec::new();
            for event in &batch.events {
                json.clear();
                event_json::write(event, &mut json);
                let facts = Facts::of(event);
                let place = trace::place(&transaction, &facts)?;
                if row::insert(&mut insert, event, &facts, &place, &json)? {
                    self.sums.add(&facts, &place);
                } else {
                    repeated += 1;
                }
            }
            self.sums.write(&transaction, ids::now_unix_ns())?;
            transaction
                .prepare_cached("INSERT OR REPLACE INTO position (spool, next) VALUES (?1, ?2)")?
                .execute(params![key(*spool), row::integer(batch.next)])?;
        }
        transaction.commit()?;
        self.repeated += repeated;
        Ok(())
    }

    /// Removes at most so many events that are beyond the bounds. Returns whether there was anything to do.
    fn sweep(&mut self, most: usize) -> Result<bool, SinkError> {
        let Some((store, _)) = &mut self.open else { return Ok(false) };
        let transaction = store.transaction()?;
        let now = ids::now_unix_ns();
        let events = retention::sweep(&transaction, self.settings.bounds, now, most)?;
        let sums = self.sums.sweep(&transaction, now)?;
        transaction.commit()?;
        Ok(events || sums)
    }

    /// Removes what is beyond the bounds, a step at a time; no longer than a batch may wait.
    fn sweep_in_steps(&mut self) -> Result<(), SinkError> {
        const STEPS: usize = 8;
        let mut steps = 0;
        while steps < STEPS && self.sweep(SWEPT)? {
            steps += 1;
        }
        match &self.open {
            // The file shrinks when what is in the log comes to it.
            Some((store, _)) if steps > 0 => {
                Ok(store.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
            }
            _ => Ok(()),
        }
    }

    /// Keeps in mind what says that the store is damaged: it is moved aside when it is opened next.
    fn noting_damage<T>(&mut self, done: Result<T, SinkError>) -> Result<T, SinkError> {
        done.map_err(|error| {
            self.open = None;
            if !damaged::is_damage(&error, self.settings.is_default) {
                return error;
            }
            let told = SinkError::Store(format!("{} is damaged: {error}", self.settings.path.display()));
            self.damage = Some(error);
            told
        })
    }
}

impl Sink for Sqlite {
    fn open(&mut self, saved: &Cursor) -> Result<u64, SinkError> {
        self.open = None;
        if let Some(damage) = &self.damage {
            damaged::move_aside(&self.settings.path, damage)?;
            self.damage = None;
        }
        let opened = self.open_for(saved.spool);
        self.noting_damage(opened)
    }

    fn deliver(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let delivered = self.insert(batch).and_then(|()| {
            // More than came: a bound that was lowered is reached under load too.
            self.sweep(SWEPT.max(2 * batch.events.len())).map(|_| ())
        });
        self.noting_damage(delivered)
    }

    fn tend(&mut self) -> Result<(), SinkError> {
        let swept = self.sweep_in_steps();
        self.noting_damage(swept)
    }

    fn take_repeated(&mut self) -> u64 {
        std::mem::take(&mut self.repeated)
    }

    fn place(&self) -> String {
        self.settings.path.display().to_string()
    }
}

/// Whether this is a store as this version lays it out.
pub(crate) fn is_current(store: &Connection) -> rusqlite::Result<bool> {
    Ok(schema::content(store)? == Content::Store(schema::VERSION))
}

/// What bodies hold is for the owner's eyes; SQLite gives its other files the mode of this one.
fn create_file(path: &Path) -> io::Result<File> {
    File::options().append(true).create(true).mode(0o600).open(path)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let store = Connection::open(path)?;
    // The viewer reads meanwhile, and a checkpoint may wait for it.
    store.busy_timeout(Duration::from_secs(5))?;
    // Otherwise statements are planned anew for each value that times are compared with.
    store.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(store)
}

/// SQLite's integers are signed.
fn key(spool: u64) -> String {
    format!("{spool:016x}")
}

/// The path with this at its end.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
