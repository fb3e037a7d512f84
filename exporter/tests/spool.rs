//! The spool against a model: a list of what was committed.

use std::{fs, path::Path, time::Duration};

use offpath_exporter::spool::{Cursor, OpenError, Options, Past, Spool, Writer};
use proptest::prelude::*;

use crate::framework::eventually;

const SINKS: [&str; 2] = ["a", "b"];

#[derive(Debug, Clone)]
enum Step {
    /// Records of a ring, with payloads of this many bytes, in one batch, and behind them so many that are taken out of it
    /// again.
    Commit {
        ring: u128,
        sizes: Vec<usize>,
        withdrawn: usize,
    },
    /// A batch that a crash takes.
    Abandon {
        sizes: Vec<usize>,
    },
    /// A sink reads this many records and delivers them, or is interrupted before its cursor is saved.
    Read {
        sink: usize,
        count: usize,
        deliver: bool,
    },
    Sweep,
    Sync,
    /// The process dies, leaving these bytes of an unfinished write.
    Crash {
        torn: Vec<u8>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let sizes = proptest::collection::vec(0usize..700, 1..8);
    prop_oneof![
        4 => (1u128..4, sizes.clone(), 0usize..3)
            .prop_map(|(ring, sizes, withdrawn)| Step::Commit { ring, sizes, withdrawn }),
        1 => sizes.prop_map(|sizes| Step::Abandon { sizes }),
        4 => (0usize..2, 1usize..12, any::<bool>())
            .prop_map(|(sink, count, deliver)| Step::Read { sink, count, deliver }),
        2 => Just(Step::Sweep),
        1 => Just(Step::Sync),
        1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(|torn| Step::Crash { torn }),
    ]
}

/// The spool as it is, and as it should be.
struct World<'a> {
    directory: &'a Path,
    max_size: u64,
    spool: Spool,
    writer: Writer,
    cursors: [Cursor; 2],
    /// Ring, sequence and payload of all that was ever committed; the place is the index.
    committed: Vec<(u128, u64, Vec<u8>)>,
    /// Of each sink: indexes that it delivered.
    delivered: [Vec<u64>; 2],
    /// Of each sink: the cursor that is on disk.
    saved: [Option<u64>; 2],
    /// Of each sink: how many it was told it lost since the last start.
    lost: [u64; 2],
}

impl<'a> World<'a> {
    fn new(directory: &'a Path, max_size: u64) -> Self {
        let (spool, writer) = open(directory, max_size);
        let cursors = SINKS.map(|sink| spool.enrol(sink).expect("enrolled").0);
        let (committed, delivered, saved, lost) = Default::default();
        Self { directory, max_size, spool, writer, cursors, committed, delivered, saved, lost }
    }

    fn push(&mut self, ring: u128, sequence: u64, size: usize) -> Vec<u8> {
        let payload = vec![sequence.to_le_bytes()[0]; size];
        assert!(self.writer.push(ring, sequence, 0, &payload));
        payload
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Commit { ring, sizes, withdrawn } => {
                for size in sizes {
                    let sequence = self.committed.iter().filter(|record| record.0 == *ring).count() as u64;
                    let payload = self.push(*ring, sequence, *size);
                    self.committed.push((*ring, sequence, payload));
                }
                let mark = self.writer.mark();
                for _ in 0..*withdrawn {
                    self.push(*ring, 1_000_000, 100);
                }
                self.writer.rewind(mark);
                self.writer.commit(0).expect("committed");
            }
            Step::Abandon { sizes } => {
                for size in sizes {
                    self.push(1, 1_000_000, *size);
                }
                self.restart(&[]);
            }
            Step::Read { sink, count, deliver } => self.read(*sink, *count, *deliver),
            Step::Sweep => {
                for evicted in self.spool.sweep(0).expect("swept") {
                    let sink = SINKS.iter().position(|sink| *sink == evicted.sink).expect("known");
                    self.lost[sink] += evicted.count;
                }
            }
            Step::Sync => self.spool.sync().expect("synced"),
            Step::Crash { torn } => self.restart(torn),
        }
    }

    fn read(&mut self, sink: usize, count: usize, deliver: bool) {
        let mut reader = self.spool.reader(SINKS[sink], self.cursors[sink].next);
        self.lost[sink] += reader.seek(self.cursors[sink].next);
        let mut read = Vec::new();
        while read.len() < count {
            let Some(record) = reader.read().expect("read") else { break };
            let expected = &self.committed[usize::try_from(record.index).expect("small")];
            assert_eq!(record.payload, expected.2);
            read.push(record.index);
        }
        assert_eq!(reader.take_missing(), 0, "nothing is damaged");
        if deliver {
            self.delivered[sink].extend(read);
            self.saved[sink] = Some(reader.position());
            self.cursors[sink].next = reader.position();
            self.spool.advance(SINKS[sink], &self.cursors[sink]).expect("saved");
        } else {
            self.lost[sink] += reader.seek(self.cursors[sink].next);
        }
    }

    /// Drops everything as a kill would, and opens again.
    fn restart(&mut self, torn: &[u8]) {
        let elsewhere = tempfile::tempdir().expect("a directory");
        let (spool, writer) = open(elsewhere.path(), self.max_size);
        (self.spool, self.writer) = (spool, writer);
        let mut segments: Vec<_> = fs::read_dir(self.directory)
            .expect("listed")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
            .collect();
        segments.sort();
        let last = segments.pop().expect("a segment");
        let mut bytes = fs::read(&last).expect("read");
        bytes.extend_from_slice(torn);
        fs::write(&last, bytes).expect("written");

        (self.spool, self.writer) = open(self.directory, self.max_size);
        assert_eq!(self.spool.end(), self.committed.len() as u64);
        for (sink, name) in SINKS.iter().enumerate() {
            let (cursor, gone) = self.spool.enrol(name).expect("enrolled");
            // A sink that has no cursor yet begins anew, with what is there.
            let stood = self.saved[sink].unwrap_or(cursor.next);
            assert_eq!(cursor.next, stood + gone);
            self.lost[sink] = gone;
            self.delivered[sink] = (0..stood).collect();
            self.cursors[sink] = cursor;
        }
        for ring in 1..4 {
            let last = self.committed.iter().filter(|record| record.0 == ring).map(|record| record.1).max();
            assert_eq!(self.writer.states().get(ring).and_then(|state| state.sequence), last);
        }
    }

    /// At the end, each sink has had, or has been told that it lost, every record since the last start.
    fn settle(mut self, nothing_is_lost: bool) {
        for (sink, name) in SINKS.into_iter().enumerate() {
            self.read(sink, usize::MAX, true);
            let delivered = &self.delivered[sink];
            assert!(delivered.is_sorted_by(|left, right| left < right), "none twice");
            assert_eq!(delivered.len() as u64 + self.lost[sink], self.committed.len() as u64, "{}", name);
            assert!(!nothing_is_lost || self.lost[sink] == 0);
        }
    }
}

fn open(directory: &Path, max_size: u64) -> (Spool, Writer) {
    let options = Options { max_size, max_age: Duration::from_secs(3600), segment_size: 1_500 };
    let mut opened = None;
    // Other tests of this program start processes. Between fork and exec such a child has the lock's descriptor too, and
    // with it the lock of a spool that this test has closed.
    eventually("the spool is free", || {
        opened = match Spool::open(directory, options.clone(), 0) {
            Err(OpenError::InUse { .. }) => None,
            other => Some(other.expect("opened")),
        };
        opened.is_some()
    });
    opened.expect("opened")
}

fn check(steps: &[Step], max_size: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut world = World::new(directory.path(), max_size);
    for step in steps {
        world.take(step);
    }
    world.settle(max_size == u64::MAX);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_spool_with_room_delivers_each_record_to_each_sink_once(steps in proptest::collection::vec(step(), 1..60)) {
        check(&steps, u64::MAX);
    }

    #[test]
    fn a_spool_without_room_delivers_or_counts_each_record(steps in proptest::collection::vec(step(), 1..60)) {
        check(&steps, 6_000);
    }

    #[test]
    fn any_bytes_in_a_segment_are_survived(
        noise in proptest::collection::vec(any::<u8>(), 1..200),
        at in 0usize..4_000,
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        let (spool, mut writer) = open(directory.path(), u64::MAX);
        for sequence in 0..8 {
            assert!(writer.push(1, sequence, 0, &[7; 100]));
        }
        writer.commit(0).expect("committed");
        drop((spool, writer));
        let segment = directory.path().join(format!("{:020}.seg", 0));
        let mut bytes = fs::read(&segment).expect("read");
        let at = at % bytes.len();
        let end = (at + noise.len()).min(bytes.len());
        bytes[at..end].copy_from_slice(&noise[..end - at]);
        fs::write(&segment, bytes).expect("written");

        let (spool, mut writer) = open(directory.path(), u64::MAX);
        let (cursor, _) = spool.enrol("a").expect("enrolled");
        let mut reader = spool.reader("a", cursor.next);
        assert!(writer.push(1, 100, 0, b"later"));
        writer.commit(0).expect("committed");
        let mut last = Vec::new();
        while let Some(record) = reader.read().expect("read") {
            last = record.payload.to_vec();
        }
        prop_assert_eq!(last, b"later");
    }
}

#[test]
fn bounds_that_change_hold_from_then_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let (spool, mut writer) = open(directory.path(), u64::MAX);
    spool.enrol("a").expect("enrolled");
    for sequence in 0..40 {
        assert!(writer.push(1, sequence, 0, &[7; 400]));
        writer.commit(0).expect("committed");
    }
    assert!(spool.sweep(0).expect("swept").is_empty());
    spool.bound(Options::new(4_000, Duration::from_secs(3600)));
    let evicted = spool.sweep(0).expect("swept");
    assert!(evicted.iter().map(|lost| lost.count).sum::<u64>() > 20, "{evicted:?}");
    assert!(spool.bytes() <= 4_000);
}

fn read_all(past: &mut Past) -> Vec<u64> {
    let mut indexes = Vec::new();
    while let Some(record) = past.read().expect("read") {
        indexes.push(record.index);
    }
    indexes
}

#[test]
fn the_past_of_a_spool_in_use_is_read_from_a_time_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let (spool, mut writer) = open(directory.path(), 8_000);
    for index in 0..40 {
        assert!(writer.push(1, index, 1_000 + index, &[7; 400]));
        writer.commit(0).expect("committed");
    }
    let mut past = Past::open(directory.path()).expect("opened");
    past.since(1_033).expect("found");
    assert_eq!(read_all(&mut past), (33..40).collect::<Vec<_>>());
    past.since(0).expect("found");
    assert_eq!(past.read().expect("read").map(|record| record.index), Some(0));
    spool.sweep(0).expect("swept");
    let left = read_all(&mut past);
    assert_eq!(left.last(), Some(&39));
    assert!(left.len() < 39, "segments have gone meanwhile");
    past.since(2_000).expect("found");
    assert!(read_all(&mut past).is_empty());
}
