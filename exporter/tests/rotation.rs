//! A file of lines makes way for a new one: by size and by time, and no event is lost or written twice on the way.

use std::{
    fs,
    io::Read as _,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use flate2::read::MultiGzDecoder;
use offpath_exporter::{
    sinks::{Batch, Built, Kind, Sink, SinkSettings, jsonl},
    spool::Cursor,
};
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use serde_json::Value;

use crate::{
    delivery::assert_same,
    framework::{
        Place,
        events::{exchange, write},
        eventually,
        load::{kill_at_random, written_while},
        small_disk::SmallDisk,
    },
};

fn rotating(rotate: &str) -> String {
    format!("[sinks.lines]\ntype = \"jsonl\"\npath = \"${{LINES}}\"\nrotate = {{ {rotate} }}\n")
}

/// The files that made way, oldest first.
fn rotated(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("listed").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.to_string_lossy().contains("/events-")).collect();
    paths.sort();
    paths
}

/// The ids in a file's lines but for a last one that has no end; of a file that is removed meanwhile, none.
fn ids_in(path: &Path) -> Vec<u128> {
    let bytes = fs::read(path).unwrap_or_default();
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("whole gzip");
    } else {
        text = String::from_utf8(bytes).expect("text");
    }
    let id = |line: &str| serde_json::from_str::<Value>(line).expect("a whole line")["id"].clone();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| u128::from_str_radix(id(line).as_str().expect("text"), 16).expect("an id"))
        .collect()
}

/// The ids in all files, sorted; where a file and its compressed one are there, it is between the two.
fn all(directory: &Path) -> Vec<u128> {
    let paths = rotated(directory);
    let is_last = |path: &&PathBuf| {
        let compressed = PathBuf::from(format!("{}.gz", path.display()));
        !paths.contains(&compressed) && !path.to_string_lossy().ends_with(".new")
    };
    let mut ids: Vec<u128> = paths.iter().filter(is_last).flat_map(|path| ids_in(path)).collect();
    ids.extend(ids_in(&directory.join("events.jsonl")));
    ids.sort_unstable();
    ids
}

#[test]
fn at_its_size_a_file_makes_way_and_keeps_its_inode() {
    let place = Place::with(&rotating("max_size = \"4KiB\""));
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    let _exporter = place.run();
    eventually("the first are there", || {
        ids_in(&place.lines_file()).len() == 10 || !rotated(place.path()).is_empty()
    });
    let inode = fs::metadata(place.lines_file()).expect("there").ino();
    write(&mut ring, 11..12);
    eventually("all are there", || all(place.path()).len() == 11);
    let first = rotated(place.path()).remove(0);
    assert_eq!(fs::metadata(&first).expect("there").ino(), inode);
    assert_eq!(ids_in(&first), (1..11).collect::<Vec<u128>>());
}

#[test]
fn at_its_time_a_file_makes_way_though_nothing_comes() {
    let place = Place::with(&rotating("every = \"1s\""));
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    let _exporter = place.run();
    eventually("it made way", || {
        rotated(place.path()).iter().map(|path| ids_in(path).len()).sum::<usize>() == 10
    });
    eventually("the new one is there and empty", || {
        fs::metadata(place.lines_file()).is_ok_and(|file| file.len() == 0)
    });
}

#[test]
fn no_more_files_are_kept_than_told_and_all_but_the_last_are_compressed() {
    let place = Place::with(&rotating("max_size = \"4KiB\", keep = 3, compress = \"gzip\""));
    let mut ring = place.ring(1 << 20);
    let exporter = place.run();
    let mut next = 1;
    eventually("the first is gone, and three are there", || {
        write(&mut ring, next..next + 10);
        next += 10;
        let paths = rotated(place.path());
        let first = paths.iter().map(|path| ids_in(path)).find(|ids| !ids.is_empty());
        let compressed = paths.iter().filter(|path| path.to_string_lossy().ends_with(".jsonl.gz")).count();
        first.is_some_and(|ids| ids[0] > 1) && compressed >= 2
    });
    assert!(exporter.stop().success());
    // Those that made way since the last round are there until the next.
    let kept = rotated(place.path());
    let all = all(place.path());
    assert_eq!(all, (all[0]..next).collect::<Vec<u128>>(), "{kept:?}");
    assert!(
        !kept.last().expect("some").to_string_lossy().ends_with(".gz"),
        "who follows it may still read it"
    );
}

#[test]
fn files_that_are_too_old_go_and_those_of_others_stay() {
    let place = Place::with(&rotating("max_age = \"1h\""));
    let long_ago = std::time::SystemTime::now() - Duration::from_hours(2);
    let names =
        ["events-20200101T000000.000Z.jsonl", "events-20200102T000000.000Z.jsonl.gz", "events-mine.jsonl"];
    for name in names {
        let file = fs::File::create(place.path().join(name)).expect("made");
        file.set_modified(long_ago).expect("set");
    }
    let _exporter = place.run();
    eventually("the old are gone", || rotated(place.path()).len() == 1);
    assert!(place.path().join("events-mine.jsonl").exists());
}

#[test]
fn exporters_killed_at_random_while_files_make_way_write_every_event_once() {
    let place = Place::with(&rotating("max_size = \"64KiB\", keep = 100000, compress = \"gzip\""));
    let mut ring = place.ring(16 << 20);
    let committed = written_while(&mut ring, 5, || kill_at_random(&place, 20, 300));
    let exporter = place.run();
    eventually("all events are there", || all(place.path()).len() >= committed.len());
    assert!(exporter.stop().success());
    assert_same(&all(place.path()), &committed);
    assert!(rotated(place.path()).len() > 3, "{:?}", rotated(place.path()));
}

#[test]
fn a_file_that_was_moved_away_with_lines_the_cursor_does_not_know_of_counts() {
    let place = Place::new();
    let (mut sink, cursor) = (sink(&place, None), Cursor::default());
    sink.open(&cursor).expect("open");
    let cursor = Cursor { state: sink.state(), ..cursor };
    deliver(&mut *sink, 1..11);
    // Killed here; then another program moves the file.
    fs::rename(place.lines_file(), place.path().join("events.1.jsonl")).expect("moved");
    sink.open(&cursor).expect("open");
    deliver(&mut *sink, 1..13);
    assert_eq!(ids_in(&place.lines_file()), [11, 12]);
    assert_eq!(sink.take_repeated(), 10);
}

fn sink(place: &Place, rotate: Option<jsonl::Rotate>) -> Box<dyn Sink> {
    let kind = Kind::Jsonl(jsonl::Settings { path: place.lines_file(), rotate });
    let Built::OneByOne(sink) = (SinkSettings { name: "lines".to_owned(), kind }).build() else {
        panic!("a file takes no requests");
    };
    sink
}

fn deliver(sink: &mut dyn Sink, ids: std::ops::Range<u128>) {
    let next = u64::try_from(ids.end).expect("small");
    sink.deliver(&Batch { events: ids.map(exchange).collect(), next, ..Batch::default() })
        .expect("delivered");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Batches come, and crashes between any two steps: before the cursor is saved, after it is, and with a torn line.
    #[test]
    fn whatever_is_saved_or_torn_when_each_event_is_written_once(
        steps in prop::collection::vec((1_u64..12, any::<bool>(), any::<bool>(), 0_usize..40), 1..12)
    ) {
        let place = Place::new();
        let rotate = jsonl::Rotate { max_size: 6 << 10, every: None, keep: 1000, max_age: None, compress: false };
        let mut saved = Cursor::default();
        let mut end = 1;
        for (events, is_saved, is_opened_twice, torn) in steps {
            let mut sink = sink(&place, Some(rotate.clone()));
            sink.open(&saved).expect("open");
            saved.state = sink.state();
            if is_opened_twice {
                sink.open(&saved).expect("open");
                saved.state = sink.state();
            }
            end = end.max(saved.next + 1) + events;
            deliver(&mut *sink, u128::from(saved.next) + 1..u128::from(end));
            if is_saved {
                (saved.next, saved.state) = (end - 1, sink.state());
            } else {
                let line = fs::read(place.lines_file()).expect("read");
                fs::write(place.lines_file(), [&line[..], &vec![b'{'; torn]].concat()).expect("written");
            }
        }
        let mut sink = sink(&place, Some(rotate));
        sink.open(&saved).expect("open");
        deliver(&mut *sink, u128::from(saved.next) + 1..u128::from(end) + 1);
        proptest::prop_assert_eq!(all(place.path()), (1..=u128::from(end)).collect::<Vec<_>>());
    }
}

#[test]
fn a_full_disk_holds_lines_up_and_costs_none() {
    let place = Place::with("");
    place.configure(
        "spool = { max_size = \"1MiB\" }",
        &format!(
            "[sinks.lines]\ntype = \"jsonl\"\npath = \"{}/events.jsonl\"\nrotate = {{ max_size = \"64KiB\" }}\n",
            place.data().display()
        ),
    );
    let Some(disk) = SmallDisk::run(&place) else { return };
    let mut ring = place.ring(1 << 20);
    // More than is left, in spool and lines together.
    write(&mut ring, 1..301);
    eventually("it says that the disk is full", || {
        disk.get("/metrics").1.contains("offpath_sink_errors_total{sink=\"lines\",kind=\"disk_full\"}")
    });
    disk.make_room();
    eventually("all is delivered, once", || all(disk.data()) == (1..301).collect::<Vec<u128>>());
    eventually("it is ready again", || disk.get("/readyz").0 == 200);
}
