use std::{fs, net::TcpListener};

use offpath_exporter::{
    sinks::{Batch, Built, Kind, Sink, SinkSettings, redis::Settings},
    spool::Cursor,
    streams,
};

use super::{STREAM, assert_once, writer};
use crate::framework::{
    Place,
    authority::Authority,
    events::{EVENT, exchange, write},
    eventually,
    load::{any_moment, kill_at_random, written_while},
    redis::{Entry, Server},
};

fn sink(redis: &Server) -> Box<dyn Sink> {
    let settings = Settings::of(streams::Server::at(&redis.url()), STREAM).expect("a name");
    let settings = SinkSettings { name: "stream".to_owned(), kind: Kind::Redis(settings) };
    let Built::OneByOne(sink) = settings.build() else { panic!("Redis takes no HTTP") };
    sink
}

fn batch(ids: std::ops::Range<u128>) -> Batch {
    let next = u64::try_from(ids.end).expect("small");
    Batch { events: ids.map(exchange).collect(), next, ..Batch::default() }
}

/// Writes while `disturb` does what it does, and then asserts that the stream has every event once.
fn each_is_in_the_stream_once_though(
    redis: &mut Server,
    place: &Place,
    disturb: impl FnOnce(&mut Server, &Place),
) {
    let mut ring = place.ring(16 << 20);
    let written = written_while(&mut ring, 3, || disturb(redis, place));
    let exporter = place.run();
    eventually("all is in the stream", || redis.length(STREAM) >= written.len());
    assert!(exporter.stop().success());
    assert_once(&redis.events(STREAM), &written);
}

#[test]
fn exporters_killed_at_random_write_every_event_once() {
    let mut redis = Server::start(&[]);
    let place = writer(&redis, "");
    each_is_in_the_stream_once_though(&mut redis, &place, |_, place| {
        kill_at_random(place, 12, 400);
    });
}

#[test]
fn a_redis_that_is_killed_at_random_and_has_its_file_has_every_event_once() {
    let mut redis = Server::start(&[]);
    let place = writer(&redis, "");
    each_is_in_the_stream_once_though(&mut redis, &place, |redis, place| {
        let _exporter = place.run();
        for _ in 0..8 {
            any_moment(500);
            redis.kill();
            redis.resume();
        }
    });
}

#[test]
fn what_comes_late_to_a_redis_that_hung_is_not_added_again() {
    let redis = Server::start(&[]);
    let cursor = Cursor { spool: 7, ..Cursor::default() };
    let (mut first, mut second) = (sink(&redis), sink(&redis));
    assert_eq!(first.open(&cursor).expect("open"), 0);
    assert_eq!(second.open(&cursor).expect("open"), 0);
    second.deliver(&batch(1..11)).expect("delivered");
    // As if it had been on its way all the time.
    let error = first.deliver(&batch(1..6)).expect_err("refused");
    assert_eq!(error.kind(), "redis_restarted");
    assert_eq!(first.open(&cursor).expect("open"), 11);
    first.deliver(&batch(11..21)).expect("delivered");
    assert_once(&redis.events(STREAM), &(1..21).collect::<Vec<u128>>());
}

#[test]
fn a_redis_that_lost_all_gets_what_comes_from_then_on() {
    let mut redis = Server::start(&[]);
    let mut cursor = Cursor { spool: 7, ..Cursor::default() };
    let mut sink = sink(&redis);
    sink.open(&cursor).expect("open");
    sink.deliver(&batch(1..11)).expect("delivered");
    cursor.next = 11;
    redis.lose_all();
    assert!(sink.deliver(&batch(11..21)).is_err());
    assert_eq!(sink.open(&cursor).expect("open"), 11);
    sink.deliver(&batch(11..21)).expect("delivered");
    assert_once(&redis.events(STREAM), &(11..21).collect::<Vec<u128>>());
}

#[test]
fn a_redis_without_memory_holds_events_up_and_loses_none() {
    let redis = Server::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    let place = writer(&redis, "[sinks.db]\ntype = \"sqlite\"\n");
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    let exporter = place.run();
    eventually("the other sink has all", || place.stored().len() == 100);
    let told = format!("sink stream: retrying: {}/0: OOM", redis.url().replace("unix://", ""));
    eventually("it says so, and where", || exporter.get("/readyz").1.contains(&told));
    assert!(exporter.count("offpath_sink_errors_total{sink=\"stream\",kind=\"redis_memory\"}") > 0);
    let () = redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    eventually("the stream has all", || redis.length(STREAM) == 100);
    assert_once(&redis.events(STREAM), &(1..101).collect::<Vec<u128>>());
    eventually("it is ready", || exporter.get("/readyz").0 == 200);
}

#[test]
fn a_wrong_password_blocks_this_sink_alone_until_it_is_put_right_and_is_not_shown() {
    let redis = Server::start(&["--requirepass", "right-1"]);
    let place = writer(&redis, "password = \"wrong-1\"\n[sinks.db]\ntype = \"sqlite\"\n");
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    let exporter = place.run();
    eventually("the other sink has all", || place.stored().len() == 10);
    eventually("it says what to do", || {
        let (status, text) = exporter.get("/readyz");
        status == 503
            && text.contains("sink stream: blocked: ")
            && text.contains("put the name and the password right")
    });
    assert!(exporter.count("offpath_sink_errors_total{sink=\"stream\",kind=\"auth\"}") > 0);
    assert!(!exporter.log().contains("wrong-1"));
    let mut connection = redis.connect();
    redis::cmd("AUTH").arg("right-1").exec(&mut connection).expect("let in");
    redis::cmd("CONFIG").arg(&["SET", "requirepass", "wrong-1"]).exec(&mut connection).expect("set");
    eventually("the stream has all", || {
        let length: usize = redis::cmd("XLEN").arg(STREAM).query(&mut connection).expect("a length");
        length == 10
    });
}

#[test]
fn a_key_that_is_no_stream_blocks_the_sink() {
    let redis = Server::start(&[]);
    let () = redis.ask(&["SET", STREAM, "mine"]);
    let place = writer(&redis, "");
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    let exporter = place.run();
    eventually("it says what to do", || {
        let (_, text) = exporter.get("/readyz");
        text.contains("sink stream: blocked: ")
            && text.contains(": WRONGTYPE")
            && text.contains("name another stream")
    });
    let kept: String = redis.ask(&["GET", STREAM]);
    assert_eq!(kept, "mine");
}

#[test]
fn above_its_mark_a_stream_takes_nothing_until_it_is_read() {
    let redis = Server::start(&[]);
    let () = redis.ask(&["XGROUP", "CREATE", STREAM, "theirs", "0", "MKSTREAM"]);
    let place = writer(&redis, "max_entries = 100\n");
    let mut ring = place.ring(4 << 20);
    write(&mut ring, 1..201);
    let exporter = place.run();
    eventually("a batch is in the stream", || redis.length(STREAM) == 200);
    write(&mut ring, 201..301);
    eventually("it says so", || exporter.get("/readyz").1.contains("have it read, or raise max_entries"));
    assert_eq!(redis.length(STREAM), 200);

    let read: redis::streams::StreamReadReply =
        redis.ask(&["XREADGROUP", "GROUP", "theirs", "me", "COUNT", "150", "STREAMS", STREAM, ">"]);
    let mut ack = redis::cmd("XACK");
    ack.arg(STREAM).arg("theirs");
    read.keys[0].ids.iter().for_each(|entry| _ = ack.arg(&entry.id));
    ack.exec(&mut redis.connect()).expect("acknowledged");
    // What was read goes, but for the last, which says where reading goes on; nobody else removes it.
    eventually("the rest is in the stream", || redis.events(STREAM) == (150..301).collect::<Vec<u128>>());
}

#[test]
fn over_tls_only_a_server_whose_authority_is_known_gets_events() {
    let files = tempfile::tempdir().expect("a directory");
    let path = |name: &str| files.path().join(name).display().to_string();
    let authority = Authority::new();
    let (certificate, key) = authority.server_pem();
    for (name, pem) in [("ca", authority.pem()), ("cert", &certificate), ("key", &key)] {
        fs::write(path(name), pem).expect("written");
    }
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let (port, cert, key, ca) = (port.to_string(), path("cert"), path("key"), path("ca"));
    let redis = Server::start(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &ca,
        "--tls-auth-clients",
        "no",
    ]);
    let sink = |name: &str, more: &str| {
        format!(
            "[sinks.{name}]\ntype = \"redis\"\nurl = \"rediss://127.0.0.1:{port}\"\nstream = \"{name}\"\n{more}\n"
        )
    };
    let known = sink("known", &format!("tls = {{ ca = \"{ca}\" }}"));
    let place = Place::with(&(known + &sink("unknown", "")));
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    let exporter = place.run();
    eventually("the stream has all", || redis.length("known") == 10);
    eventually("the other is told", || exporter.get("/readyz").1.contains("sink unknown: blocked: "));
    assert!(exporter.count("offpath_sink_errors_total{sink=\"unknown\",kind=\"tls\"}") > 0);
    assert_eq!(redis.length("unknown"), 0);
}

#[test]
fn events_are_passed_on_as_they_are_in_the_spool() {
    let redis = Server::start(&[]);
    let place = writer(&redis, "");
    // A field that this version does not know, in an event of a kind that it does not know.
    let bytes = [&[0x08, 1, 0xA2, 0x06, 3][..], b"new"].concat();
    let mut ring = place.ring(1 << 20);
    ring.write(EVENT, &bytes).expect("room");
    let _exporter = place.run();
    eventually("it is in the stream", || redis.length(STREAM) == 1);
    let entries: Vec<Entry> = redis.ask(&["XRANGE", STREAM, "-", "+"]);
    assert_eq!(entries[0].1, [("e".to_owned(), bytes)]);
}
