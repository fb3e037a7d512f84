//! Nanoseconds of the core for one exchange of 1 KB bodies, natively: `cargo run --release --example exchange_cost`.
#![allow(missing_docs, clippy::print_stdout, reason = "an example")]

use offpath_core::{Capture, Config, End, RequestHead, Start, event::Outcome};
use std::{hint::black_box, time::Instant};

fn main() {
    const ROUNDS: u32 = 1_000_000;
    let capture = Capture::new(Config::default(), "asgi");
    let headers: [(&[u8], &[u8]); 5] = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"user-agent", b"bench"),
        (b"content-length", b"1024"),
        (b"accept", b"*/*"),
    ];
    let head = RequestHead {
        method: b"POST",
        scheme: b"http",
        authority: b"127.0.0.1",
        path: b"/v1/chat",
        query: b"a=1",
        http_version: b"1.1",
        client: b"127.0.0.1",
    };
    let start = Start { unix_ns: 1, event_id: 2, trace_id: 3, span_id: 4 };
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let mut exchange =
            capture.begin(black_box(start), black_box(&head), headers.iter().copied()).expect("recorded");
        exchange.request_body(vec![b'a'; 1024], 0, vec![]);
        exchange.response_head(200, headers[1..4].iter().copied());
        exchange.response_body(5, vec![b'b'; 1024], 0, vec![]);
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
        black_box(exchange.finish(&end, 1 << 20));
    }
    println!("{} ns an exchange", began.elapsed().as_nanos() / u128::from(ROUNDS));
}
