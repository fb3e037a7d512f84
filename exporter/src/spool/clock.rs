//! The spool's own time, by which what is in it grows old: it passes as time does, whatever is done to the clock on the
//! wall.
//!
//! A clock that jumps, because it was wrong at the start and is then set, or is set back and forth by hand, would make
//! what came a minute ago years old. While the machine is up, time passes as its counter since the start says, also from
//! one exporter to the next. Only from one start of the machine to the next is the clock on the wall believed, forward.
//!
//! `clock.json` says what time it was at one moment, by all three.

use std::{path::Path, sync::Arc, time::Duration};

use crc_fast::crc32_iscsi;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::system::{Now, Open, System};

/// A clock that differs by less is being slewed, or was read at another instant: that is not worth a word.
const JUMP_NS: u64 = 60_000_000_000;

/// The spool's time.
#[derive(Debug)]
pub(super) struct Clock {
    system: Arc<dyn System>,
    then: Then,
}

/// One moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Then {
    /// The spool's time: nanoseconds, which began as those since the Unix epoch.
    time_ns: u64,
    unix_ns: u64,
    up_ns: u64,
    boot: String,
}

impl Then {
    /// How much time has passed since.
    fn until(&self, now: &Now) -> u64 {
        match now.up_ns.checked_sub(self.up_ns) {
            Some(passed) if self.boot == now.boot => passed,
            _ => now.unix_ns.saturating_sub(self.unix_ns),
        }
    }
}

impl Clock {
    /// Goes on from what `directory` says; it is past `newest` in any case.
    pub(super) fn open(system: Arc<dyn System>, directory: &Path, newest: Option<u64>) -> Self {
        let now = system.now();
        let then = load(system.as_ref(), directory);
        let time = then.map_or(now.unix_ns, |then| then.time_ns.saturating_add(then.until(&now)));
        let mut clock = Self { system, then: Then { time_ns: 0, unix_ns: 0, up_ns: 0, boot: String::new() } };
        clock.set(time.max(newest.unwrap_or(0)), now, directory);
        clock
    }

    /// The spool's time, in nanoseconds.
    pub(super) fn time(&self) -> u64 {
        self.then.time_ns.saturating_add(self.then.until(&self.system.now()))
    }

    /// Which start of the machine this is, for a segment's header.
    pub(super) fn boot(&self) -> u32 {
        crc32_iscsi(self.then.boot.as_bytes())
    }

    /// Looks whether the clock on the wall was set, and says so.
    pub(super) fn look(&mut self, directory: &Path) {
        let now = self.system.now();
        let expected = self.then.unix_ns.saturating_add(self.then.until(&now));
        if now.unix_ns.abs_diff(expected) > JUMP_NS {
            let way = if now.unix_ns > expected { "forward" } else { "back" };
            let seconds = now.unix_ns.abs_diff(expected) / 1_000_000_000;
            let by = humantime::format_duration(Duration::from_secs(seconds)).to_string();
            warn!(way, by, "the clock was set; what the spool holds is no older for that");
            self.set(self.time(), now, directory);
        }
    }

    /// It is `time` now. That this cannot be saved costs nothing before the machine is started anew.
    fn set(&mut self, time_ns: u64, now: Now, directory: &Path) {
        let Now { unix_ns, up_ns, boot } = now;
        self.then = Then { time_ns, unix_ns, up_ns, boot };
        let path = directory.join("clock.json");
        let temporary = path.with_extension("new");
        let bytes = serde_json::to_vec(&self.then).unwrap_or_default();
        let saved = self.system.open(&temporary, Open::Create).and_then(|file| {
            file.write_all(&bytes, 0)?;
            self.system.rename(&temporary, &path)
        });
        if saved.is_err() {
            let _ = self.system.remove(&temporary);
        }
    }
}

fn load(system: &dyn System, directory: &Path) -> Option<Then> {
    let file = system.open(&directory.join("clock.json"), Open::Read).ok()?;
    let length = usize::try_from(file.length().ok()?).ok().filter(|length| *length < 4096)?;
    serde_json::from_slice(&file.read_exactly(0, length).ok()??).ok()
}
