use crate::{Dir, hostile, read_all};
use offpath_ring::{BadHeader, Consumer, Corrupt, OpenError, layout::Word, set_aside};
use proptest::{collection::vec, prelude::*};
use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
};

const DATA: u64 = 4096;

fn patch(path: &Path, offset: u64, bytes: &[u8]) {
    OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, offset).unwrap();
}

fn patch_word(path: &Path, word: Word, value: u64) {
    patch(path, word.offset() as u64, &value.to_le_bytes());
}

/// A ring with three records of 48 bytes, one byte string patched over its data, and what a reader makes of it: how many
/// records it gets first, and what stops it.
fn read_patched(offset: u64, bytes: &[u8]) -> (usize, Corrupt) {
    let dir = Dir::new();
    let mut producer = dir.tiny_producer(1024);
    for n in 0..3 {
        producer.write(n, &[n; 24]).unwrap();
    }
    let mut consumer = dir.consumer();
    patch(producer.path(), DATA + offset, bytes);
    match consumer.read(usize::MAX, |_| {}) {
        Ok(records) => (records, consumer.read(usize::MAX, |_| {}).unwrap_err()),
        Err(corrupt) => (0, corrupt),
    }
}

#[test]
fn a_changed_payload_fails_its_checksum() {
    assert_eq!(read_patched(48 + 30, &[0xFF]), (1, Corrupt::Checksum { position: 48 }));
}

#[test]
fn a_changed_kind_fails_the_checksum() {
    assert_eq!(read_patched(5, &[0xFF]), (0, Corrupt::Checksum { position: 0 }));
}

#[test]
fn a_changed_sequence_fails_the_checksum() {
    assert_eq!(read_patched(96 + 8, &[0xFF]), (2, Corrupt::Checksum { position: 96 }));
}

#[test]
fn a_length_past_what_is_written_is_refused() {
    let len = 200_u32.to_le_bytes();
    assert_eq!(read_patched(48, &len), (1, Corrupt::Length { position: 48, len: 200, max: 72 }));
}

#[test]
fn a_length_over_the_limit_is_refused() {
    let len = u32::MAX.to_le_bytes();
    assert_eq!(
        read_patched(0, &len),
        (0, Corrupt::Length { position: 0, len: u64::from(u32::MAX), max: 120 })
    );
}

#[test]
fn zeros_are_no_record() {
    assert_eq!(read_patched(48, &[0; 8]), (1, Corrupt::Tag { position: 48, tag: 0 }));
}

#[test]
fn padding_that_ends_elsewhere_is_refused() {
    let padding = [8, 0, 0, 0, 2, 0, 0, 0];
    assert_eq!(read_patched(48, &padding), (1, Corrupt::Padding { position: 48, len: 8, expected: 976 }));
}

#[test]
fn a_repeated_record_is_out_of_sequence() {
    let dir = Dir::new();
    let mut producer = dir.tiny_producer(1024);
    for _ in 0..2 {
        producer.write(0, &[1; 24]).unwrap();
    }
    let mut first = [0; 48];
    File::open(producer.path()).unwrap().read_exact_at(&mut first, DATA).unwrap();
    patch(producer.path(), DATA + 48, &first);
    let mut consumer = dir.consumer();
    assert_eq!(consumer.read(usize::MAX, |_| {}), Ok(1));
    let corrupt = Corrupt::Sequence { position: 48, expected: 1, found: 0 };
    assert_eq!(consumer.read(usize::MAX, |_| {}), Err(corrupt));
}

#[test]
fn positions_that_cannot_be_are_refused() {
    for write_pos in [7, 8 + 1024, u64::MAX, u64::MAX - 7] {
        let dir = Dir::new();
        let producer = dir.tiny_producer(1024);
        patch_word(producer.path(), Word::WritePos, write_pos);
        let corrupt = Corrupt::Positions { cursor: 0, write_pos, capacity: 1024 };
        assert_eq!(dir.consumer().read(usize::MAX, |_| {}), Err(corrupt));
    }
}

#[test]
fn a_read_position_that_cannot_be_makes_the_ring_full_and_overwrites_nothing() {
    let dir = Dir::new();
    let mut producer = dir.tiny_producer(1024);
    while producer.write(0, &[1; 24]).is_ok() {}
    let before = std::fs::read(producer.path()).unwrap();
    patch_word(producer.path(), Word::ReadPos, u64::MAX - 7);
    producer.write(0, &[2; 24]).unwrap_err();
    assert_eq!(producer.consumed(), producer.written());
    assert_eq!(before[4096..], std::fs::read(producer.path()).unwrap()[4096..]);
}

#[test]
fn after_damage_a_skip_goes_on_with_what_comes_next() {
    let dir = Dir::new();
    let mut producer = dir.tiny_producer(1024);
    for n in 0..4 {
        producer.write(n, &[n; 24]).unwrap();
    }
    patch(producer.path(), DATA + 48, &[0xFF; 4]);
    let mut consumer = dir.consumer();
    assert_eq!(consumer.read(usize::MAX, |_| {}), Ok(1));
    consumer.read(usize::MAX, |_| {}).unwrap_err();

    let skipped = consumer.skip_unread();
    assert_eq!((skipped.bytes, skipped.records), (144, Some(3)));
    consumer.release();
    assert_eq!(producer.used(), 0);
    producer.write(9, b"next").unwrap();
    assert_eq!(read_all(&mut consumer), [(4, 9, b"next".to_vec())]);
}

#[test]
fn damage_stays_until_something_is_done_about_it() {
    let dir = Dir::new();
    let mut producer = dir.tiny_producer(1024);
    producer.write(0, &[0; 24]).unwrap();
    patch(producer.path(), DATA, &[0xFF; 8]);
    let mut consumer = dir.consumer();
    let first = consumer.read(usize::MAX, |_| {}).unwrap_err();
    assert_eq!(consumer.read(usize::MAX, |_| {}), Err(first));
}

#[test]
fn a_file_cut_short_while_open_is_unreadable_and_no_signal() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    producer.write(0, &[0; 1000]).unwrap();
    let mut consumer = dir.consumer();
    drop(producer);
    OpenOptions::new().write(true).open(dir.only_ring()).unwrap().set_len(DATA + 100).unwrap();
    let corrupt = Corrupt::Unreadable { position: 0, kind: std::io::ErrorKind::UnexpectedEof };
    assert_eq!(consumer.read(usize::MAX, |_| {}), Err(corrupt));
}

#[test]
fn a_counter_of_a_newer_producer_is_counted_as_unknown() {
    let dir = Dir::new();
    let producer = dir.tiny_producer(1024);
    patch_word(producer.path(), Word::Loss(15), 5);
    let losses = dir.consumer().losses();
    assert_eq!((losses.unknown(), losses.total()), (5, 5));
}

/// Opens a ring whose header was patched.
fn open_patched(offset: u64, bytes: &[u8]) -> OpenError {
    let dir = Dir::new();
    let producer = dir.tiny_producer(1024);
    patch(producer.path(), offset, bytes);
    let error = Consumer::open(producer.path()).unwrap_err();
    set_aside(producer.path()).unwrap();
    error
}

fn bad_header(error: OpenError) -> BadHeader {
    match error {
        OpenError::Header { source, .. } => source,
        other => panic!("{other}"),
    }
}

#[test]
fn a_file_that_is_no_ring_is_not_opened() {
    assert_eq!(bad_header(open_patched(0, b"ELF")), BadHeader::Magic);
}

#[test]
fn a_ring_of_another_version_is_not_opened() {
    assert_eq!(bad_header(open_patched(8, &[2])), BadHeader::Version(2));
}

#[test]
fn a_header_that_was_changed_is_not_opened() {
    assert!(matches!(bad_header(open_patched(48, &[0xFF; 4])), BadHeader::Checksum { .. }));
}

#[test]
fn a_file_of_the_wrong_length_is_not_opened() {
    let dir = Dir::new();
    let path = dir.tiny_producer(1024).path().to_owned();
    for len in [4096 + 1025, 4096 + 1023, 4096, 100, 0] {
        OpenOptions::new().write(true).open(&path).unwrap().set_len(len).unwrap();
        let error = Consumer::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Len { len: found, .. } if found == len), "{error}");
    }
}

#[test]
fn a_ring_from_another_boot_is_not_opened() {
    let dir = Dir::new();
    let path = dir.tiny_producer(1024).path().to_owned();
    let mut info = Consumer::open(&path).unwrap().info().clone();
    info.boot_id = [7; 16];
    patch(&path, 0, &info.encode());
    let error = Consumer::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::RingFromAnotherBoot { .. }), "{error}");
}

#[test]
fn a_capacity_that_no_ring_has_is_not_opened() {
    let dir = Dir::new();
    let path = dir.tiny_producer(1024).path().to_owned();
    let mut info = Consumer::open(&path).unwrap().info().clone();
    for capacity in [0, 64, 1000, 1 << 31, u64::MAX] {
        info.capacity = capacity;
        patch(&path, 0, &info.encode());
        match bad_header(Consumer::open(&path).unwrap_err()) {
            BadHeader::Field { field: "capacity", value, .. } => assert_eq!(value, capacity),
            other => panic!("{other}"),
        }
    }
}

/// A ring that wrapped and holds padding, as bytes.
fn true_ring() -> Vec<u8> {
    let dir = Dir::new();
    let mut producer = dir.tiny_producer(hostile::CAPACITY);
    let mut consumer = dir.consumer();
    for n in 0..30 {
        producer.write(n, &vec![n; usize::from(n) * 7]).unwrap();
        if n < 26 {
            read_all(&mut consumer);
            consumer.release();
        }
    }
    std::fs::read(producer.path()).unwrap()
}

fn position() -> impl Strategy<Value = u64> {
    prop_oneof![0..4096_u64, (0..512_u64).prop_map(|n| n * 8), any::<u64>(), Just(u64::MAX - 7)]
}

/// Words that look like the start of something, for data that gets past the first check.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        any::<[u8; 8]>(),
        (any::<u8>(), 0..3_u8).prop_map(|(len, tag)| [len, 0, 0, 0, tag, 0, 0, 0]),
        Just([0; 8]),
    ];
    vec(word, 0..128).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_do_bounded_harm(file in vec(any::<u8>(), 0..6000)) {
        hostile::read(&Dir::flat().path.join("x.ring"), &file);
    }

    #[test]
    fn arbitrary_positions_and_data_do_bounded_harm(
        write_pos in position(), sequence in position(), read_pos in position(), data in data(),
    ) {
        let file = hostile::with_true_header(write_pos, sequence, read_pos, &data);
        hostile::read(&Dir::flat().path.join("x.ring"), &file);
    }

    #[test]
    fn a_true_ring_with_any_bytes_changed_does_bounded_harm(
        changes in vec((128..4096 + hostile::CAPACITY, any::<u8>()), 1..8),
    ) {
        let mut file = true_ring();
        for (offset, byte) in changes {
            file[usize::try_from(offset).unwrap()] = byte;
        }
        hostile::read(&Dir::flat().path.join("x.ring"), &file);
    }
}
