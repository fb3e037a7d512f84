use std::{
    fs,
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use offpath_core::event::Event;
use rustix::process::Signal;
use serde_json::Value;

use super::{STREAM, assert_once, reader, stored, writer};
use crate::framework::{
    Place, Running,
    events::{EVENT, exchange, write},
    eventually,
    load::any_moment,
    redis::Server,
};

/// Id, consumer, idle milliseconds and deliveries of an entry.
type Pending = (String, String, u64, u64);

/// Adds exchanges with these ids to the stream, as a sink would.
fn add(redis: &Server, ids: Range<u128>) {
    let mut pipe = redis::pipe();
    for id in ids {
        pipe.cmd("XADD").arg(STREAM).arg("*").arg("e").arg(exchange(id).to_bytes()).ignore();
    }
    pipe.exec(&mut redis.connect()).expect("added");
}

/// How many entries the group has that are not acknowledged.
fn pending(redis: &Server) -> usize {
    let summary: Vec<redis::Value> = redis.ask(&["XPENDING", STREAM, "offpath"]);
    redis::from_redis_value(summary[0].clone()).expect("a count")
}

#[test]
fn what_is_in_the_stream_before_and_after_a_reader_starts_is_stored_once() {
    let redis = Server::start(&[]);
    let place = reader(&redis, "");
    add(&redis, 1..101);
    let exporter = place.run();
    eventually("what was there is stored", || place.stored().len() == 100);
    add(&redis, 101..201);
    eventually("what came is stored", || place.stored().len() == 200);
    assert_eq!(place.stored(), (1..201).collect::<Vec<u128>>());
    assert_eq!(pending(&redis), 0);
    eventually("what was read is gone from the stream", || redis.length(STREAM) == 1);
    // They were the writer's requests.
    let (_, metrics) = exporter.get("/metrics");
    assert!(metrics.contains("offpath_events_total{source=\"asgi\"} 200"), "{metrics}");
    assert!(!metrics.contains("offpath_request_duration_seconds_count{"), "{metrics}");
    assert!(exporter.stop().success());
}

/// How many entries a reader was given, and has not acknowledged.
fn held(redis: &Server, place: &Place) -> usize {
    let identity = fs::read(place.data().join("redis/reader.json")).unwrap_or_default();
    let identity: Value = serde_json::from_slice(&identity).unwrap_or_default();
    let Some(consumer) = identity["consumer"].as_str() else { return 0 };
    let mut pending = redis::cmd("XPENDING");
    pending.arg(&[STREAM, "offpath", "-", "+", "10000", consumer]);
    // There is none before there is a group.
    pending.query::<Vec<Pending>>(&mut redis.connect()).map_or(0, |pending| pending.len())
}

/// Stops a reader, and lets it go on if it holds no entries at that moment. Returns whether it does.
fn is_stopped_holding(redis: &Server, place: &Place, exporter: &Running) -> bool {
    exporter.signal(Signal::STOP);
    let holds = held(redis, place) > 0;
    if !holds {
        exporter.signal(Signal::CONT);
    }
    holds
}

/// How many events the sink of a writer has delivered.
fn delivered(place: &Place) -> u128 {
    let cursor = fs::read(place.data().join("spool/cursors/stream.json")).unwrap_or_default();
    let cursor: Value = serde_json::from_slice(&cursor).unwrap_or_default();
    cursor["next"].as_u64().unwrap_or_default().into()
}

/// Three exporters write, two read; `disturb` does what it does meanwhile, with what is needed to start readers. In the
/// end every event is in one reader's store, and in no other's.
fn each_is_stored_once_though(claim_after: &str, disturb: impl FnOnce(&mut Server, &[Place])) {
    let mut redis = Server::start(&[]);
    let writers: Vec<Place> = (0..3).map(|_| writer(&redis, "")).collect();
    let more = format!("claim_after = \"{claim_after}\"");
    let readers: Vec<Place> = (0..2).map(|_| reader(&redis, &more)).collect();
    let stop = AtomicBool::new(false);
    let all: Vec<u128> = thread::scope(|scope| {
        let writing = (1..).step_by(1_000_000).zip(&writers);
        let writing = writing.map(|(first, place)| {
            scope.spawn({
                let stop = &stop;
                move || write_until(place, first, stop)
            })
        });
        let writing: Vec<_> = writing.collect();
        // Also if it panics: the writers must end.
        let ended = OnDrop(&stop);
        disturb(&mut redis, &readers);
        drop(ended);
        writing.into_iter().flat_map(|writing| writing.join().expect("no panic")).collect()
    });
    let running: Vec<_> = readers.iter().map(Place::run).collect();
    eventually("all is stored", || stored(&readers).len() >= all.len());
    eventually("nothing is pending", || pending(&redis) == 0);
    running.into_iter().for_each(|exporter| assert!(exporter.stop().success()));
    assert_once(&stored(&readers), &all);
}

/// Has an exporter write some hundred events a second, or as many as it can, until all are to end. Returns their ids, which
/// begin here.
fn write_until(place: &Place, first: u128, stop: &AtomicBool) -> Range<u128> {
    let _exporter = place.run();
    let mut ring = place.ring(1 << 20);
    let mut end = first;
    while !stop.load(Ordering::Relaxed) {
        if ring.used() < 64 << 10 {
            write(&mut ring, end..end + 5);
            end += 5;
        }
        thread::sleep(Duration::from_millis(10));
    }
    eventually("all is delivered", || delivered(place) >= end - first);
    first..end
}

struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn readers_killed_at_random_store_every_event_once() {
    each_is_stored_once_though("1s", |_, readers| {
        let _kept = readers[1].run();
        for _ in 0..12 {
            let killed = readers[0].run();
            any_moment(900);
            killed.kill();
        }
    });
}

#[test]
fn one_reader_of_two_that_is_killed_for_good_leaves_its_entries_to_the_other() {
    each_is_stored_once_though("1s", |redis, readers| {
        let killed = readers[0].run();
        let _kept = readers[1].run();
        eventually("both read", || readers.iter().all(|place| place.stored().len() > 200));
        eventually("it is stopped while it holds entries", || {
            is_stopped_holding(redis, &readers[0], &killed)
        });
        killed.kill();
        // It comes back only when all is over, for what its spool had.
        eventually("the other takes them over", || held(redis, &readers[0]) == 0);
        let before = readers[1].stored().len();
        eventually("the other has what comes", || readers[1].stored().len() > before + 500);
    });
}

#[test]
fn readers_that_stop_for_longer_than_their_entries_are_theirs_store_every_event_once() {
    each_is_stored_once_though("1s", |redis, readers| {
        let running: Vec<_> = readers.iter().map(Place::run).collect();
        for round in 0..6 {
            let (place, exporter) = (&readers[round % 2], &running[round % 2]);
            eventually("it is stopped while it holds entries", || is_stopped_holding(redis, place, exporter));
            eventually("the other has them", || held(redis, place) == 0);
            exporter.signal(Signal::CONT);
        }
    });
}

#[test]
fn a_redis_killed_at_random_that_has_its_file_loses_and_doubles_nothing() {
    each_is_stored_once_though("1s", |redis, readers| {
        let _running: Vec<_> = readers.iter().map(Place::run).collect();
        for _ in 0..8 {
            any_moment(900);
            redis.kill();
            redis.resume();
        }
    });
}

#[test]
fn two_readers_of_one_name_store_every_event_once() {
    let redis = Server::start(&[]);
    let readers = [(); 2].map(|()| reader(&redis, "consumer = \"same\""));
    let running = readers.each_ref().map(Place::run);
    for ids in (1..4_001).step_by(100) {
        add(&redis, ids..ids + 100);
    }
    eventually("all is stored", || stored(&readers).len() >= 4_000);
    running.into_iter().for_each(|exporter| assert!(exporter.stop().success()));
    assert_once(&stored(&readers), &(1..4_001).collect::<Vec<u128>>());
}

/// A reader that was killed while a batch of exchanges 1 to 10 was on its way.
struct Interrupted {
    redis: Server,
    place: Place,
    reader: Value,
}

impl Interrupted {
    /// It has read exchanges 1 to 10, which are pending for it, and has written this side file.
    fn new(file: impl FnOnce() -> Vec<u8>) -> Self {
        let redis = Server::start(&[]);
        let place = reader(&redis, "");
        let exporter = place.run();
        let identity = place.data().join("redis/reader.json");
        eventually("it reads", || identity.exists() && redis.ask::<bool>(&["EXISTS", NOTES]));
        assert!(exporter.stop().success());
        let reader: Value = serde_json::from_slice(&fs::read(identity).expect("read")).expect("JSON");
        add(&redis, 1..11);
        let consumer = reader["consumer"].as_str().expect("a name");
        let () = redis.ask(&["XREADGROUP", "GROUP", "offpath", consumer, "STREAMS", STREAM, ">"]);
        fs::write(place.data().join("redis/batch"), file()).expect("written");
        Self { redis, place, reader }
    }

    fn note(&self, text: &str) {
        let reader = self.reader["reader"].as_str().expect("a number");
        let () = self.redis.ask(&["HSET", NOTES, reader, text]);
    }

    fn acknowledge_all(&self) {
        for (id, ..) in self.redis.ask::<Vec<Pending>>(&["XPENDING", STREAM, "offpath", "-", "+", "10"]) {
            let () = self.redis.ask(&["XACK", STREAM, "offpath", &id]);
        }
    }

    /// Starts it again, has it store one more event, and asserts that the store has these.
    fn goes_on_with(self, expected: impl IntoIterator<Item = u128>) {
        let exporter = self.place.run();
        add(&self.redis, 11..12);
        eventually("it goes on", || self.place.stored().contains(&11));
        let mut expected: Vec<u128> = expected.into_iter().collect();
        expected.push(11);
        assert_eq!(self.place.stored(), expected);
        assert_eq!(exporter.count("offpath_events_total{source=\"asgi\"}"), expected.len() as u64);
        assert_eq!(pending(&self.redis), 0);
        assert!(!self.place.data().join("redis/batch").exists());
    }
}

const NOTES: &str = "{offpath:events}:batches:offpath";
const BATCH: u128 = 0x10;
const BEFORE: u128 = 0x20;

/// The side file of a batch with exchanges 1 to 10, the first of which gets this number in the spool.
fn side_file(first: u64) -> Vec<u8> {
    let mut rest = Vec::new();
    rest.extend(BATCH.to_le_bytes());
    rest.extend(BEFORE.to_le_bytes());
    rest.extend(first.to_le_bytes());
    for id in 1..11 {
        let event = exchange(id).to_bytes();
        rest.extend(u32::try_from(event.len()).expect("small").to_le_bytes());
        rest.extend(event);
    }
    let crc = crc_fast::crc32_iscsi(&rest).to_le_bytes();
    [&b"OFPBATCH"[..], &crc, &rest].concat()
}

#[test]
fn a_batch_that_was_taken_before_the_kill_is_stored_from_the_side_file() {
    let interrupted = Interrupted::new(|| side_file(1));
    interrupted.acknowledge_all();
    interrupted.note("00000000000000000000000000000010");
    interrupted.goes_on_with(1..11);
}

#[test]
fn what_another_reader_had_claimed_of_it_is_left_to_that_one() {
    let interrupted = Interrupted::new(|| side_file(1));
    interrupted.acknowledge_all();
    interrupted.note("00000000000000000000000000000010 0 7");
    interrupted.goes_on_with((2..8).chain(9..11));
}

#[test]
fn a_batch_that_was_not_taken_before_the_kill_is_read_again() {
    let interrupted = Interrupted::new(|| side_file(1));
    interrupted.note("00000000000000000000000000000020");
    interrupted.goes_on_with(1..11);
}

#[test]
fn a_batch_that_was_not_taken_and_is_claimed_by_another_reader_is_left_to_it() {
    let interrupted = Interrupted::new(|| side_file(1));
    interrupted.note("00000000000000000000000000000020");
    interrupted.acknowledge_all();
    interrupted.goes_on_with([]);
}

#[test]
fn a_batch_of_which_redis_knows_nothing_any_more_is_kept() {
    let interrupted = Interrupted::new(|| side_file(1));
    let () = interrupted.redis.ask(&["DEL", NOTES, STREAM]);
    interrupted.goes_on_with(1..11);
}

#[test]
fn a_side_file_that_a_power_cut_tore_is_set_aside() {
    let interrupted = Interrupted::new(|| side_file(1)[..700].to_vec());
    interrupted.goes_on_with(1..11);
}

#[test]
fn what_the_spool_has_of_a_side_file_is_not_stored_again() {
    let redis = Server::start(&[]);
    let place = reader(&redis, "");
    let exporter = place.run();
    add(&redis, 1..11);
    eventually("all is stored", || place.stored().len() == 10);
    exporter.kill();
    // As if the kill had come before the file was removed.
    let reader = fs::read(place.data().join("redis/reader.json")).expect("read");
    let reader: Value = serde_json::from_slice(&reader).expect("JSON");
    let reader = reader["reader"].as_str().expect("a number");
    let () = redis.ask(&["HSET", NOTES, reader, "00000000000000000000000000000010"]);
    fs::write(place.data().join("redis/batch"), side_file(1)).expect("written");
    let exporter = place.run();
    add(&redis, 11..12);
    eventually("it goes on", || place.stored().len() == 11);
    assert_eq!(exporter.count("offpath_events_total{source=\"asgi\"}"), 1);
}

#[test]
fn entries_that_are_no_events_are_counted_and_do_not_come_again() {
    let redis = Server::start(&[]);
    let place = reader(&redis, "");
    let () = redis.ask(&["XADD", STREAM, "*", "other", "field"]);
    let () = redis.ask(&["XADD", STREAM, "*", "e", "no event"]);
    add(&redis, 1..2);
    let exporter = place.run();
    eventually("the event is stored", || place.stored().len() == 2);
    assert_eq!(exporter.count("offpath_dropped_total{reason=\"undecodable\"}"), 2);
    assert_eq!(
        place.query("SELECT loss_reason || ' ' || loss_count FROM events WHERE kind = 'loss'"),
        ["undecodable 2"]
    );
    assert_eq!(pending(&redis), 0);
}

/// Gives the first four of ten entries to a consumer, removes them from the stream, and asserts that a reader that comes then
/// stores the others and counts these.
fn removed_entries_are_counted(redis: &Server, place: &Place, consumer: &str) {
    add(redis, 1..11);
    let () = redis.ask(&["XREADGROUP", "GROUP", "offpath", consumer, "COUNT", "4", "STREAMS", STREAM, ">"]);
    for (id, ..) in redis.ask::<Vec<Pending>>(&["XPENDING", STREAM, "offpath", "-", "+", "9"]) {
        let () = redis.ask(&["XCLAIM", STREAM, "offpath", consumer, "0", &id, "IDLE", "100000000"]);
    }
    let () = redis.ask(&["XTRIM", STREAM, "MAXLEN", "6"]);
    let exporter = place.run();
    eventually("the rest is counted", || {
        exporter.count("offpath_dropped_total{reason=\"stream_trimmed\"}") == 4
    });
    eventually("what is there is stored", || place.stored().iter().filter(|id| **id < 11).count() == 6);
    assert_eq!(pending(redis), 0);
}

#[test]
fn entries_of_another_reader_that_somebody_removed_before_they_were_read_are_counted() {
    let redis = Server::start(&[]);
    let place = reader(&redis, "");
    let () = redis.ask(&["XGROUP", "CREATE", STREAM, "offpath", "0", "MKSTREAM"]);
    removed_entries_are_counted(&redis, &place, "gone");
}

#[test]
fn entries_of_its_own_that_somebody_removed_before_they_were_read_are_counted() {
    let redis = Server::start(&[]);
    let place = reader(&redis, "consumer = \"me\"\nclaim_after = \"1h\"");
    let () = redis.ask(&["XGROUP", "CREATE", STREAM, "offpath", "0", "MKSTREAM"]);
    removed_entries_are_counted(&redis, &place, "me");
}

#[test]
fn a_redis_that_lost_all_is_read_on() {
    let mut redis = Server::start(&[]);
    let place = reader(&redis, "");
    let exporter = place.run();
    add(&redis, 1..11);
    eventually("all is stored", || place.stored().len() == 10);
    redis.lose_all();
    add(&redis, 11..21);
    eventually("what comes is stored", || place.stored().len() == 20);
    eventually("it is ready", || exporter.get("/readyz").0 == 200);
}

#[test]
fn a_redis_that_is_not_there_is_told_and_waited_for() {
    let mut redis = Server::start(&[]);
    redis.kill();
    let place = reader(&redis, "");
    let exporter = place.run();
    eventually("it is told", || exporter.get("/readyz").1.contains("intake redis: retrying: "));
    redis.resume();
    add(&redis, 1..11);
    eventually("all is stored", || place.stored().len() == 10);
    assert_eq!(exporter.get("/readyz").0, 200);
}

#[test]
fn what_the_writers_rules_kept_is_not_masked_by_the_reader() {
    let redis = Server::start(&[]);
    let place = reader(&redis, "");
    let mut event = exchange(1);
    event.user_id = "ann@example.org".to_owned();
    redis::cmd("XADD")
        .arg(&[STREAM, "*", "e"])
        .arg(event.to_bytes())
        .exec(&mut redis.connect())
        .expect("added");
    let _exporter = place.run();
    eventually("it is stored", || place.stored().len() == 1);
    assert_eq!(place.query("SELECT json ->> 'user_id' FROM events"), ["ann@example.org"]);
    let stored =
        offpath_exporter::event_json::id(Event::from_bytes(&event.to_bytes()).expect("an event").id());
    assert_eq!(place.query("SELECT id FROM events"), [stored]);
}

#[test]
fn events_go_through_a_writer_and_a_reader_unchanged() {
    let redis = Server::start(&[]);
    let (writes, reads) = (writer(&redis, "[sinks.db]\ntype = \"sqlite\"\n"), reader(&redis, ""));
    let mut ring = writes.ring(1 << 20);
    write(&mut ring, 1..11);
    ring.write(EVENT, b"no event").expect("room");
    let _running = [writes.run(), reads.run()];
    let events = |place: &Place| place.query("SELECT json FROM events ORDER BY id");
    eventually("both have all", || events(&writes).len() == 11 && events(&reads).len() == 11);
    assert_eq!(events(&writes), events(&reads));
}
