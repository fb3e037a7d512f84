//! What `tests/parity` runs in the sandbox: an exchange through dist/offpath.wasm in wasmtime, by the calls of
//! `filter/wit` and with no Python host between.
//!
//! `component WASM` answers each exchange with its event's bytes, as they are told too; none if it was not recorded.
#![allow(missing_docs, reason = "an example")]

#[path = "../src/sandbox/settings.rs"]
mod settings;
#[path = "../../tests/parity/told.rs"]
mod told;

mod bindings {
    //! Written by wasmtime from `filter/wit/filter.wit`.
    #![allow(missing_docs, missing_debug_implementations, unreachable_pub, clippy::all, reason = "generated")]
    wasmtime::component::bindgen!({ path: "../filter/wit", world: "filter" });
}

use bindings::{Filter, Finished, Outcome, Want};
use told::{Failed, Told, answer_lines};
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};

const FUEL: u64 = 10_000_000_000;

fn main() -> Result<(), Failed> {
    let engine = settings::engine()?;
    let wasm = std::env::args_os().nth(1).ok_or("usage: component WASM")?;
    let component = Component::from_file(&engine, wasm)?;
    answer_lines(|told| record(&engine, &component, told))
}

/// In a guest of its own, as every configuration has.
fn record(engine: &Engine, component: &Component, told: &Told) -> Result<String, Failed> {
    let mut store = Store::new(engine, ());
    store.set_fuel(FUEL)?;
    let guest = Filter::instantiate(&mut store, component, &Linker::new(engine))?;
    let config = told.value("config")?.to_string();
    guest.call_configure(&mut store, &config, "component")?.map_err(|errors| format!("{errors:?}"))?;
    let begin = joined(&[told.list("head")?, told.list("request_headers")?].concat());
    let plan = guest.call_begin(&mut store, 1, 0, 2, 0, 3, 4, 0, 0, &begin)?;
    let mut wanted = Wanted { want: plan.request, seen: 0 };
    for chunk in told.list("request")? {
        let (first, skipped, last) = wanted.of(&chunk);
        guest.call_request_body(&mut store, plan.exchange, first, skipped, last)?;
    }
    let status = told.number("status")?;
    if status != 0 {
        let headers = joined(&told.list("response_headers")?);
        guest.call_response_head(&mut store, plan.exchange, status, &headers)?;
    }
    let mut wanted = Wanted { want: plan.response, seen: 0 };
    for chunk in told.list("response")? {
        let (first, skipped, last) = wanted.of(&chunk);
        guest.call_response_body(&mut store, plan.exchange, 5, first, skipped, last)?;
    }
    let how = outcome(told.text("outcome")?)?;
    let texts = joined(&[told.bytes("route")?, told.bytes("subprotocol")?]);
    let code = told.number("close_code")?;
    let elapsed = told.number("elapsed_ns")?;
    let finished =
        guest.call_finish(&mut store, plan.exchange, elapsed, how, code, u32::MAX, &texts, &[], 0, None)?;
    Ok(match finished {
        Finished::Event(event) => told::text_of(&event),
        _ => told::text_of(&[]),
    })
}

/// Each preceded by its length, as `filter/wit` says.
fn joined(texts: &[Vec<u8>]) -> Vec<u8> {
    let length = |text: &Vec<u8>| u32::try_from(text.len()).unwrap_or_default().to_le_bytes();
    texts.iter().flat_map(|text| length(text).into_iter().chain(text.iter().copied())).collect()
}

/// What is handed over of a body.
struct Wanted {
    want: Want,
    seen: usize,
}

impl Wanted {
    /// First bytes, how many are left out, last bytes; the least that the plan allows.
    fn of<'a>(&mut self, chunk: &'a [u8]) -> (&'a [u8], u64, Option<&'a [u8]>) {
        let head = (self.want.head as usize).saturating_sub(self.seen).min(chunk.len());
        self.seen += chunk.len();
        let (first, rest) = chunk.split_at(head);
        let skipped = rest.len().saturating_sub(self.want.tail as usize);
        if skipped == 0 { (chunk, 0, None) } else { (first, skipped as u64, Some(&rest[skipped..])) }
    }
}

fn outcome(name: &str) -> Result<Outcome, Failed> {
    match name {
        "completed" => Ok(Outcome::Completed),
        "client_disconnected" => Ok(Outcome::ClientDisconnected),
        _ => Err(format!("no outcome is {name}").into()),
    }
}
