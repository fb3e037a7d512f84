//! Loki's wire contract, as Loki publishes it: its push.proto, its documents, and what its distributor and ingester answer.
//! No Loki is asked: [`Contract`] stands for one.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use axum::{Router, body::Bytes, http::HeaderMap, http::StatusCode, routing::post};
use offpath_core::event::{Event, Exchange, Generation, Kind, Level, Loss, Outcome, Span};
use offpath_exporter::{
    config::Settings,
    delivery::{self, Answer, Backend, Compression, Request, Verdict},
    sinks::Built,
};
use prost_reflect::{DescriptorPool, DynamicMessage, Value as Field};
use serde_json::{Value, json};

use crate::framework::{
    Place,
    events::{exchange, write},
    eventually,
};

/// An entry: its time in nanoseconds, its line, its structured metadata.
type Entry = (i128, String, BTreeMap<String, String>);

/// Reads requests by the published push.proto.
#[derive(Debug, Clone)]
struct Contract(DescriptorPool);

impl Contract {
    fn new() -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/loki");
        let files = protox::compile(["push.proto"], [directory]).expect("a proto");
        Self(DescriptorPool::from_file_descriptor_set(files).expect("a proto"))
    }

    /// The entries by the labels of their stream.
    fn read(&self, body: &[u8]) -> BTreeMap<String, Vec<Entry>> {
        let bytes = snap::raw::Decoder::new().decompress_vec(body).expect("Snappy's block format");
        let request = self.0.get_message_by_name("logproto.PushRequest").expect("it is there");
        let request = DynamicMessage::decode(request, &bytes[..]).expect("a push request");
        assert!(unknown(&request).is_empty(), "{:?}", unknown(&request));
        let streams = list(&request, "streams");
        streams.iter().map(|stream| (text(stream, "labels"), entries(stream))).collect()
    }
}

/// Fields of a message that the proto does not have.
fn unknown(message: &DynamicMessage) -> Vec<u32> {
    message.unknown_fields().map(|field| field.number()).collect()
}

fn list(message: &DynamicMessage, name: &str) -> Vec<DynamicMessage> {
    let field = message.get_field_by_name(name).expect("a field");
    let items = field.as_list().expect("a list").iter();
    items.map(|item| item.as_message().expect("a message").clone()).collect()
}

fn text(message: &DynamicMessage, name: &str) -> String {
    message.get_field_by_name(name).expect("a field").as_str().expect("text").to_owned()
}

fn entries(stream: &DynamicMessage) -> Vec<Entry> {
    let number =
        |message: &DynamicMessage, name: &str| match &*message.get_field_by_name(name).expect("a field") {
            Field::I64(number) => i128::from(*number),
            Field::I32(number) => i128::from(*number),
            other => panic!("{other:?}"),
        };
    let entry = |entry: &DynamicMessage| {
        let time = entry.get_field_by_name("timestamp").expect("a field");
        let time = time.as_message().expect("a time");
        let pairs = list(entry, "structuredMetadata");
        let pairs = pairs.iter().map(|pair| (text(pair, "name"), text(pair, "value"))).collect();
        (number(time, "seconds") * 1_000_000_000 + number(time, "nanos"), text(entry, "line"), pairs)
    };
    list(stream, "entries").iter().map(entry).collect()
}

/// The sink with these settings beside where Loki is.
fn sink(more: &Value) -> (Box<dyn Backend>, delivery::Settings) {
    let mut table = json!({"type": "loki", "endpoint": "https://loki.example", "labels": {"host": "h1"}});
    table.as_object_mut().expect("a table").extend(more.as_object().expect("a table").clone());
    let settings = Settings::from_json(&json!({"sinks": {"loki": table}}), &|_| None).expect("valid");
    let Built::Http(backend, delivery) = settings.sinks[0].build() else { panic!("it sends requests") };
    (backend, delivery)
}

/// What is wrong with these settings.
fn refused(more: &Value) -> String {
    let mut table = json!({"type": "loki", "endpoint": "https://loki.example"});
    table.as_object_mut().expect("a table").extend(more.as_object().expect("a table").clone());
    let errors = Settings::from_json(&json!({"sinks": {"loki": table}}), &|_| None).expect_err("refused");
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn requests(more: &Value, events: &[Event]) -> Vec<Request> {
    sink(more).0.requests(events)
}

/// The streams of the one request that these events make.
fn streams(more: &Value, events: &[Event]) -> BTreeMap<String, Vec<Entry>> {
    let requests = requests(more, events);
    assert_eq!(requests.len(), 1);
    Contract::new().read(&requests[0].body)
}

fn labels(event: Event) -> String {
    streams(&json!({}), &[event]).into_keys().next().expect("a stream")
}

/// An exchange with this changed.
fn with(id: u128, change: impl FnOnce(&mut Exchange)) -> Event {
    let mut event = exchange(id);
    let Some(Kind::Exchange(exchange)) = &mut event.kind else { unreachable!("it is an exchange") };
    change(exchange);
    event
}

#[test]
fn a_request_is_what_the_published_proto_and_documents_say() {
    let request = requests(&json!({"tenant": "team-a"}), &[exchange(1)]).remove(0);
    assert_eq!(request.url, "https://loki.example/loki/api/v1/push");
    assert_eq!(request.content_type, "application/x-protobuf");
    assert_eq!(request.headers, [("x-scope-orgid", "team-a".to_owned())]);
    assert_eq!(request.events, [0]);
    let streams = Contract::new().read(&request.body);
    let expected = "{deployment_environment=\"test\", host=\"h1\", kind=\"exchange\", level=\"info\", \
        service_name=\"chat-api\", source=\"asgi\"}";
    let (labels, entries) = streams.into_iter().next().expect("a stream");
    assert_eq!(labels, expected);
    let (time, line, metadata) = &entries[0];
    assert_eq!(*time, 1_795_161_600_123_456_789);
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(line["id"], "00000000000000000000000000000001");
    let metadata: Vec<(&str, &str)> = metadata.iter().map(|(name, value)| (&**name, &**value)).collect();
    let expected = [
        ("duration_ms", "41"),
        ("method", "POST"),
        ("outcome", "completed"),
        ("span_id", "0000000000000007"),
        ("status", "200"),
        ("trace_id", "00000000000000010000000000000001"),
    ];
    assert_eq!(metadata, expected);
}

#[test]
fn the_same_events_make_the_same_bytes() {
    let events: Vec<Event> = (1..50).map(exchange).collect();
    let bodies = || requests(&json!({}), &events).into_iter().map(|request| request.body).collect::<Vec<_>>();
    assert_eq!(bodies(), bodies());
}

#[test]
fn events_that_are_alike_but_for_their_id_have_different_lines() {
    let streams = streams(&json!({}), &[exchange(1), exchange(2)]);
    let entries = streams.values().next().expect("a stream");
    assert_eq!(entries[0].0, entries[1].0);
    assert_ne!(entries[0].1, entries[1].1);
}

#[test]
fn a_stream_is_in_the_order_of_its_times() {
    let at = |id, start_unix_ns| Event { start_unix_ns, ..exchange(id) };
    let streams = streams(&json!({}), &[at(1, 30), at(2, 10), at(3, 20)]);
    let times = streams.values().next().expect("a stream").iter().map(|entry| entry.0);
    assert_eq!(times.collect::<Vec<_>>(), [10, 20, 30]);
}

#[test]
fn what_took_longer_than_a_stream_looks_back_has_the_time_of_its_end() {
    let hour = 3_600_000_000_000;
    let event = Event { duration_ns: 3 * hour, ..exchange(1) };
    let end = i128::from(event.start_unix_ns + 3 * hour);
    assert_eq!(streams(&json!({}), &[event]).values().next().expect("a stream")[0].0, end);
}

#[test]
fn the_level_is_that_of_the_outcome() {
    let span = |level: Level| Event {
        kind: Some(Kind::Span(Span { level: level as i32, ..Span::default() })),
        ..exchange(1)
    };
    let loss = Event { kind: Some(Kind::Loss(Loss { count: 1, ..Loss::default() })), ..exchange(1) };
    for (event, level) in [
        (with(1, |exchange| exchange.status = 404), "warn"),
        (with(1, |exchange| exchange.status = 503), "error"),
        (with(1, |exchange| exchange.outcome = Outcome::AppError as i32), "error"),
        (with(1, |exchange| exchange.outcome = Outcome::ClientDisconnected as i32), "warn"),
        (span(Level::Error), "error"),
        (span(Level::Debug), "debug"),
        (loss, "warn"),
    ] {
        let labels = labels(event);
        assert!(labels.contains(&format!("level=\"{level}\"")), "{level}: {labels}");
    }
}

#[test]
fn what_strangers_write_makes_no_labels_of_its_own() {
    let event = Event { source: "x\", evil=\"1".to_owned(), user_id: "u".to_owned(), ..exchange(1) };
    let labels = labels(event);
    assert!(labels.contains("source=\"other\"") && !labels.contains("evil"), "{labels}");
}

#[test]
fn what_has_many_values_is_structured_metadata_unless_there_is_to_be_none() {
    let mut event = with(1, |exchange| {
        exchange.route = "/chat/{id}".to_owned();
        let generation = Generation { request_model: "gpt-4o".to_owned(), ..Generation::default() };
        exchange.generation = Some(generation);
    });
    (event.user_id, event.session_id) = ("alice".to_owned(), "s".repeat(5_000));
    let of = |more: &Value| {
        streams(more, std::slice::from_ref(&event)).into_values().next().expect("a stream").remove(0).2
    };
    let metadata = of(&json!({}));
    let expected = [("route", "/chat/{id}"), ("model", "gpt-4o"), ("user_id", "alice")];
    for (name, value) in expected {
        assert_eq!(metadata[name], value);
    }
    assert_eq!(metadata["session_id"].len(), 1024);
    assert!(of(&json!({"structured_metadata": false})).is_empty());
}

#[test]
fn a_line_is_no_longer_than_loki_takes_and_says_that_it_was_shortened() {
    let body = |exchange: &mut Exchange| {
        let body = exchange.request.as_mut().and_then(|message| message.body.as_mut()).expect("a body");
        (body.size, body.head) = (1 << 20, vec![b'x'; 1 << 20]);
    };
    let streams = streams(&json!({}), &[with(1, body)]);
    let (_, line, metadata) = &streams.values().next().expect("a stream")[0];
    assert!(line.len() <= 256 << 10, "{}", line.len());
    assert_eq!(metadata["shortened"], "true");
    let line: Value = serde_json::from_str(line).expect("JSON");
    let body = &line["request"]["body"];
    assert_eq!(body["size"], 1 << 20);
    assert_eq!(body["kept"].as_u64(), Some(body["head"].as_str().expect("text").len() as u64));
}

#[test]
fn a_request_is_smaller_than_what_loki_throttles_for_ever() {
    let body = |exchange: &mut Exchange| {
        let body = exchange.request.as_mut().and_then(|message| message.body.as_mut()).expect("a body");
        body.head = vec![b'x'; 200 << 10];
    };
    let bodies: Vec<Event> = (1..51).map(|id| with(id, body)).collect();
    // Loki counts metadata as it counts lines.
    let name = |id| Event { user_id: "u".repeat(1024), session_id: "s".repeat(1024), ..exchange(id) };
    let names: Vec<Event> = (1..2_001).map(name).collect();
    for events in [bodies, names] {
        let requests = requests(&json!({}), &events);
        let places: Vec<usize> = requests.iter().flat_map(|request| request.events.clone()).collect();
        assert_eq!(places, (0..events.len()).collect::<Vec<_>>());
        for request in requests {
            let length = snap::raw::decompress_len(&request.body).expect("Snappy");
            assert!(length < 3 << 20, "{length}");
        }
    }
}

#[test]
fn unless_told_otherwise_requests_go_one_after_the_other_and_are_compressed_once() {
    let (_, delivery) = sink(&json!({}));
    assert_eq!((delivery.concurrency, delivery.compression), (1, Compression::None));
    let (_, delivery) = sink(&json!({"concurrency": 4, "compression": "gzip"}));
    assert_eq!((delivery.concurrency, delivery.compression), (4, Compression::Gzip));
}

/// The last header that all requests of the sink have.
fn header(more: &Value) -> Option<(String, String)> {
    let (_, delivery) = sink(more);
    delivery.headers.last().map(|(name, value)| (name.to_string(), value.expose().to_owned()))
}

#[test]
fn who_we_are_is_a_name_and_password_or_a_token() {
    let of = |value: &str| Some(("authorization".to_owned(), value.to_owned()));
    assert_eq!(header(&json!({"username": "u", "password": "p"})), of("Basic dTpw"));
    assert_eq!(header(&json!({"token": "t"})), of("Bearer t"));
    assert_eq!(header(&json!({})), None);
    assert!(refused(&json!({"username": "u"})).contains("sinks.loki.password: is needed beside username"));
    assert!(refused(&json!({"username": "u", "password": "p", "token": "t"})).contains("sinks.loki.token"));
}

#[test]
fn labels_are_those_of_the_user_too_and_few() {
    let labels = streams(&json!({"labels": {"team": "a\"b", "host": ""}}), &[exchange(1)]).into_keys().next();
    let labels = labels.expect("a stream");
    assert!(labels.contains(r#"team="a\"b""#) && !labels.contains("host="), "{labels}");
    for (name, said) in
        [("kind", "gives itself"), ("1a", "no digit first"), ("__a", "not \"__\""), ("a-b", "named with")]
    {
        let said_then = refused(&json!({"labels": {name: "x"}}));
        assert!(said_then.contains(said), "{name}: {said_then}");
    }
    let many: serde_json::Map<String, Value> = (0..10).map(|n| (format!("l{n}"), json!("x"))).collect();
    assert!(refused(&json!({"labels": many})).contains("at most 9"));
    assert!(refused(&json!({"tenant": "a b"})).contains("sinks.loki.tenant"));
}

/// What the sink makes of an answer.
fn judged(status: u16, body: &str) -> Verdict {
    let (backend, _) = sink(&json!({}));
    let request = backend.requests(&[exchange(1)]).remove(0);
    backend.judge(&Answer { status, headers: &HeaderMap::new(), body: body.as_bytes(), request: &request })
}

#[test]
fn the_published_answers_mean_what_loki_s_source_says() {
    assert_eq!(judged(204, ""), Verdict::Delivered);
    let kind = |status, body: &str| match judged(status, body) {
        Verdict::Retry { kind, .. } | Verdict::Blocked { kind, .. } => kind,
        Verdict::Refused { .. } => "refused",
        Verdict::TooLarge { .. } => "too_large",
        other => panic!("{other:?}"),
    };
    for (expected, status, body) in [
        (
            "ingestion_blocked",
            260,
            "ingestion blocked for user 'fake' until '2026-11-21T00:00:00Z' with status code '260'",
        ),
        ("labels", 400, "missing required labels 'team' for user 'fake' for stream '{}' (policy: '')"),
        (
            "structured_metadata",
            400,
            "stream '{}' includes structured metadata, but this feature is disallowed. Please see ...",
        ),
        (
            "refused",
            400,
            "entry with timestamp 2026-11-20 08:00:00 +0000 UTC ignored, reason: 'entry too far behind'",
        ),
        (
            "refused",
            400,
            "entry for stream '{}' has timestamp too old: 2026-11-01T08:00:00Z, oldest acceptable",
        ),
        ("too_large", 413, "request body too large"),
        ("throttled", 429, "ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec)"),
        ("server", 500, "at least 2 live replicas required"),
        ("auth", 401, "no org id"),
    ] {
        assert_eq!(kind(status, body), expected, "{status} {body}");
    }
}

#[test]
fn a_success_that_loki_does_not_answer_with_delivers_nothing() {
    for (status, body) in [(200, "<html>Log in</html>"), (202, "{\"status\":\"ok\"}"), (200, "ok")] {
        let verdict = judged(status, body);
        let Verdict::Blocked { kind, why } = &verdict else { panic!("{status} {body}: {verdict:?}") };
        assert!(*kind == "answer" && why.contains("no answer of Loki"), "{why}");
    }
    assert_eq!(judged(200, "\r\n"), Verdict::Delivered);
}

/// Stands for Loki as its contract says: keeps what is valid of a request, and answers 400 if not all of it was; keeps
/// equal entries of a stream once.
#[derive(Debug, Clone)]
struct Stand {
    contract: Contract,
    kept: Arc<Mutex<BTreeSet<(String, i128, String)>>>,
    requests: Arc<Mutex<usize>>,
    address: String,
}

impl Stand {
    /// It takes no line that has one of these ids.
    fn start(bad: &'static [u128]) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        listener.set_nonblocking(true).expect("set");
        let address = listener.local_addr().expect("bound").to_string();
        let stand =
            Self { contract: Contract::new(), kept: Arc::default(), requests: Arc::default(), address };
        let serving = stand.clone();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let push = move |body: Bytes| async move { serving.push(&body, bad) };
                let router = Router::new().route("/loki/api/v1/push", post(push));
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, router).await.expect("served");
            });
        });
        stand
    }

    fn push(&self, body: &[u8], bad: &[u128]) -> (StatusCode, String) {
        *self.requests.lock().expect("no panic") += 1;
        let mut refused = 0;
        for (labels, entries) in self.contract.read(body) {
            for (time, line, _) in entries {
                if bad.contains(&id(&line)) {
                    refused += 1;
                } else {
                    self.kept.lock().expect("no panic").insert((labels.clone(), time, line));
                }
            }
        }
        if refused == 0 {
            return (StatusCode::NO_CONTENT, String::new());
        }
        let why =
            "entry with timestamp 2026-11-20 08:00:00 +0000 UTC ignored, reason: 'entry too far behind'";
        (
            StatusCode::BAD_REQUEST,
            format!("{why},\nuser 'fake', total ignored: {refused} out of 9 for stream: {{}}"),
        )
    }

    fn kept(&self) -> Vec<u128> {
        let kept = self.kept.lock().expect("no panic");
        let mut ids: Vec<u128> = kept.iter().map(|(_, _, line)| id(line)).collect();
        ids.sort_unstable();
        ids
    }
}

fn id(line: &str) -> u128 {
    let line: Value = serde_json::from_str(line).expect("JSON");
    u128::from_str_radix(line["id"].as_str().expect("text"), 16).expect("an id")
}

#[test]
fn entries_that_are_too_old_are_dead_letters_and_all_others_are_kept_once() {
    let stand = Stand::start(&[7, 42]);
    let more = format!("[sinks.loki]\ntype = \"loki\"\nendpoint = \"http://{}\"\n", stand.address);
    let place = Place::with(&more);
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    let exporter = place.run();
    let expected: Vec<u128> = (1..101).filter(|id| ![7, 42].contains(id)).collect();
    eventually("the others are there", || stand.kept() == expected);
    let letters = "offpath_sink_dead_letters{sink=\"loki\"}";
    eventually("the two are set aside", || exporter.count(letters) == 2);
    eventually("nothing is left", || exporter.count("offpath_sink_backlog_events{sink=\"loki\"}") == 0);
    let requests = *stand.requests.lock().expect("no panic");
    write(&mut ring, 101..102);
    eventually("what comes then is there", || stand.kept().last() == Some(&101));
    assert!(requests < 64, "halving finds them in few requests, not {requests}");
}
