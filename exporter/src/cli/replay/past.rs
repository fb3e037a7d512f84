//! What may be sent again: the spool's events as they are, and, of those that have left it, what a store's JSON tells.
//!
//! Each event comes once, by its id. Stores come first, for what only they have is older than what the spool has. Of the
//! ids, 16 bytes each, all are held in memory; of the events, one at a time.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
};

use offpath_core::event::Event;
use rusqlite::{Connection, OpenFlags};

use super::packed;
use crate::{event_json, spool::Past};

/// Which events, by when they began: nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    /// At this time or later.
    pub(super) since: u64,
    /// Before this.
    pub(super) until: u64,
}

/// How much there is.
#[derive(Debug, Default)]
pub(super) struct Sum {
    pub(super) events: u64,
    /// In parcels.
    pub(super) bytes: u64,
}

/// What there is to send.
#[derive(Debug)]
pub(super) struct Plan {
    range: Range,
    spool: PathBuf,
    stores: Vec<PathBuf>,
    spool_ids: HashSet<u128>,
    store_ids: HashSet<u128>,
    pub(super) in_spool: Sum,
    pub(super) in_stores: Sum,
    /// Events that are there and cannot be read, or are of a kind that their JSON does not tell.
    pub(super) unreadable: u64,
}

impl Plan {
    /// Looks at all of it.
    pub(super) fn make(range: Range, data_dir: &Path, stores: &[PathBuf]) -> Result<Self, String> {
        let mut plan = Self {
            range,
            spool: data_dir.join("spool"),
            stores: stores.iter().filter(|store| store.exists()).cloned().collect(),
            spool_ids: HashSet::new(),
            store_ids: HashSet::new(),
            in_spool: Sum::default(),
            in_stores: Sum::default(),
            unreadable: 0,
        };
        let (mut ids, mut sum) = (HashSet::new(), Sum::default());
        let unreadable = each_of_spool(&plan.spool, range, |id, event| {
            if ids.insert(id) {
                sum.add(event);
            }
            Ok(())
        })?;
        (plan.spool_ids, plan.in_spool, plan.unreadable) = (ids, sum, unreadable);
        let (mut ids, mut sum) = (HashSet::new(), Sum::default());
        for store in &plan.stores {
            plan.unreadable += each_of_store(store, range, |id, event| {
                if !plan.spool_ids.contains(&id) && ids.insert(id) {
                    sum.add(event);
                }
                Ok(())
            })?;
        }
        (plan.store_ids, plan.in_stores) = (ids, sum);
        Ok(plan)
    }

    pub(super) fn events(&self) -> u64 {
        self.in_spool.events + self.in_stores.events
    }

    pub(super) fn bytes(&self) -> u64 {
        self.in_spool.bytes + self.in_stores.bytes
    }

    /// Calls `send` with each event, encoded.
    pub(super) fn each(&mut self, mut send: impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), String> {
        for store in &self.stores {
            each_of_store(
                store,
                self.range,
                |id, event| {
                    if self.store_ids.remove(&id) { send(event) } else { Ok(()) }
                },
            )?;
        }
        each_of_spool(&self.spool, self.range, |id, event| {
            if self.spool_ids.remove(&id) { send(event) } else { Ok(()) }
        })?;
        Ok(())
    }

    /// After [`Plan::each`]: how many events of the plan were no longer there.
    pub(super) fn gone(&self) -> usize {
        self.spool_ids.len() + self.store_ids.len()
    }
}

impl Sum {
    fn add(&mut self, event: &[u8]) {
        self.events += 1;
        self.bytes += packed(event);
    }
}

impl Range {
    fn has(self, event: &Event) -> bool {
        (self.since..self.until).contains(&event.start_unix_ns)
    }
}

/// Returns how many cannot be read. What began in the range came into the spool in it, or later.
fn each_of_spool(
    directory: &Path,
    range: Range,
    mut see: impl FnMut(u128, &[u8]) -> io::Result<()>,
) -> Result<u64, String> {
    let named = |error: io::Error| format!("{}: {error}", directory.display());
    let mut past = match Past::open(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        past => past.map_err(named)?,
    };
    past.since(range.since).map_err(named)?;
    let mut unreadable = 0;
    while let Some(record) = past.read().map_err(named)? {
        match Event::from_bytes(record.payload) {
            Ok(event) if range.has(&event) => {
                see(event.id(), record.payload).map_err(|error| error.to_string())?;
            }
            Ok(_) => {}
            Err(_) => unreadable += 1,
        }
    }
    Ok(unreadable)
}

fn each_of_store(
    path: &Path,
    range: Range,
    mut see: impl FnMut(u128, &[u8]) -> io::Result<()>,
) -> Result<u64, String> {
    let named = |error: rusqlite::Error| format!("{}: {error}", path.display());
    let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
    let store = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(named)?;
    let select = "SELECT json FROM events WHERE start_time >= ?1 AND start_time < ?2 ORDER BY start_time, id";
    let mut select = store.prepare(select).map_err(named)?;
    let mut rows = select.query([signed(range.since), signed(range.until)]).map_err(named)?;
    let mut unreadable = 0;
    while let Some(row) = rows.next().map_err(named)? {
        let json = row.get_ref(0).and_then(|json| Ok(json.as_str()?)).map_err(named)?;
        match event_json::read(json.as_bytes()) {
            Ok(event) if event.kind.is_some() => {
                see(event.id(), &event.to_bytes()).map_err(|error| error.to_string())?;
            }
            _ => unreadable += 1,
        }
    }
    Ok(unreadable)
}
