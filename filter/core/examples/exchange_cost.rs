//! Nanoseconds of the core for one exchange of 1 KB bodies, natively, under more and more rules that do not match:
//! `cargo run --release --example exchange_cost`.
#![allow(missing_docs, clippy::print_stdout, reason = "an example")]

use offpath_core::{Capture, Config, End, RequestHead, Start, event::Outcome};
use serde_json::{Value, json};
use std::{hint::black_box, rc::Rc, time::Instant};

const ROUNDS: u32 = 300_000;
const HEADERS: [(&[u8], &[u8]); 5] = [
    (b"host", b"localhost"),
    (b"content-type", b"application/json"),
    (b"user-agent", b"bench"),
    (b"content-length", b"1024"),
    (b"accept", b"*/*"),
];

fn main() {
    println!("{:<44} {:>9}", "rules", "ns each");
    let by_path =
        |number: usize| json!({"match": {"path": format!("/v1/other{number}/**"), "method": "POST"}});
    for count in [0, 20, 100] {
        print_row(&format!("{count} on path and method"), &(0..count).map(by_path).collect());
    }
    let mixed = |number: usize| match number % 4 {
        0 => json!({"match": {"path": format!("/v1/*/other{number}")}}),
        1 => json!({"match": {"host": format!("h{number}.example.com"), "path": "/v1/**"}}),
        2 => json!({"match": {"header": {"x-tenant": format!("t{number}")}}}),
        _ => json!({"match": {"content_type": "text/*", "method": ["GET", "POST"]}}),
    };
    for count in [20, 100] {
        print_row(&format!("{count} on path, host, header, content type"), &(0..count).map(mixed).collect());
    }
    print_row("1 that waits for the status", &vec![json!({"match": {"status": "5xx"}})]);
    let late = |number: usize| json!({"match": {"path": "/v1/chat", "status": 500 + number % 100}});
    print_row("20 that wait for the status", &(0..20).map(late).collect());
}

fn print_row(name: &str, rules: &Vec<Value>) {
    let config = Config::from_json(&json!({"rule": rules})).expect("valid rules");
    let capture = Capture::new(config, "asgi");
    let best = (0..5).map(|_| nanoseconds(&capture)).min().unwrap_or_default();
    println!("{name:<44} {best:>9}");
}

fn nanoseconds(capture: &Rc<Capture>) -> u128 {
    let head = RequestHead {
        method: b"POST",
        scheme: b"http",
        authority: b"127.0.0.1",
        path: b"/v1/chat",
        query: b"a=1",
        http_version: b"1.1",
        client: b"127.0.0.1",
    };
    let start = Start { unix_ns: 1, event_id: 2, trace_id: 3, span_id: 4, parent: None };
    let end = End {
        elapsed_ns: 9,
        outcome: Outcome::Completed,
        route: b"/v1/chat",
        error: None,
        websocket: None,
        grpc_status: None,
        proxy: None,
        scope: &[],
    };
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let mut exchange =
            capture.begin(black_box(start), black_box(&head), HEADERS.iter().copied()).expect("recorded");
        exchange.request_body(vec![b'a'; 1024], 0, vec![]);
        exchange.response_head(200, HEADERS.iter().skip(1).copied());
        exchange.response_body(5, vec![b'b'; 1024], 0, vec![]);
        black_box(exchange.finish(&end, usize::MAX));
    }
    began.elapsed().as_nanos() / u128::from(ROUNDS)
}
