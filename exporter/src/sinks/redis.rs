//! `type = "redis"`: one entry per event in a stream, for exporters on other hosts; `streams` has the layout.
//!
//! A batch and the position in the spool are added by one script, so that each event is in the stream once, whatever was
//! killed when. The script adds nothing if the position is not the one that the sink knows: a batch whose answer was lost may
//! still be on its way to a server that hangs, and come to it after the same events were sent on another connection.
//!
//! Entries go when all groups have read them, and at no other time. While there are too many the sink waits, and the spool
//! holds what comes.

mod settings;

use redis::{Connection, Script};

pub use self::settings::Settings;
use super::{Batch, Sink, SinkError};
use crate::{
    spool::Cursor,
    streams::{self, Error},
};

const ADD: &str = include_str!("redis/add.lua");

/// The sink.
#[derive(Debug)]
pub struct Redis {
    settings: Settings,
    add: Script,
    open: Option<Open>,
}

struct Open {
    connection: Connection,
    /// The spool, as positions name it.
    spool: String,
    /// What Redis has of it; empty if nothing.
    position: String,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("spool", &self.spool).field("position", &self.position).finish()
    }
}

impl Redis {
    /// A sink that is not open yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, add: Script::new(&format!("{}\n{ADD}", streams::TRIM)), open: None }
    }

    fn connect(&mut self, saved: &Cursor) -> Result<u64, Error> {
        self.open = None;
        let mut connection = self.settings.server.connect()?;
        self.add.load(&mut connection)?;
        let spool = format!("{:016x}", saved.spool);
        let mut ask = redis::cmd("HGET");
        let known: Option<String> =
            ask.arg(self.settings.keys.positions()).arg(&spool).query(&mut connection)?;
        let position = known.unwrap_or_default();
        // A Redis that has lost all gets what comes from now on: what it had is known to have been delivered.
        let next = position.parse().unwrap_or(saved.next);
        self.open = Some(Open { connection, spool, position });
        Ok(next)
    }

    fn add(&mut self, batch: &Batch) -> Result<(), Error> {
        let Settings { keys, max_entries, max_size, .. } = &self.settings;
        let Some(open) = &mut self.open else {
            return Err(Error::passing("connect", "the connection was lost".to_owned()));
        };
        let next = batch.next.to_string();
        let mut add = redis::cmd("EVALSHA");
        add.arg(self.add.get_hash()).arg(2).arg(&keys.stream).arg(keys.positions());
        add.arg(&open.spool).arg(&open.position).arg(&next).arg(*max_entries).arg(*max_size);
        batch.encoded.iter().for_each(|event| _ = add.arg(event.as_slice()));
        batch.events.iter().for_each(|event| _ = add.arg(event.to_bytes()));
        let result: String = add.query(&mut open.connection)?;
        match result.as_str() {
            "added" => {
                open.position = next;
                Ok(())
            }
            "full" => {
                let text = format!(
                    "the stream {} has {max_entries} entries or {max_size} bytes that are not read; have it read, or raise max_entries and max_size",
                    keys.stream
                );
                Err(Error::passing("stream_full", text))
            }
            _ => Err(Error::passing("redis_restarted", "Redis has another position than it had".to_owned())),
        }
    }
}

impl Sink for Redis {
    fn open(&mut self, saved: &Cursor) -> Result<u64, SinkError> {
        Ok(self.connect(saved)?)
    }

    fn deliver(&mut self, batch: &Batch) -> Result<(), SinkError> {
        Ok(self.add(batch)?)
    }

    fn place(&self) -> String {
        self.settings.server.place()
    }

    fn takes_encoded(&self) -> bool {
        true
    }
}
