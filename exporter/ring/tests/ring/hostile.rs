//! A ring file that says whatever it likes. The fuzz target runs [`read`] as well, through this very file.

use offpath_ring::{
    Consumer, Info, LossReason, boot_id,
    layout::{HEADER_LEN, Word},
};
use std::{
    fs::{OpenOptions, Permissions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Capacity of the rings that [`with_true_header`] makes.
pub(crate) const CAPACITY: u64 = 1024;

/// Opens `file` as a ring at `path` and does all that an exporter does with one. It may refuse; it may not panic, loop, or
/// hand over more than a ring can hold.
pub(crate) fn read(path: &Path, file: &[u8]) {
    write(path, file);
    let Ok(mut consumer) = Consumer::open(path) else { return };
    let capacity = consumer.info().capacity;
    assert!(consumer.backlog() <= capacity);
    assert!((0.0..=1.0).contains(&consumer.used_ratio()));

    let mut bytes = 0;
    // Each call hands over a record of at least 24 bytes, or is the last.
    for _ in 0..=capacity / 24 {
        match consumer.read(100, |record| bytes += record.payload.len() as u64) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    assert!(bytes <= capacity, "{bytes} bytes out of a ring of {capacity}");

    let skipped = consumer.skip_unread();
    assert!(skipped.bytes <= capacity);
    assert!(skipped.records.is_none_or(|records| records <= capacity / 24));
    assert_eq!(consumer.backlog(), 0);
    consumer.release();
    consumer.heartbeat(1);
    let losses = consumer.losses();
    assert!(losses.total() >= losses[LossReason::Full]);
    assert!(
        consumer.read(usize::MAX, |_| panic!("nothing is left")).is_ok_and(|n| n == 0)
            || unaligned(&consumer)
    );
}

/// A header that opens, the words given, and data that need not fit them.
pub(crate) fn with_true_header(write_pos: u64, next_sequence: u64, read_pos: u64, data: &[u8]) -> Vec<u8> {
    let boot_id = boot_id().expect("this host has a boot id");
    let info = Info { ring_id: 1, boot_id, pid: 1, start_time: 1, capacity: CAPACITY, created_unix_ns: 1 };
    let header = usize::try_from(HEADER_LEN).expect("4096");
    let mut file = vec![0; header + usize::try_from(CAPACITY).expect("1024")];
    let identity = info.encode();
    file[..identity.len()].copy_from_slice(&identity);
    for (word, value) in
        [(Word::WritePos, write_pos), (Word::NextSequence, next_sequence), (Word::ReadPos, read_pos)]
    {
        file[word.offset()..][..8].copy_from_slice(&value.to_le_bytes());
    }
    for (byte, given) in file[header..].iter_mut().zip(data) {
        *byte = *given;
    }
    file
}

/// After a skip to a write position that is no record boundary, the ring stays unreadable.
fn unaligned(consumer: &Consumer) -> bool {
    let file = std::fs::read(consumer.path()).expect("the file is still there");
    let word: [u8; 8] = file[Word::WritePos.offset()..][..8].try_into().expect("8 bytes");
    !u64::from_le_bytes(word).is_multiple_of(8)
}

fn write(path: &Path, bytes: &[u8]) {
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(path).expect("a file to write");
    file.set_permissions(Permissions::from_mode(0o600)).expect("a file of one's own");
    file.write_all(bytes).expect("room for it");
}
