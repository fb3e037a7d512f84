//! The VM under a host that calls in any order, hands over any bytes and fails in any call.

use super::*;
use crate::abi::{
    Pairs,
    native::{self, Script},
};
use offpath_core::{
    batch::Batch,
    event::{Event, Kind},
};
use proptest::prelude::*;

const ROOT: u32 = 1;
const REQUEST: u32 = 0;
const RESPONSE: u32 = 2;
const CONFIGURATION: u32 = 7;

/// A VM whose plugin has this configuration, on a host that takes calls.
fn configured(json: &str) -> Vm {
    native::script(|script| {
        *script = Script { takes_calls: true, time: Some(1_000_000_000), ..Script::default() };
        script.buffers.insert(CONFIGURATION, json.as_bytes().to_vec());
    });
    let mut vm = Vm::default();
    vm.on_context_create(ROOT, 0);
    assert!(vm.on_configure(ROOT, json.len()), "{:?}", native::script(|script| script.logged.clone()));
    vm
}

/// The events that were sent.
fn sent() -> Vec<Event> {
    let calls = native::script(|script| script.calls.clone());
    let batches = calls.iter().map(|body| Batch::from_bytes(body).expect("a batch"));
    let events = batches.flat_map(|batch| batch.events);
    events.map(|event| Event::from_bytes(&event).expect("an event")).collect()
}

fn map(pairs: &[(&str, &str)]) -> Vec<u8> {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    Pairs::encode(&pairs)
}

#[test]
fn a_stream_becomes_an_event_at_the_next_tick() {
    let mut vm = configured("{}");
    native::script(|script| {
        script.maps.insert(REQUEST, map(&[(":method", "POST"), (":path", "/a?b"), (":authority", "h")]));
        script.maps.insert(RESPONSE, map(&[(":status", "201")]));
        script.buffers.insert(0, b"question".to_vec());
    });
    vm.on_context_create(2, ROOT);
    vm.on_request_headers(2);
    vm.on_request_body(2, 8);
    vm.on_response_headers(2, true);
    vm.on_log(2);
    assert!(sent().is_empty());
    vm.on_tick(ROOT);
    let event = sent().pop().expect("an event");
    let Some(Kind::Exchange(exchange)) = event.kind else { panic!("no exchange") };
    assert_eq!(
        (exchange.method.as_str(), exchange.path.as_str(), exchange.query.as_str()),
        ("POST", "/a", "b")
    );
    assert_eq!((exchange.status, exchange.host.as_str(), event.source.as_str()), (201, "h", "envoy"));
    assert_eq!(exchange.request.and_then(|it| it.body).map(|body| body.head), Some(b"question".to_vec()));
}

#[test]
fn a_streamed_response_says_when_its_chunks_came_by_the_monotonic_clock() {
    let mut vm = configured("{}");
    native::script(|script| {
        script.maps.insert(REQUEST, map(&[(":method", "POST"), (":path", "/")]));
        script.maps.insert(RESPONSE, map(&[(":status", "200")]));
        script.buffers.insert(1, b"data: 1\n\n".to_vec());
    });
    vm.on_context_create(2, ROOT);
    vm.on_request_headers(2);
    vm.on_response_headers(2, false);
    for chunk in 1..4 {
        native::script(|script| script.time = Some(1_000_000_000 + chunk * 20_000_000));
        vm.on_response_body(2, 9, chunk == 3);
    }
    vm.on_log(2);
    vm.on_tick(ROOT);
    let Some(Kind::Exchange(exchange)) = sent().pop().and_then(|event| event.kind) else {
        panic!("no exchange")
    };
    assert_eq!(exchange.first_byte_ns, Some(20_000_000));
    let arrived: Vec<_> = exchange.response.iter().flat_map(|response| response.arrived()).collect();
    assert_eq!(arrived, [(9, 40_000_000), (18, 60_000_000)]);
}

#[test]
fn a_stream_that_only_ends_is_described_by_what_is_known_then() {
    let mut vm = configured("{}");
    native::script(|script| {
        script.maps.insert(REQUEST, map(&[(":method", "GET"), (":path", "/")]));
        script.maps.insert(RESPONSE, map(&[(":status", "403")]));
        script.properties.insert(b"response\0size".to_vec(), 19_u64.to_le_bytes().to_vec());
    });
    vm.on_context_create(2, ROOT);
    vm.on_log(2);
    vm.on_tick(ROOT);
    let Some(Kind::Exchange(exchange)) = sent().pop().and_then(|event| event.kind) else {
        panic!("no exchange")
    };
    let size = exchange.response.and_then(|it| it.body).map(|body| body.size);
    assert_eq!((exchange.status, exchange.path.as_str(), size), (403, "/", Some(19)));
}

#[test]
fn all_that_is_wrong_with_a_configuration_is_logged_and_it_is_refused() {
    let mut vm = configured("{}");
    let bad = r#"{"service": {"nme": "x"}, "rule": [{"match": {"path": 7}}], "egress": {"interval": "1m"}}"#;
    native::script(|script| script.buffers.insert(CONFIGURATION, bad.as_bytes().to_vec()));
    assert!(!vm.on_configure(ROOT, bad.len()));
    let logged = native::script(|script| script.logged.join("\n"));
    for field in ["service.nme", "rule[0].match.path", "egress.interval"] {
        assert!(logged.contains(field), "{field} is not in {logged}");
    }
}

#[test]
fn exchanges_beyond_the_memory_are_counted_and_not_recorded() {
    let mut vm = configured(r#"{"capture": {"max_memory": 4096}}"#);
    for context in 2..100 {
        vm.on_context_create(context, ROOT);
        vm.on_request_headers(context);
    }
    for context in 2..100 {
        vm.on_log(context);
    }
    vm.on_tick(ROOT);
    let lost = native::script(|script| Batch::from_bytes(script.calls.first().expect("a call")))
        .expect("a batch")
        .losses
        .first()
        .map_or(0, |lost| lost.count);
    assert!(lost > 0);
    assert_eq!(sent().len() as u64 + lost, 98);
    assert_eq!(vm.described, 0);
}

#[test]
fn what_an_earlier_configuration_has_not_sent_goes_to_its_own_cluster() {
    let mut vm = configured(r#"{"cluster": "old"}"#);
    vm.on_context_create(2, ROOT);
    vm.on_request_headers(2);
    vm.on_log(2);
    let json = br#"{"cluster": "new"}"#;
    native::script(|script| script.buffers.insert(CONFIGURATION, json.to_vec()));
    vm.on_context_create(ROOT + 100, 0);
    assert!(vm.on_configure(ROOT + 100, json.len()));
    native::script(|script| script.takes_calls = false);
    assert!(vm.on_done(ROOT), "another is there to send it");
    assert_eq!(native::script(|script| script.ticking.last().copied()), Some(Some(ROOT + 100)));
    native::script(|script| {
        script.takes_calls = true;
        script.time = Some(9_000_000_000);
    });
    vm.on_tick(ROOT + 100);
    assert_eq!(sent().len(), 1);
}

#[derive(Clone, Debug)]
enum Call {
    Create(u32),
    RequestHeaders(u32),
    RequestBody(u32, usize),
    ResponseHeaders(u32, bool),
    ResponseBody(u32, usize, bool),
    ResponseTrailers(u32),
    Log(u32),
    Done(u32),
    Tick,
    Answer(u32, u32),
    /// From now on the host hands these bytes over.
    Host {
        map: u32,
        pairs: Vec<u8>,
        buffer: u32,
        bytes: Vec<u8>,
    },
    /// From now on the host answers calls, and has a clock, or not.
    Works(bool, Option<u64>),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let context = || 2_u32..6;
    let bytes = || proptest::collection::vec(any::<u8>(), 0..200);
    let text = || {
        prop_oneof![
            Just(b"websocket".to_vec()),
            Just(b"CONNECT".to_vec()),
            Just(b"101".to_vec()),
            Just(b"200".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..20),
        ]
    };
    let name = prop_oneof![
        Just(b":method".to_vec()),
        Just(b":path".to_vec()),
        Just(b":status".to_vec()),
        Just(b"upgrade".to_vec()),
        Just(b"content-type".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    let pairs = proptest::collection::vec((name, text()), 0..8).prop_map(|pairs| {
        Pairs::encode(
            &pairs.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect::<Vec<_>>(),
        )
    });
    let pairs = prop_oneof![pairs, bytes()];
    let call = prop_oneof![
        context().prop_map(Call::Create),
        context().prop_map(Call::RequestHeaders),
        (context(), 0_usize..300).prop_map(|(context, size)| Call::RequestBody(context, size)),
        (context(), any::<bool>()).prop_map(|(context, last)| Call::ResponseHeaders(context, last)),
        (context(), 0_usize..300, any::<bool>())
            .prop_map(|(c, size, last)| Call::ResponseBody(c, size, last)),
        context().prop_map(Call::ResponseTrailers),
        context().prop_map(Call::Log),
        (1_u32..6).prop_map(Call::Done),
        Just(Call::Tick),
        (0_u32..20, 0_u32..3).prop_map(|(token, headers)| Call::Answer(token, headers)),
        (0_u32..8, pairs, 0_u32..3, bytes()).prop_map(|(map, pairs, buffer, bytes)| Call::Host {
            map,
            pairs,
            buffer,
            bytes
        }),
        (any::<bool>(), any::<Option<u64>>()).prop_map(|(takes, time)| Call::Works(takes, time)),
    ];
    proptest::collection::vec(call, 0..120)
}

fn make(vm: &mut Vm, call: Call) {
    match call {
        Call::Create(context) => vm.on_context_create(context, ROOT),
        Call::RequestHeaders(context) => vm.on_request_headers(context),
        Call::RequestBody(context, size) => vm.on_request_body(context, size),
        Call::ResponseHeaders(context, last) => vm.on_response_headers(context, last),
        Call::ResponseBody(context, size, last) => vm.on_response_body(context, size, last),
        Call::ResponseTrailers(context) => vm.on_response_trailers(context),
        Call::Log(context) => vm.on_log(context),
        Call::Done(context) => {
            vm.on_done(context);
        }
        Call::Tick => vm.on_tick(ROOT),
        Call::Answer(token, headers) => vm.on_call_response(ROOT, token, headers),
        Call::Host { map, pairs, buffer, bytes } => native::script(|script| {
            script.maps.insert(map, pairs);
            script.buffers.insert(buffer, bytes);
        }),
        Call::Works(takes_calls, time) => native::script(|script| {
            script.takes_calls = takes_calls;
            script.time = time;
        }),
    }
}

proptest! {
    #[test]
    fn whatever_the_host_does_nothing_panics_and_what_is_sent_can_be_read(calls in calls()) {
        let all = r#"{"capture": {"headers": {"allow": "*"}, "websocket": {"head": 9, "tail": 9}}, "inject_traceparent": true}"#;
        let mut vm = configured(all);
        for call in calls {
            make(&mut vm, call);
        }
        for context in 2..6 {
            vm.on_done(context);
        }
        prop_assert!(vm.streams.is_empty());
        prop_assert_eq!(vm.described, 0);
        sent();
    }
}
