//! A full disk, a flipped bit, a torn end: what the spool survives, and tells.

use std::{
    fs::{self, File},
    ops::Range,
    os::unix::fs::FileExt as _,
    path::Path,
    time::Duration,
};

use offpath_core::event::{Body, Exchange, Kind};
use offpath_exporter::{
    ids,
    spool::{Options, Spool},
};

use crate::framework::{
    Place,
    events::{exchange, write},
    eventually,
    small_disk::SmallDisk,
};

const LINES: &str = "[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n";

/// A place whose only sink fails until [`let_deliver`].
fn held_up() -> Place {
    let place = Place::with(LINES);
    fs::create_dir(place.lines_file()).expect("made");
    place
}

fn let_deliver(place: &Place) {
    fs::remove_dir(place.lines_file()).expect("removed");
}

#[test]
fn an_unfinished_record_at_the_end_is_cut_off() {
    let place = Place::with(LINES);
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    let exporter = place.run();
    eventually("all is delivered", || place.listed().len() == 10);
    exporter.kill();
    let last = place.segments().pop().expect("a segment");
    let bytes = fs::read(&last).expect("read");
    let file = File::options().append(true).open(&last).expect("opened");
    // The beginning of a frame, as a kill in the midst of a write leaves it.
    let marker = bytes[16..24].to_vec();
    let start = (24..bytes.len()).find(|at| bytes[*at..].starts_with(&marker)).expect("a frame");
    file.write_all_at(&bytes[start..start + 100], bytes.len() as u64).expect("written");
    let exporter = place.run();
    write(&mut ring, 11..21);
    eventually("what came later is delivered", || place.listed().len() == 20);
    assert_eq!(place.listed(), (1..21).collect::<Vec<u128>>());
    assert!(exporter.log().contains("cut off an unfinished record"), "{}", exporter.log());
}

#[test]
fn a_flipped_bit_costs_one_record_which_is_counted() {
    let place = held_up();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    let exporter = place.run();
    eventually("all is in the spool", || ring.used() == 0);
    exporter.kill();
    let segment = place.segments().pop().expect("a segment");
    let mut bytes = fs::read(&segment).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&segment, bytes).expect("written");
    let_deliver(&place);
    let exporter = place.run();
    eventually("the rest is delivered", || place.listed().len() == 99);
    let metric = "offpath_sink_dropped_total{sink=\"lines\",reason=\"spool_damaged\"}";
    eventually("it is counted", || exporter.count(metric) == 1);
    let aside = fs::read_dir(place.data().join("spool/damaged")).expect("a directory");
    assert_eq!(aside.count(), 1, "its bytes are set aside once");
}

#[test]
fn a_damaged_segment_header_costs_no_record() {
    let place = held_up();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    let exporter = place.run();
    eventually("all is in the spool", || ring.used() == 0);
    exporter.kill();
    let segment = place.segments().pop().expect("a segment");
    let file = File::options().write(true).open(&segment).expect("opened");
    file.write_all_at(b"nonsense", 0).expect("written");
    let_deliver(&place);
    let exporter = place.run();
    write(&mut ring, 101..111);
    eventually("all is delivered", || place.listed().len() == 110);
    assert_eq!(place.listed(), (1..111).collect::<Vec<u128>>());
    assert!(exporter.log().contains("the header of a segment is damaged"), "{}", exporter.log());
}

#[test]
fn at_the_size_bound_the_oldest_go_and_are_counted_per_sink() {
    const EVENTS: u128 = 8_000;
    let place = held_up();
    place.configure("spool = { max_size = \"1MiB\" }", LINES);
    let exporter = place.run();
    let mut ring = place.ring(16 << 20);
    write(&mut ring, 1..EVENTS + 1);
    eventually("all is taken", || ring.used() == 0);
    let evicted = "offpath_sink_dropped_total{sink=\"lines\",reason=\"spool_full\"}";
    eventually("the oldest are counted", || exporter.count(evicted) > 0);
    eventually("the spool is within its bound", || exporter.count("offpath_spool_bytes") <= 1 << 20);
    let_deliver(&place);
    eventually("the newest is delivered", || place.listed().last() == Some(&EVENTS));
    let first = place.listed()[0];
    assert_eq!(place.listed(), (first..=EVENTS).collect::<Vec<u128>>());
    assert_eq!(u128::from(exporter.count(evicted)), first - 1);
}

#[test]
fn at_the_age_bound_the_oldest_go_and_are_counted_per_sink() {
    let place = held_up();
    place.configure("spool = { max_age = \"1s\" }", LINES);
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    let expired = "offpath_sink_dropped_total{sink=\"lines\",reason=\"spool_expired\"}";
    let mut next = 1;
    eventually("the oldest are counted", || {
        write(&mut ring, next..next + 1);
        next += 1;
        exporter.count(expired) > 0
    });
    let_deliver(&place);
    eventually("the newest is delivered", || place.listed().last() == Some(&(next - 1)));
    let first = place.listed()[0];
    assert_eq!(place.listed(), (first..next).collect::<Vec<u128>>());
    assert_eq!(u128::from(exporter.count(expired)), first - 1);
}

#[test]
fn memory_stays_below_64_mb_whatever_the_backlog() {
    const TAKEN: u128 = 4_000;
    const BACKLOG: u128 = 256 << 20;
    const SIZE: u128 = 16 << 10;
    let place = held_up();
    let exporter = place.run();
    let mut ring = place.ring(64 << 20);
    write(&mut ring, 1..TAKEN + 1);
    eventually("all is taken", || ring.used() == 0);
    assert!(exporter.peak_resident_mb() <= 64, "{} MB while taking", exporter.peak_resident_mb());
    exporter.kill();
    // What would have come meanwhile, were there time for it.
    append(&place, TAKEN + 1..TAKEN + 1 + BACKLOG / SIZE, SIZE);
    let_deliver(&place);
    place.configure("nice = 0", &format!("{LINES}[sinks.db]\ntype = \"sqlite\"\nmax_age = \"10000d\"\n"));
    let exporter = place.run();
    assert!(exporter.count("offpath_spool_bytes") > 256 << 20);
    let sent = |sink: &str| exporter.count(&format!("offpath_sink_sent_total{{sink=\"{sink}\"}}"));
    let some = TAKEN + (4 << 20) / SIZE;
    eventually("much is delivered", || u128::from(sent("lines").min(sent("db"))) > some);
    assert!(exporter.peak_resident_mb() <= 64, "{} MB while delivering", exporter.peak_resident_mb());
}

/// Writes events of `size` bytes into the spool of an exporter that does not run.
fn append(place: &Place, events: Range<u128>, size: u128) {
    let options = Options::new(1 << 40, Duration::from_hours(24));
    let (_spool, mut writer) = Spool::open(&place.data().join("spool"), options).expect("opened");
    for id in events {
        let mut event = exchange(id);
        let Some(Kind::Exchange(Exchange { response: Some(response), .. })) = &mut event.kind else { return };
        let tail = vec![b'z'; usize::try_from(size).expect("small")];
        response.body = Some(Body { size: 1 << 20, tail, ..Body::default() });
        assert!(writer.push(1, u64::try_from(id).expect("small"), ids::now_unix_ns(), &event.to_bytes()));
        writer.commit().expect("committed");
    }
}

#[test]
fn a_full_disk_is_told_and_costs_nothing_once_there_is_space() {
    let place = Place::with(LINES);
    let Some(disk) = SmallDisk::run(&place) else { return };
    disk.fill();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    eventually("it says that the disk is full", || disk.get("/readyz").1.contains("spool: "));
    assert_eq!(disk.get("/readyz").0, 503);
    let (_, metrics) = disk.get("/metrics");
    assert!(metrics.contains("offpath_spool_errors_total{kind=\"disk_full\"}"), "{metrics}");
    assert_eq!(ring.used(), ring.written(), "what the spool has not is still in the ring");
    write(&mut ring, 101..102);

    disk.make_room();
    eventually("all is delivered", || place.listed().len() == 101);
    eventually("it is ready again", || disk.get("/readyz").0 == 200);
    assert_eq!(place.listed(), (1..102).collect::<Vec<u128>>());
}

#[test]
fn on_a_full_disk_what_the_spool_has_is_delivered_and_known_to_be() {
    let place = held_up();
    let Some(disk) = SmallDisk::run(&place) else { return };
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    eventually("all is in the spool", || ring.used() == 0);
    disk.fill();
    let_deliver(&place);
    eventually("all is delivered", || place.listed().len() == 100);
    eventually("the cursor is saved", || next_of(&disk.data().join("spool"), "lines") == Some(100));
    write(&mut ring, 101..201);
    disk.make_room();
    eventually("what came later is delivered", || place.listed().len() == 200);
    assert_eq!(place.listed(), (1..201).collect::<Vec<u128>>());
}

#[test]
fn sinks_whose_cursors_cannot_be_saved_say_so_and_go_on_where_they_were() {
    let place = Place::new();
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    let spool = place.data().join("spool");
    let sinks = ["lines", "db"];
    eventually("some are delivered", || sinks.iter().all(|sink| next_of(&spool, sink) == Some(10)));
    // What a new cursor is written to.
    let taken = sinks.map(|sink| spool.join("cursors").join(format!("{sink}.new")));
    taken.iter().for_each(|path| fs::create_dir(path).expect("made"));
    write(&mut ring, 11..21);
    for sink in sinks {
        let state = format!("sink {sink}: retrying: ");
        eventually("it says so", || exporter.get("/readyz").1.contains(&state));
    }
    write(&mut ring, 21..31);
    taken.iter().for_each(|path| fs::remove_dir(path).expect("removed"));
    eventually("all is delivered", || place.listed().len() >= 30 && place.stored().len() >= 30);
    eventually("that is known", || sinks.iter().all(|sink| next_of(&spool, sink) == Some(30)));
    for sink in sinks {
        assert_eq!(exporter.count(&format!("offpath_sink_sent_total{{sink=\"{sink}\"}}")), 30);
        assert_eq!(exporter.count(&format!("offpath_sink_repeated_total{{sink=\"{sink}\"}}")), 0);
    }
    exporter.kill();
    let _exporter = place.run();
    write(&mut ring, 31..41);
    eventually("the rest is delivered", || place.listed().len() >= 40 && place.stored().len() >= 40);
    assert_eq!(place.listed(), (1..41).collect::<Vec<u128>>());
    assert_eq!(place.stored(), (1..41).collect::<Vec<u128>>());
}

/// Index of the next record of a sink, as its cursor has it.
fn next_of(spool: &Path, sink: &str) -> Option<u64> {
    let cursor = fs::read(spool.join("cursors").join(format!("{sink}.json"))).ok()?;
    serde_json::from_slice::<serde_json::Value>(&cursor).ok()?["next"].as_u64()
}
