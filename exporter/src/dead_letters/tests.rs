use std::{fs, os::unix::fs::PermissionsExt as _};

use super::*;

const MIB: u64 = 1 << 20;

fn event(id: u64) -> Event {
    Event { id_low: id, service: "chat".to_owned(), ..Event::default() }
}

fn add(letters: &DeadLetters, sink: &str, why: &str, at_unix_ns: u64, events: &[Event]) {
    letters.add(&Letter { sink, reason: "refused", why, at_unix_ns, events }).expect("written");
}

fn ids(letters: &DeadLetters, sink: Option<&str>) -> Vec<u128> {
    letters.list(sink).expect("listed").iter().map(|address| address.id).collect()
}

fn place() -> (tempfile::TempDir, DeadLetters) {
    let data = tempfile::tempdir().expect("a directory");
    let letters = DeadLetters::open(data.path(), MIB).expect("opened");
    (data, letters)
}

#[test]
fn a_letter_holds_the_event_and_why_it_was_not_delivered() {
    let (_data, letters) = place();
    add(&letters, "a", "status 400: bad \"span\"\nno", 1_795_161_600_000_000_000, &[event(7)]);
    let address = letters.list(None).expect("listed").remove(0);
    assert_eq!((address.sink.as_str(), address.id, address.at_unix_ns), ("a", 7, 1_795_161_600_000_000_000));
    let opened = letters.get(&address).expect("read");
    assert_eq!(opened.event, event(7));
    let head = Head {
        sink: "a".to_owned(),
        reason: "refused".to_owned(),
        why: "status 400: bad \"span\"\nno".to_owned(),
        at: "2026-11-20T08:00:00.000000000Z".to_owned(),
        id: format!("{:032x}", 7),
        kind: "unknown".to_owned(),
    };
    assert_eq!(opened.head, head);
}

#[test]
fn nothing_is_created_before_there_is_a_letter_and_then_for_the_owner_alone() {
    let (data, letters) = place();
    assert_eq!((letters.count("a"), ids(&letters, None).len()), (0, 0));
    assert_eq!(fs::read_dir(data.path()).expect("listed").count(), 0);
    add(&letters, "a", "no", 1, &[event(1)]);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let folder = data.path().join("dead-letters/a");
    assert_eq!((mode(&folder), mode(&folder::letter(&folder, 1))), (0o700, 0o600));
}

#[test]
fn the_same_event_refused_again_by_the_same_sink_replaces_its_letter() {
    let (_data, letters) = place();
    add(&letters, "a", "first", 1, &[event(1)]);
    add(&letters, "a", "second", 2, &[event(1)]);
    add(&letters, "b", "other", 3, &[event(1)]);
    assert_eq!((letters.count("a"), letters.count("b")), (1, 1));
    let address = letters.list(Some("a")).expect("listed").remove(0);
    assert_eq!(letters.get(&address).expect("read").head.why, "second");
}

#[test]
fn letters_are_listed_oldest_first_and_by_sink() {
    let (_data, letters) = place();
    add(&letters, "a", "no", 3, &[event(1)]);
    add(&letters, "b", "no", 1, &[event(2)]);
    add(&letters, "a", "no", 2, &[event(3)]);
    assert_eq!(ids(&letters, None), [2, 3, 1]);
    assert_eq!(ids(&letters, Some("a")), [3, 1]);
}

#[test]
fn letters_are_counted_across_a_restart_and_after_another_process_took_some() {
    let (data, letters) = place();
    add(&letters, "a", "no", 1, &[event(1), event(2)]);
    let other = DeadLetters::open(data.path(), MIB).expect("opened");
    assert_eq!((letters.count("a"), other.count("a")), (2, 2));
    let address = other.list(None).expect("listed").remove(0);
    other.take(&address).expect("taken");
    other.sent(&address).expect("removed");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while letters.count("a") != 1 {
        assert!(std::time::Instant::now() < deadline, "it goes on counting what is gone");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn over_the_bound_the_oldest_go_and_are_counted_by_sink() {
    let (data, letters) = place();
    let large = |id| Event { service: "x".repeat(100_000), ..event(id) };
    for id in 1..=6 {
        add(&letters, "a", "no", id, &[large(id)]);
    }
    for id in 7..=12 {
        add(&letters, "b", "no", id, &[large(id)]);
    }
    // 12 letters of 25 blocks, of which 9 leave a sixteenth of 1 MiB free.
    assert_eq!(letters.sweep().gone, BTreeMap::from([("a".to_owned(), 3)]));
    assert_eq!(ids(&letters, None), [4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert!(letters.sweep().gone.is_empty());
    let reopened = DeadLetters::open(data.path(), 500_000).expect("opened");
    assert_eq!(reopened.sweep().gone, BTreeMap::from([("a".to_owned(), 3), ("b".to_owned(), 2)]));
}

#[test]
fn those_that_went_before_one_that_cannot_are_counted() {
    let (data, letters) = place();
    let large = |id| Event { service: "x".repeat(400_000), ..event(id) };
    for id in 1..=4 {
        add(&letters, "a", "no", id, &[large(id)]);
    }
    // It is older than the second, and no file.
    let stuck = folder::letter(&data.path().join("dead-letters/a"), 9);
    fs::create_dir(&stuck).expect("made");
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(1);
    File::open(&stuck).and_then(|file| file.set_modified(time)).expect("set");
    let swept = letters.sweep();
    assert_eq!(swept.gone, BTreeMap::from([("a".to_owned(), 1)]));
    assert!(swept.failed.is_some());
    fs::remove_dir(&stuck).expect("removed");
    assert!(letters.sweep().failed.is_none());
    assert_eq!(ids(&letters, None), [3, 4]);
}

#[test]
fn a_letter_that_was_taken_is_listed_until_it_is_sent_and_may_come_again_meanwhile() {
    let (_data, letters) = place();
    add(&letters, "a", "first", 1, &[event(1)]);
    let address = letters.list(None).expect("listed").remove(0);
    assert_eq!(letters.take(&address).expect("taken").event, event(1));
    assert_eq!(ids(&letters, None), [1]);
    assert_eq!(letters.take(&address).expect("taken again").event, event(1));
    add(&letters, "a", "second", 2, &[event(1)]);
    assert_eq!(ids(&letters, None), [1]);
    letters.sent(&address).expect("removed");
    let address = letters.list(None).expect("listed").remove(0);
    assert_eq!(letters.get(&address).expect("read").head.why, "second");
}

#[test]
fn a_damaged_letter_is_no_event() {
    let (data, letters) = place();
    add(&letters, "a", "no", 1, &[event(1)]);
    let path = folder::letter(&data.path().join("dead-letters/a"), 1);
    let bytes = fs::read(&path).expect("read");
    let address = letters.list(None).expect("listed").remove(0);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        fs::write(&path, damaged).expect("written");
        let error = letters.take(&address).expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "byte {at}");
    }
    assert_eq!(ids(&letters, None), [1]);
}

#[test]
fn what_a_backend_says_at_length_is_shortened_between_characters() {
    let (_data, letters) = place();
    add(&letters, "a", &"€".repeat(10_000), 1, &[event(1)]);
    let address = letters.list(None).expect("listed").remove(0);
    let why = letters.get(&address).expect("read").head.why;
    assert!(why.len() < 4_200 && why.ends_with("€…"), "{}", why.len());
}

#[test]
fn letters_that_cannot_be_written_are_an_error_and_leave_nothing_half() {
    let (data, letters) = place();
    fs::write(data.path().join("dead-letters"), b"in the way").expect("written");
    let letter = Letter { sink: "a", reason: "refused", why: "no", at_unix_ns: 1, events: &[event(1)] };
    assert!(letters.add(&letter).is_err());
}
