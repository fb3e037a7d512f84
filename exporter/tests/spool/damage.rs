//! Flipped bits, wherever they are: what they hit is set aside once and counted, and the rest is delivered.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use offpath_exporter::spool::{Options, Spool, frame};
use proptest::prelude::*;

use super::{
    SPOOL, drain, fill, open, options, payload,
    sim::{Fault, Sim},
};

/// Records of [`payload`] in the first segments; segments hold so many.
const RECORDS: u64 = 30;

fn segments(sim: &Sim) -> Vec<PathBuf> {
    let mut names = sim.names(Path::new(SPOOL));
    names.retain(|name| name.ends_with(".seg"));
    names.sort();
    names.iter().map(|name| Path::new(SPOOL).join(name)).collect()
}

/// A spool that was closed, with 30 records in a few segments.
fn closed() -> Sim {
    let sim = Sim::default();
    let (_spool, mut writer) = open(&sim, options());
    fill(&mut writer, 0..RECORDS);
    sim
}

/// Flips one bit of a segment, opens the spool, adds a record, and returns what a sink gets and how many it misses.
fn with_flipped(sim: &Sim, segment: &Path, bit: usize) -> (Vec<u64>, u64) {
    sim.tamper(segment, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
    let (spool, mut writer) = open(sim, options());
    let (cursor, gone) = spool.enrol("a").expect("enrolled");
    assert_eq!(gone, 0);
    let end = spool.end();
    assert!(writer.push(1, 1_000, 0, &payload(end)));
    writer.commit().expect("committed");
    let (read, missing) = drain(&spool, "a", cursor.next);
    assert_eq!(spool.backlog("a"), RECORDS + 1);
    assert_eq!(read.len() as u64 + missing, RECORDS + 1);
    // A second sink is told the same, and nothing is set aside twice.
    spool.enrol("b").expect("enrolled");
    assert_eq!(drain(&spool, "b", 0), (read.clone(), missing));
    (read, missing)
}

fn set_aside(sim: &Sim) -> usize {
    sim.names(&Path::new(SPOOL).join("damaged")).len()
}

#[test]
fn a_flipped_bit_of_a_record_costs_that_record_alone() {
    let place = segments(&closed());
    let offset = 48 + 120;
    for (segment, path) in place.iter().enumerate() {
        let length = { closed_length(path) };
        let frames = frames_of(path);
        for (at, start) in frames.iter().enumerate() {
            let is_last = segment + 1 == place.len() && at + 1 == frames.len();
            // Marker, checksum, length, index, producer, sequence, time, kind, zero, header checksum, payload.
            for field in [0, 8, 12, 13, 14, 15, 16, 20, 24, 40, 48, 56, 57, 60, 64, 70, offset - 48] {
                let sim = closed();
                let bit = (start + field) * 8 + 3;
                if bit / 8 >= length {
                    continue;
                }
                let (read, missing) = with_flipped(&sim, path, bit);
                assert_eq!(missing, 1, "{} of record {at} in segment {segment}", field);
                assert_eq!(read.len() as u64, RECORDS, "the last is new");
                assert_eq!(set_aside(&sim), 1, "{is_last}");
            }
        }
    }
}

#[test]
fn a_flipped_bit_of_a_segment_s_header_or_state_costs_no_record() {
    for path in segments(&closed()) {
        let first = frames_of(&path)[0];
        for bit in 0..first * 8 {
            let sim = closed();
            let (read, missing) = with_flipped(&sim, &path, bit);
            assert_eq!((read.len() as u64, missing), (RECORDS + 1, 0), "bit {bit} of {}", path.display());
        }
    }
}

#[test]
fn a_damaged_header_costs_no_memory_of_what_was_taken() {
    let sim = closed();
    let last = segments(&sim).pop().expect("one");
    sim.tamper(&last, |bytes| bytes[..40].fill(7));
    let (_spool, writer) = open(&sim, options());
    assert!(writer.has(1, RECORDS - 1));
    assert!(!writer.has(1, RECORDS));
}

#[test]
fn all_that_is_damaged_at_the_end_is_known_at_once() {
    let sim = closed();
    let last = segments(&sim).pop().expect("one");
    let frames = frames_of(&last);
    sim.tamper(&last, |bytes| bytes[frames[frames.len() - 1] + 70] ^= 1);
    let (spool, _writer) = open(&sim, options());
    spool.enrol("a").expect("enrolled");
    let mut reader = spool.reader("a", 0);
    while reader.read().expect("read").is_some() {}
    assert_eq!((reader.position(), reader.take_missing()), (RECORDS, 1));
}

#[test]
fn what_is_set_aside_is_the_damaged_bytes() {
    let sim = closed();
    let first = segments(&sim).remove(0);
    let start = frames_of(&first)[2];
    with_flipped(&sim, &first, (start + 80) * 8);
    let name = format!("{:020}-{start}.bin", 0);
    assert_eq!(sim.names(&Path::new(SPOOL).join("damaged")), std::slice::from_ref(&name));
    let mut kept = Vec::new();
    sim.tamper(&Path::new(SPOOL).join("damaged").join(name), |bytes| kept.clone_from(bytes));
    assert_eq!(kept.len(), frame::size(payload(2).len()));
    assert_eq!(&kept[64..80], &payload(2)[..16]);
}

#[test]
fn of_what_is_set_aside_the_newest_64_mib_are_kept() {
    const RECORDS: u64 = 10;
    let place = tempfile::tempdir().expect("a directory");
    let options = Options { segment_size: 20 << 20, ..options() };
    let (spool, mut writer) = Spool::open(place.path(), options).expect("opened");
    let large = vec![b'x'; frame::MAX_PAYLOAD];
    for index in 0..RECORDS {
        assert!(writer.push(1, index, index, &large));
        writer.commit().expect("committed");
    }
    spool.enrol("a").expect("enrolled");
    for segment in list(place.path()).iter().filter(|path| path.extension().is_some_and(|name| name == "seg"))
    {
        let length = fs::metadata(segment).expect("there").len();
        let file = File::options().write(true).open(segment).expect("opened");
        // So often that each record is hit.
        for at in (0..length).step_by(4 << 20).skip(1) {
            file.write_all_at(b"y", at).expect("written");
        }
    }
    let mut reader = spool.reader("a", 0);
    assert!(reader.read().expect("read").is_none());
    assert_eq!(reader.take_missing(), RECORDS);
    let kept = list(&place.path().join("damaged"));
    let bytes: u64 = kept.iter().map(|path| fs::metadata(path).expect("there").len()).sum();
    assert!(bytes <= 64 << 20 && bytes > 40 << 20, "{bytes} in {kept:?}");
    let is_oldest = |path: &PathBuf| path.to_string_lossy().contains("/00000000000000000000-");
    assert!(!kept.iter().any(is_oldest), "{kept:?}");
}

/// The files in a directory, in order.
fn list(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).expect("listed").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn what_cannot_be_set_aside_is_counted_all_the_same() {
    let sim = closed();
    let first = segments(&sim).remove(0);
    let start = frames_of(&first)[2];
    sim.tamper(&first, |bytes| bytes[start + 80] ^= 1);
    let (spool, _writer) = open(&sim, options());
    spool.enrol("a").expect("enrolled");
    let mut reader = spool.reader("a", 0);
    assert_eq!(reader.read().expect("read").map(|record| record.index), Some(0));
    assert_eq!(reader.read().expect("read").map(|record| record.index), Some(1));
    sim.fail(0, 100, Fault::Full(0));
    assert_eq!(reader.read().expect("read").map(|record| record.index), Some(3));
    assert_eq!(reader.take_missing(), 1);
    assert_eq!(set_aside(&sim), 0);
}

#[test]
fn a_record_that_a_disk_wrote_to_another_place_hides_none() {
    let sim = closed();
    let segments = segments(&sim);
    // From the second segment to the first: its index is ahead of those that follow.
    let (from, to) = (frames_of(&segments[1])[1], frames_of(&segments[0])[1]);
    let size = frame::size(payload(1).len());
    let mut copied = Vec::new();
    sim.tamper(&segments[1], |bytes| copied.extend_from_slice(&bytes[from..from + size]));
    sim.tamper(&segments[0], |bytes| bytes[to..to + size].copy_from_slice(&copied));
    let (spool, _writer) = open(&sim, options());
    spool.enrol("a").expect("enrolled");
    let (read, missing) = drain(&spool, "a", 0);
    assert_eq!((read.len() as u64, missing), (RECORDS - 1, 1));
}

#[test]
fn a_place_that_can_never_be_read_is_given_up_in_the_end() {
    let sim = closed();
    let (spool, _writer) = open(&sim, options());
    spool.enrol("a").expect("enrolled");
    let mut reader = spool.reader("a", 0);
    let mut failures = 0;
    let first = loop {
        // Only the reads of the records fail: the header of a segment takes three operations.
        sim.fail(if failures < 10 { 3 } else { 1 }, 1, Fault::Error);
        match reader.read() {
            Ok(record) => break record.map(|record| record.index),
            Err(_) => failures += 1,
        }
        reader.seek(0);
    };
    sim.heal();
    assert_eq!(failures, 10);
    assert!(first.is_some());
}

#[test]
fn noise_instead_of_a_segment_is_set_aside() {
    let sim = closed();
    let first = segments(&sim).remove(0);
    sim.tamper(&first, |bytes| bytes.fill(0xa5));
    let (spool, _writer) = open(&sim, options());
    let (cursor, gone) = spool.enrol("a").expect("enrolled");
    let (read, missing) = drain(&spool, "a", cursor.next);
    assert_eq!(read.last(), Some(&(RECORDS - 1)));
    assert_eq!((read.len() as u64 + gone + missing), RECORDS - cursor.next);
    assert!(sim.names(Path::new(SPOOL)).iter().any(|name| name.ends_with(".damaged")));
}

proptest! {
    #[test]
    fn any_bytes_anywhere_are_survived_and_never_pass_for_a_record(
        noise in proptest::collection::vec(any::<u8>(), 1..400),
        at in 0usize..2_000,
        segment in 0usize..5,
        cut in any::<bool>(),
    ) {
        let sim = closed();
        let segments = segments(&sim);
        sim.tamper(&segments[segment % segments.len()], |bytes| {
            let at = at % bytes.len();
            let end = (at + noise.len()).min(bytes.len());
            bytes[at..end].copy_from_slice(&noise[..end - at]);
            if cut {
                bytes.truncate(end);
            }
        });
        let (spool, mut writer) = open(&sim, options());
        let (cursor, _) = spool.enrol("a").expect("enrolled");
        assert!(writer.push(2, 0, 0, b"later"));
        writer.commit().expect("committed");
        let mut reader = spool.reader("a", cursor.next);
        let mut last = Vec::new();
        while let Some(record) = reader.read().expect("read") {
            last = record.payload.to_vec();
            prop_assert!(last == payload(record.index) || last == b"later");
        }
        prop_assert_eq!(last, b"later");
    }
}

/// Where the frames of a segment of [`closed`] begin.
fn frames_of(path: &Path) -> Vec<usize> {
    let mut found = Vec::new();
    closed().tamper(path, |bytes| {
        // Each closed spool has a marker of its own, but the same layout.
        let marker = bytes[16..24].to_vec();
        found = (24..bytes.len()).step_by(8).filter(|at| bytes[*at..].starts_with(&marker)).collect();
    });
    found
}

fn closed_length(path: &Path) -> usize {
    let mut length = 0;
    closed().tamper(path, |bytes| length = bytes.len());
    length
}
