//! From a stream of Redis into the spool: one reader of a consumer group, which takes a batch at a time.
//!
//! ```text
//! read ─> side file ─> take: acknowledge what is still ours, and note the batch, as one ─> spool ─> remove the side file
//! ```
//!
//! Each entry comes into the spool of one reader, once, whichever is killed or stopped when:
//!
//! - Until it is taken, an entry is pending, and another reader may claim it. Taking asks for each entry whether it is
//!   still this reader's, and acknowledges it in the same script. So of two readers that have read it, one takes it.
//! - Once taken, it is nobody's but this reader's, and is in its side file. Whether that batch was taken, Redis has noted:
//!   a reader that was killed, or whose answer was lost, looks there at its next start. If it was, its entries go into
//!   the spool, unless the spool has them, which it knows by their numbers; if not, the file goes, and the entries,
//!   which are still pending, are read again.
//! - A batch names the one before, and is taken only if that is what Redis has noted. So one that was found not to be taken
//!   cannot be taken later, by a command that was still on its way.
//!
//! What is read here was in another exporter's spool, so its secrets are masked, and it was counted among that one's
//! requests. It is stored as it is.

mod batch;
mod group;
mod identity;
mod settings;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};
use tracing::{info, warn};

pub use self::settings::Settings;
use self::{
    batch::Batch,
    group::{Group, Note, Which},
    identity::Identity,
};
use super::journal::SharedJournal;
use crate::{durable, health::Health, signal::Signal, streams};

/// The part of the exporter that this is, as /readyz names it.
const PART: &str = "intake redis";

/// How long to wait when nothing, or little, was there.
const POLL: Duration = Duration::from_millis(100);

/// Entries that are worth a batch.
const ENOUGH: usize = 500;

/// How often entries that all have read are removed.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// How often, at least, entries of readers that are gone are looked for.
const CLAIM_EVERY: Duration = Duration::from_secs(15);

/// How long to wait before a write to the spool that failed is tried again.
const RETRY: Duration = Duration::from_millis(100);

const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LAST_BACKOFF: Duration = Duration::from_secs(15);

/// A reader of a stream.
#[derive(Debug)]
pub struct Redis {
    settings: Settings,
    directory: PathBuf,
    journal: SharedJournal,
    health: Health,
    /// The group of this stream, as the spool knows it.
    producer: u128,
    /// The same, as losses name it.
    name: String,
}

/// Why a connection was given up.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Redis(#[from] streams::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(
        "Redis has noted another batch of this reader than it took; it was set back, or has lost what it held"
    )]
    Stale,
}

/// What became of the batch in the side file.
enum Fate {
    /// Redis let go of it, but for what is at these places.
    Taken(Vec<usize>),
    /// Redis did not, and will not.
    Left,
    /// Redis does not know any more.
    Forgotten,
}

/// When what is done now and then is due.
#[derive(Debug)]
struct Chores {
    claim_every: Duration,
    claim: Instant,
    trim: Instant,
}

impl Redis {
    /// A reader that has not connected yet.
    ///
    /// # Errors
    ///
    /// Its directory in `data_dir` cannot be made.
    pub fn new(
        settings: Settings,
        data_dir: &Path,
        journal: SharedJournal,
        health: Health,
    ) -> io::Result<Self> {
        let directory = data_dir.join("redis");
        durable::create_dir(&directory)?;
        let name = format!("redis {} {}", settings.keys.stream, settings.group);
        let hash: [u8; 32] = Sha256::digest(&name).into();
        let producer = hash.iter().take(16).fold(0, |id, byte| id << 8 | u128::from(*byte));
        journal.lock().keep(producer);
        Ok(Self { settings, directory, journal, health, producer, name })
    }

    /// Reads until `stop` is set.
    pub fn run(self, stop: &Signal) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let mut took = false;
            let Err(failure) = self.connected(stop, &mut took) else { return };
            if took {
                backoff = FIRST_BACKOFF;
            }
            self.tell(&failure);
            if stop.wait(backoff) {
                return;
            }
            backoff = (backoff * 2).min(LAST_BACKOFF);
        }
    }

    /// Reads on one connection, until `stop` is set or it fails. `took` says whether it came to anything.
    fn connected(&self, stop: &Signal, took: &mut bool) -> Result<(), Failure> {
        let identity = Identity::load(&self.directory)?;
        let mut group = Group::join(&self.settings, &identity)?;
        let Some(mut before) = self.settle(&mut group, stop)? else { return Ok(()) };
        if self.health.recover(PART) {
            info!(stream = self.settings.keys.stream, "reads from Redis again");
        }
        let mut chores = Chores::new(self.settings.claim_after);
        let mut which = Which::Own;
        while !stop.is_set() {
            if self.do_chores(&mut group, &mut chores)? {
                which = Which::Own;
            }
            let entries = group.read(which)?;
            if entries.is_empty() {
                if which == Which::New {
                    let _ = stop.wait(POLL);
                }
                which = Which::New;
                continue;
            }
            let (ids, events): (Vec<String>, Vec<_>) = entries.into_iter().unzip();
            let first = self.journal.lock().next(self.producer);
            let batch = Batch { id: batch::random_id(), before, first, events };
            batch.save(&self.side_file())?;
            let ids = ids.iter().map(String::as_str);
            let Some(gone) = group.take(before, batch.id, ids)? else {
                // It was not taken, and never will be.
                fs::remove_file(self.side_file())?;
                return Err(Failure::Stale);
            };
            if !self.store(&batch, &gone, stop) {
                return Ok(());
            }
            fs::remove_file(self.side_file())?;
            before = batch.id;
            *took = true;
            if batch.events.len() < ENOUGH {
                let _ = stop.wait(POLL);
            }
        }
        Ok(())
    }

    /// Brings what a side file holds to its end. Returns what Redis has noted of this reader from now on; `None` if it was told
    /// to stop.
    fn settle(&self, group: &mut Group<'_>, stop: &Signal) -> Result<Option<u128>, Failure> {
        loop {
            let note = group.note()?;
            let Some(batch) = self.load()? else {
                if let Some(batch) = note.batch {
                    return Ok(Some(batch));
                }
                // So that nothing noted means from now on that Redis has lost it.
                group.replace(&note, batch::random_id())?;
                continue;
            };
            let gone = match fate(&batch, &note) {
                Fate::Taken(gone) => gone,
                Fate::Left => {
                    if group.replace(&note, batch.barred())? {
                        fs::remove_file(self.side_file())?;
                    }
                    continue;
                }
                Fate::Forgotten => {
                    let entries = batch.events.len();
                    warn!(
                        entries,
                        "Redis has lost what it had noted; the last batch is kept, and may come again"
                    );
                    Vec::new()
                }
            };
            if !self.store(&batch, &gone, stop) {
                return Ok(None);
            }
            fs::remove_file(self.side_file())?;
        }
    }

    /// The batch in the side file. One that is damaged, which only a power cut brings about, is set aside.
    fn load(&self) -> io::Result<Option<Batch>> {
        let path = self.side_file();
        match Batch::load(&path) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                warn!(file = %path.display(), "the last batch from Redis cannot be read, and is set aside");
                fs::rename(&path, path.with_extension("damaged"))?;
                Ok(None)
            }
            loaded => loaded,
        }
    }

    /// Puts a batch, but for what is at these places, into the spool, as soon as that can be written. Returns false if it
    /// could not be before `stop` was set.
    fn store(&self, batch: &Batch, gone: &[usize], stop: &Signal) -> bool {
        loop {
            let stored = self.journal.lock().whole(|journal| {
                let mut records = journal.records(self.producer).of_another_exporter();
                for ((place, event), number) in batch.events.iter().enumerate().zip(batch.first..) {
                    match event {
                        _ if gone.binary_search(&place).is_ok() => {}
                        Some(event) => records
                            .take(number, Some(event).filter(|event| !event.is_empty()).map(Vec::as_slice)),
                        None => records.miss(number),
                    }
                }
                records.finish(&self.name)
            });
            if stored.is_ok() {
                return true;
            }
            if stop.wait(RETRY) {
                return false;
            }
        }
    }

    /// Returns whether entries of others were taken over.
    fn do_chores(&self, group: &mut Group<'_>, chores: &mut Chores) -> Result<bool, Failure> {
        let now = Instant::now();
        if now >= chores.trim {
            chores.trim = now + TRIM_EVERY;
            group.trim()?;
        }
        if now < chores.claim {
            return Ok(false);
        }
        chores.claim = now + chores.claim_every;
        let (claimed, gone) = group.claim()?;
        if claimed > 0 {
            info!(claimed, "took over entries that another reader has not acknowledged");
        }
        if gone > 0 {
            self.journal.lock().lose("stream_trimmed", gone as u64, &self.name);
        }
        Ok(claimed > 0)
    }

    fn tell(&self, failure: &Failure) {
        let is_blocked = matches!(failure, Failure::Redis(error) if error.is_blocked);
        let state = if is_blocked { "blocked" } else { "retrying" };
        let problem = format!("{state}: {}: {failure}", self.settings.server.place());
        if self.health.fail(PART, problem) {
            warn!(stream = self.settings.keys.stream, error = %failure, "cannot read from Redis");
        }
    }

    fn side_file(&self) -> PathBuf {
        self.directory.join("batch")
    }
}

/// What Redis says of a batch that was on its way.
fn fate(batch: &Batch, note: &Note) -> Fate {
    match note.batch {
        Some(noted) if noted == batch.id => Fate::Taken(note.gone.clone()),
        Some(noted) if noted == batch.before || noted == batch.barred() => Fate::Left,
        _ => Fate::Forgotten,
    }
}

impl Chores {
    fn new(claim_after: Duration) -> Self {
        let now = Instant::now();
        Self { claim_every: (claim_after / 4).min(CLAIM_EVERY), claim: now, trim: now }
    }
}
