//! This reader's place in a consumer group: the commands and scripts, each answered or failed.

use std::{fmt, time::Duration};

use redis::{Connection, Script, Value, cmd};

use super::{identity::Identity, settings::Settings};
use crate::{
    spool::frame::MAX_PAYLOAD,
    streams::{self, Error},
};

/// Entries in a batch.
const MOST_ENTRIES: usize = 2_000;

/// Bytes of events in a batch, give or take one: what this reader holds in memory is a small multiple of it.
const MOST_BYTES: usize = 2 << 20;

/// Entries that are looked at, at a time, for those of readers that are gone.
const CLAIM_AT_ONCE: usize = 1_000;

/// A connection, and who speaks on it.
pub(super) struct Group<'a> {
    connection: Connection,
    settings: &'a Settings,
    reader: &'a str,
    consumer: &'a str,
    scripts: Scripts,
    /// Where to look on for entries of readers that are gone.
    claim_from: String,
}

struct Scripts {
    read: Script,
    take: Script,
    note: Script,
    trim: Script,
}

/// Which entries to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that this consumer was given, and has not acknowledged.
    Own,
    /// Those that nobody was given.
    New,
}

/// What Redis has noted of a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// As it stands there; empty if nothing does.
    text: String,
    /// The batch.
    pub(super) batch: Option<u128>,
    /// Places in it of entries that were not the reader's any more.
    pub(super) gone: Vec<usize>,
}

/// Entries: id and event, as [`super::batch::Batch`] has it.
pub(super) type Entries = Vec<(String, Option<Vec<u8>>)>;

impl fmt::Debug for Group<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("settings", self.settings).finish_non_exhaustive()
    }
}

impl<'a> Group<'a> {
    /// Connects, and makes the group, which begins with the oldest entry, if there is none.
    pub(super) fn join(settings: &'a Settings, identity: &'a Identity) -> Result<Self, Error> {
        let mut connection = settings.server.connect()?;
        let mut create = cmd("XGROUP");
        create.arg("CREATE").arg(&settings.keys.stream).arg(&settings.group).arg("0").arg("MKSTREAM");
        match create.exec(&mut connection) {
            Err(error) if error.code() == Some("BUSYGROUP") => {}
            created => created?,
        }
        Ok(Self {
            connection,
            settings,
            reader: &identity.reader,
            consumer: settings.consumer.as_ref().unwrap_or(&identity.consumer),
            scripts: Scripts::new(),
            claim_from: START.to_owned(),
        })
    }

    /// Entries for this consumer.
    pub(super) fn read(&mut self, which: Which) -> Result<Entries, Error> {
        let from = if which == Which::Own { "0" } else { ">" };
        let mut read = self.scripts.read.key(&self.settings.keys.stream);
        read.arg(&self.settings.group).arg(self.consumer).arg(from);
        read.arg(MOST_ENTRIES).arg(MOST_BYTES).arg(MAX_PAYLOAD);
        let values: Vec<Value> = read.invoke(&mut self.connection)?;
        let mut values = values.into_iter();
        let mut entries = Vec::with_capacity(values.len() / 2);
        while let (Some(Value::BulkString(id)), Some(event)) = (values.next(), values.next()) {
            let event = if let Value::BulkString(event) = event { Some(event) } else { None };
            entries.push((String::from_utf8_lossy(&id).into_owned(), event));
        }
        Ok(entries)
    }

    /// Acknowledges what is still this consumer's. Returns the places of what is not; `None` if Redis has not noted `before`,
    /// and nothing was done.
    pub(super) fn take<'e>(
        &mut self,
        before: u128,
        batch: u128,
        ids: impl Iterator<Item = &'e str>,
    ) -> Result<Option<Vec<usize>>, Error> {
        let mut take = self.scripts.take.key(&self.settings.keys.stream);
        take.key(self.settings.keys.batches(&self.settings.group));
        take.arg(&self.settings.group).arg(self.consumer).arg(self.reader).arg(hex(before)).arg(hex(batch));
        ids.for_each(|id| _ = take.arg(id));
        Ok(take.invoke(&mut self.connection)?)
    }

    /// What Redis has noted of this reader.
    pub(super) fn note(&mut self) -> Result<Note, Error> {
        let key = self.settings.keys.batches(&self.settings.group);
        let text: Option<String> = cmd("HGET").arg(key).arg(self.reader).query(&mut self.connection)?;
        let text = text.unwrap_or_default();
        let mut words = text.split(' ');
        let batch = words.next().and_then(|id| u128::from_str_radix(id, 16).ok());
        let gone = words.filter_map(|place| place.parse().ok()).collect();
        Ok(Note { batch, gone, text })
    }

    /// Notes `batch` in place of `note`. Returns false if that is not there any more.
    pub(super) fn replace(&mut self, note: &Note, batch: u128) -> Result<bool, Error> {
        let key = self.settings.keys.batches(&self.settings.group);
        let mut replace = self.scripts.note.key(key);
        replace.arg(self.reader).arg(&note.text).arg(hex(batch));
        Ok(replace.invoke(&mut self.connection)?)
    }

    /// Takes over entries that nobody has acknowledged for long. Returns how many, and how many more of that kind there were
    /// that are gone from the stream.
    pub(super) fn claim(&mut self) -> Result<(usize, usize), Error> {
        let idle = Duration::as_millis(&self.settings.claim_after);
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(&self.settings.keys.stream).arg(&self.settings.group).arg(self.consumer);
        claim.arg(idle.to_string()).arg(&self.claim_from).arg("COUNT").arg(CLAIM_AT_ONCE).arg("JUSTID");
        let (next, claimed, gone): (String, Vec<String>, Option<Vec<String>>) = {
            let values: Vec<Value> = claim.query(&mut self.connection)?;
            let mut values = values.into_iter();
            let mut next = || values.next().unwrap_or(Value::Nil);
            (
                redis::from_redis_value(next()).map_err(redis::RedisError::from)?,
                redis::from_redis_value(next()).map_err(redis::RedisError::from)?,
                // Redis 6.2 has no such list: what is gone is among the others.
                redis::from_redis_value(next()).map_err(redis::RedisError::from)?,
            )
        };
        self.claim_from = next;
        Ok((claimed.len(), gone.unwrap_or_default().len()))
    }

    /// Removes what all groups have read and acknowledged.
    pub(super) fn trim(&mut self) -> Result<u64, Error> {
        Ok(self.scripts.trim.key(&self.settings.keys.stream).invoke(&mut self.connection)?)
    }
}

/// The lowest id.
const START: &str = "0-0";

fn hex(batch: u128) -> String {
    format!("{batch:032x}")
}

impl Scripts {
    fn new() -> Self {
        Self {
            read: Script::new(include_str!("read.lua")),
            take: Script::new(include_str!("take.lua")),
            note: Script::new(include_str!("note.lua")),
            trim: Script::new(&format!("{}\nreturn trim(KEYS[1])", streams::TRIM)),
        }
    }
}
