//! The spool against a model: a list of what was committed.
//!
//! What was committed outlasts a kill, and what was synced a power cut. Each sink gets each record once, or is told that
//! it is lost; only what was not synced may vanish, and only at a power cut.

use std::{collections::BTreeMap, io, ops::Range, path::Path, sync::Arc, time::Duration};

use offpath_exporter::spool::{Cursor, Options, Past, Spool, Writer};
use proptest::prelude::*;

use super::{
    SPOOL, options,
    sim::{Fault, Sim},
};

const SINKS: [&str; 2] = ["a", "b"];

/// After a power cut, at least so many indexes are skipped.
const SKIP: u64 = 1 << 40;

#[derive(Debug, Clone)]
enum Step {
    /// Records of a ring, with payloads of this many bytes, in one batch, and behind them so many that are taken out of it
    /// again. If it fails, all of it is taken out, or it is kept for the next time.
    Commit {
        ring: u128,
        sizes: Vec<usize>,
        withdrawn: usize,
        is_whole: bool,
    },
    /// A sink reads this many records and delivers them, or is interrupted before its cursor is saved.
    Read {
        sink: usize,
        count: usize,
        deliver: bool,
    },
    Sweep,
    Sync,
    /// Somebody reads what there is from outside.
    Look,
    /// Seconds pass.
    Pass(u64),
    /// The clock is set to these seconds since 1970.
    Set(u64),
    /// After so many operations, so many fail.
    Fail(u32, u32, Fault),
    Kill,
    /// With what the disk has kept of what was not synced.
    CutPower(Vec<bool>),
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::Error),
        2 => Just(Fault::Lie),
        3 => (0usize..900).prop_map(Fault::Full),
        1 => Just(Fault::Short),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let sizes = proptest::collection::vec(0usize..700, 1..8);
    prop_oneof![
        8 => (1u128..4, sizes, 0usize..3, any::<bool>())
            .prop_map(|(ring, sizes, withdrawn, is_whole)| Step::Commit { ring, sizes, withdrawn, is_whole }),
        8 => (0usize..2, 1usize..12, any::<bool>())
            .prop_map(|(sink, count, deliver)| Step::Read { sink, count, deliver }),
        4 => Just(Step::Sweep),
        4 => Just(Step::Sync),
        1 => Just(Step::Look),
        2 => (1u64..3_000).prop_map(Step::Pass),
        1 => (0u64..4_000_000_000).prop_map(Step::Set),
        6 => (0u32..12, 1u32..4, fault()).prop_map(|(after, times, fault)| Step::Fail(after, times, fault)),
        2 => Just(Step::Kill),
        2 => proptest::collection::vec(any::<bool>(), 1..20).prop_map(Step::CutPower),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Record {
    ring: u128,
    sequence: u64,
    payload: Vec<u8>,
    promise: Promise,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Promise {
    /// It outlasts a kill.
    Committed,
    /// It outlasts a power cut.
    Synced,
    /// It could not be synced, and that was told, or the power was cut before it was: nobody knows what became of it.
    Doubtful,
}

/// What a restart may find of a sink's cursor.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Saved {
    Never,
    At(u64),
    /// It could not be saved, and that was told: anything up to this.
    UpTo(u64),
}

/// The spool as it is, and as it should be.
struct World {
    sim: Sim,
    options: Options,
    spool: Spool,
    writer: Writer,
    cursors: [Cursor; 2],
    /// By index all that was ever committed; `None` where what stood at the end was damaged, and was given an index.
    committed: BTreeMap<u64, Option<Record>>,
    /// In the writer's batch.
    pending: Vec<Record>,
    /// The last batch that could not be written: some of it may be on the disk.
    attempted: Vec<Record>,
    /// Of each ring, how many records were made.
    made: [u64; 4],
    /// Of each sink: how many lay before where it stood at the last start; since then, what it delivered, and how many it was
    /// told it lost.
    before: [u64; 2],
    delivered: [Vec<u64>; 2],
    lost: [u64; 2],
    saved: [Saved; 2],
    /// At the last start, from where the spool ended, what a sink had delivered though a power cut took it. New records come
    /// behind it, and behind the indexes that are skipped.
    beyond: Range<u64>,
    was_cut: bool,
    /// A segment that had to go could not be removed, and a start finds it again; later ones are gone.
    has_come_back: bool,
}

impl World {
    fn new(options: Options) -> Self {
        let sim = Sim::default();
        sim.set_clock(1_700_000_000 * 1_000_000_000);
        let (spool, writer) = super::open(&sim, options.clone());
        let cursors = SINKS.map(|sink| spool.enrol(sink).expect("enrolled").0);
        let (committed, pending, attempted, made, before, delivered, lost) = Default::default();
        Self {
            sim,
            options,
            spool,
            writer,
            cursors,
            committed,
            pending,
            attempted,
            made,
            before,
            delivered,
            lost,
            saved: [Saved::Never; 2],
            beyond: 0..0,
            was_cut: false,
            has_come_back: false,
        }
    }

    /// Whether nothing has to go.
    fn has_room(&self) -> bool {
        self.options.max_size == u64::MAX
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Commit { ring, sizes, withdrawn, is_whole } => {
                self.commit(*ring, sizes, *withdrawn, *is_whole);
            }
            Step::Read { sink, count, deliver } => self.read(*sink, *count, *deliver),
            Step::Sweep => self.sweep(),
            Step::Sync => self.sync(),
            Step::Look => self.look(),
            Step::Pass(seconds) => self.sim.pass(seconds * 1_000_000_000),
            Step::Set(seconds) => self.sim.set_clock(seconds * 1_000_000_000),
            Step::Fail(after, times, fault) => self.sim.fail(*after, *times, *fault),
            Step::Kill => self.restart(),
            Step::CutPower(kept) => {
                let mut kept = kept.iter().cycle();
                self.sim.cut_power(|| *kept.next().expect("some"));
                self.was_cut = true;
                self.restart();
                for record in self.committed.values_mut().flatten() {
                    if record.promise == Promise::Committed {
                        record.promise = Promise::Doubtful;
                    }
                }
            }
        }
    }

    fn push(&mut self, ring: u128, size: usize) -> Record {
        let made = &mut self.made[usize::try_from(ring).expect("small")];
        let sequence = *made;
        *made += 1;
        let payload = vec![sequence.to_le_bytes()[0]; size];
        assert!(self.writer.push(ring, sequence, sequence, &payload));
        Record { ring, sequence, payload, promise: Promise::Committed }
    }

    fn commit(&mut self, ring: u128, sizes: &[usize], withdrawn: usize, is_whole: bool) {
        let start = self.writer.mark();
        let before = self.pending.len();
        for size in sizes {
            let record = self.push(ring, *size);
            self.pending.push(record);
        }
        let mark = self.writer.mark();
        for _ in 0..withdrawn {
            self.push(ring, 100);
        }
        self.writer.rewind(mark);
        if self.writer.commit().is_ok() {
            let end = self.spool.end();
            let first = end - self.pending.len() as u64;
            self.go_beyond(first);
            self.committed.extend((first..end).zip(self.pending.drain(..).map(Some)));
            self.attempted.clear();
        } else {
            self.attempted.clone_from(&self.pending);
            if is_whole {
                self.writer.rewind(start);
                self.pending.truncate(before);
            }
        }
    }

    fn sweep(&mut self) {
        let swept = self.spool.sweep();
        self.has_come_back |= swept.failed.is_some();
        for evicted in swept.evicted {
            let sink = SINKS.iter().position(|sink| *sink == evicted.sink).expect("known");
            self.lost[sink] += evicted.count;
        }
    }

    fn sync(&mut self) {
        let promise = if self.spool.sync().is_ok() { Promise::Synced } else { Promise::Doubtful };
        for record in self.committed.values_mut().flatten() {
            if record.promise == Promise::Committed {
                record.promise = promise;
            }
        }
    }

    fn look(&self) {
        let Ok(mut past) = Past::open_on(Arc::new(self.sim.clone()), Path::new(SPOOL)) else { return };
        let mut last = None;
        while let Ok(Some(record)) = past.read() {
            assert!(last < Some(record.index));
            last = Some(record.index);
            if let Some(Some(expected)) = self.committed.get(&record.index) {
                assert!(record.payload == expected.payload || expected.promise != Promise::Synced);
            }
        }
    }

    fn read(&mut self, sink: usize, count: usize, deliver: bool) {
        let from = self.cursors[sink].next;
        let mut reader = self.spool.reader(SINKS[sink], from);
        self.lost[sink] += reader.seek(from);
        let mut read = Vec::new();
        let mut failed = false;
        while read.len() < count && !failed {
            match reader.read() {
                Ok(Some(record)) => {
                    let expected = self.committed[&record.index].as_ref();
                    let is_same = expected.is_some_and(|expected| expected.payload == record.payload);
                    // A power cut may bring back what could not be committed, where nothing was promised.
                    let is_promised = expected.is_some_and(|expected| expected.promise == Promise::Synced);
                    assert!(is_same || self.was_cut && !is_promised, "record {}", record.index);
                    read.push(record.index);
                }
                Ok(None) => break,
                Err(_) => failed = true,
            }
        }
        if deliver && !failed {
            self.lost[sink] += self.missing(&mut reader, from, &read);
            self.delivered[sink].extend(read);
            let next = reader.position();
            self.cursors[sink].next = next;
            self.saved[sink] = match self.spool.advance(SINKS[sink], &self.cursors[sink]) {
                Ok(()) => Saved::At(next),
                Err(_) => Saved::UpTo(next),
            };
        } else {
            self.lost[sink] += reader.seek(from);
        }
    }

    /// What the reader says is missing: nothing that was promised.
    fn missing(&self, reader: &mut offpath_exporter::spool::Reader, from: u64, read: &[u64]) -> u64 {
        let missing = reader.take_missing();
        let may_miss = self.was_cut || self.has_come_back;
        assert!(missing == 0 || may_miss, "only a power cut takes what was committed");
        if self.has_room() {
            for (index, record) in self.committed.range(from..reader.position()) {
                let is_promised = record.as_ref().is_some_and(|record| record.promise == Promise::Synced);
                assert!(!is_promised || read.contains(index), "record {index} was synced");
            }
        }
        missing
    }

    /// Drops everything as a kill would, and opens again.
    fn restart(&mut self) {
        let mut tries = 0..10;
        let (spool, writer, cursors) = loop {
            let error = match self.reopen() {
                Ok(opened) => break opened,
                Err(error) => error,
            };
            assert!(tries.next().is_some(), "it cannot be opened: {error}");
        };
        let released = self.released();
        if self.spool.id() != spool.id() {
            // Not even its first segment was synced.
            self.saved = [Saved::Never; 2];
        }
        (self.spool, self.writer) = (spool, writer);
        self.find_end(released);
        let (end, claimed) = (self.spool.end(), cursors.iter().map(|(cursor, _)| cursor.next).max());
        self.beyond = end..end + claimed.unwrap_or(0).saturating_sub(end) % SKIP;
        for (sink, (cursor, gone)) in cursors.into_iter().enumerate() {
            let passed = |from: u64| self.committed.range(from.min(cursor.next)..cursor.next).count() as u64;
            match self.saved[sink] {
                // What a power cut took before a sink came to it may be counted.
                Saved::At(next) => {
                    assert!(cursor.next >= next && gone >= passed(next));
                    assert!(gone == passed(next) || self.was_cut);
                }
                // A sink that has no cursor begins anew, with what is there; one that was enrolled may have one.
                Saved::Never => assert!(gone <= passed(0) || self.was_cut),
                Saved::UpTo(_) => {}
            }
            self.lost[sink] = gone;
            self.before[sink] = passed(0).saturating_sub(gone);
            self.delivered[sink].clear();
            self.cursors[sink] = cursor;
        }
        if !self.was_cut {
            self.check_states();
        }
        self.pending.clear();
        self.attempted.clear();
    }

    #[allow(clippy::type_complexity, reason = "what opening gives")]
    fn reopen(&self) -> io::Result<(Spool, Writer, [(Cursor, u64); 2])> {
        let system = Arc::new(self.sim.clone());
        let (spool, writer) = Spool::open_on(system, Path::new(SPOOL), self.options.clone())?;
        let cursors = [spool.enrol(SINKS[0])?, spool.enrol(SINKS[1])?];
        Ok((spool, writer, cursors))
    }

    /// What the spool ends with: all that was promised, and maybe some of a batch of which it was told that it could not
    /// be written. All before `released` may be gone.
    fn find_end(&mut self, released: u64) {
        let end = self.spool.end();
        for (index, record) in self.committed.split_off(&end) {
            let is_promised = record.is_some_and(|record| record.promise == Promise::Synced);
            assert!(self.was_cut, "a kill takes nothing");
            assert!(!is_promised || !self.has_room() || index < released, "record {index} was synced");
        }
        self.go_beyond(end);
        let known = self.known();
        let found = self.attempted.drain(..).map(Some).chain(std::iter::repeat(None));
        let from = end - (end - known) % SKIP;
        self.committed.extend((from..end).zip(found));
        let is_known = self.committed.values().all(Option::is_some);
        assert!(is_known || self.was_cut, "a kill damages nothing");
    }

    /// All before this index may go: both sinks have delivered it, and durably so.
    fn released(&self) -> u64 {
        let saved = self.saved.map(|saved| if let Saved::At(next) = saved { next } else { 0 });
        saved.into_iter().min().unwrap_or(0)
    }

    /// Index after all that is known.
    fn known(&self) -> u64 {
        self.committed.last_key_value().map_or(0, |(last, _)| last + 1)
    }

    /// Where `index` lies behind what was skipped, what a power cut took counts again, but for who has delivered it.
    fn go_beyond(&mut self, index: u64) {
        if index < self.beyond.start + SKIP {
            return;
        }
        for (before, cursor) in self.before.iter_mut().zip(&self.cursors) {
            *before += self.beyond.clone().filter(|index| *index < cursor.next).count() as u64;
        }
        self.committed.extend(self.beyond.clone().map(|index| (index, None)));
    }

    fn check_states(&self) {
        for ring in 1..4 {
            let of_ring = self.committed.values().flatten().filter(|record| record.ring == ring);
            let last = of_ring.map(|record| record.sequence).max();
            assert_eq!(self.writer.states().get(ring).and_then(|state| state.sequence), last);
        }
    }

    /// At the end, each sink has had, or has been told that it lost, every record since the last start.
    fn settle(mut self) {
        self.sim.heal();
        for (sink, name) in SINKS.into_iter().enumerate() {
            self.read(sink, usize::MAX, true);
            let delivered = &self.delivered[sink];
            assert!(delivered.is_sorted_by(|left, right| left < right), "none twice");
            let told = self.before[sink] + delivered.len() as u64 + self.lost[sink];
            let committed = self.committed.len() as u64;
            // What a power cut took before a sink came to it may be counted.
            assert!(told == committed || self.was_cut && told > committed, "{name}: {told} of {committed}");
            assert!(!self.has_room() || self.was_cut || self.lost[sink] == 0);
            assert_eq!(self.spool.backlog(name), 0);
        }
    }
}

fn check(steps: &[Step], options: Options) {
    let mut world = World::new(options);
    for step in steps {
        world.take(step);
    }
    world.settle();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_spool_with_room_delivers_each_record_to_each_sink_once(
        steps in proptest::collection::vec(step(), 1..60),
        keep in 0u64..5_000,
    ) {
        check(&steps, Options { keep: Duration::from_secs(keep), ..options() });
    }

    #[test]
    fn a_spool_without_room_delivers_or_counts_each_record(
        steps in proptest::collection::vec(step(), 1..60),
        keep in 0u64..5_000,
    ) {
        let (max_size, max_age) = (6_000, Duration::from_secs(3_600));
        check(&steps, Options { max_size, max_age, keep: Duration::from_secs(keep), ..options() });
    }
}
