//! offpath-core as a WebAssembly component: the world of `filter/wit`, and nothing but translation.
//!
//! The guest is single-threaded; its state is one [`Recorder`] in a thread-local.

mod recorder;
mod texts;

use recorder::Recorder;
use std::cell::RefCell;

mod bindings {
    //! Written by wit-bindgen from `filter/wit/filter.wit`.
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    wit_bindgen::generate!({ path: "../wit", world: "filter" });
}

use bindings::{ConfigError, Finished, Guest, HostSettings, Outcome, Plan};

thread_local! {
    static RECORDER: RefCell<Recorder> = RefCell::default();
}

/// Runs `call` on the recorder. The guest is never entered twice, so the borrow cannot fail; if it did, nothing would
/// be recorded, and nothing else would happen.
fn with<T: Default>(call: impl FnOnce(&mut Recorder) -> T) -> T {
    RECORDER.with(|recorder| {
        recorder.try_borrow_mut().map(|mut recorder| call(&mut recorder)).unwrap_or_default()
    })
}

struct Component;

impl Guest for Component {
    fn configure(json: String, source: String) -> Result<HostSettings, Vec<ConfigError>> {
        let config = recorder::parse(&json)?;
        let settings = recorder::host_settings(&config);
        with(|recorder| recorder.configure(config, &source));
        Ok(settings)
    }

    fn begin(
        unix_ns: u64,
        event_id_high: u64,
        event_id_low: u64,
        trace_id_high: u64,
        trace_id_low: u64,
        span_id: u64,
        parent_span_id: u64,
        trace_flags: u8,
        texts: Vec<u8>,
    ) -> Plan {
        let start = offpath_core::Start {
            unix_ns,
            event_id: join(event_id_high, event_id_low),
            trace_id: join(trace_id_high, trace_id_low),
            span_id,
            parent: (parent_span_id != 0)
                .then_some(offpath_core::Parent { span_id: parent_span_id, flags: trace_flags }),
        };
        with(|recorder| Some(recorder.begin(start, &texts))).unwrap_or(recorder::NOT_RECORDED)
    }

    fn request_body(exchange: u64, first: Vec<u8>, skipped: u64, last: Option<Vec<u8>>) {
        with(|recorder| {
            if let Some(exchange) = recorder.get(exchange) {
                exchange.request_body(first, skipped, last.unwrap_or_default());
            }
        });
    }

    fn response_head(exchange: u64, status: u16, texts: Vec<u8>) {
        with(|recorder| {
            if let Some(exchange) = recorder.get(exchange) {
                exchange.response_head(status, texts::pairs(texts::split(&texts)));
            }
        });
    }

    fn response_body(exchange: u64, elapsed_ns: u64, first: Vec<u8>, skipped: u64, last: Option<Vec<u8>>) {
        with(|recorder| {
            if let Some(exchange) = recorder.get(exchange) {
                exchange.response_body(elapsed_ns, first, skipped, last.unwrap_or_default());
            }
        });
    }

    fn finish(
        exchange: u64,
        elapsed_ns: u64,
        how: Outcome,
        close_code: u16,
        max_bytes: u32,
        texts: Vec<u8>,
        first: Vec<u8>,
        skipped: u64,
        last: Option<Vec<u8>>,
    ) -> Finished {
        let finished = with(|recorder| {
            let mut exchange = recorder.remove(exchange)?;
            exchange.response_body(elapsed_ns, first, skipped, last.unwrap_or_default());
            Some(recorder::finish(exchange, elapsed_ns, how, close_code, max_bytes, &texts))
        });
        finished.unwrap_or(Finished::Nothing)
    }

    fn forget(exchange: u64) {
        with(|recorder| {
            recorder.remove(exchange);
        });
    }
}

fn join(high: u64, low: u64) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
}

bindings::export!(Component with_types_in bindings);
