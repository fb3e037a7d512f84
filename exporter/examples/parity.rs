//! What `tests/parity` runs natively: an exchange through the core, linked as any crate, and an event as its JSON, treated
//! as it is before it is stored.
//!
//! `parity record` answers each exchange with its event, or `null`; `parity show` each event's bytes with its JSON.
#![allow(missing_docs, reason = "an example")]

#[path = "../../tests/parity/told.rs"]
mod told;

use offpath_core::{
    Capture, Config, End, Finished, RequestHead, Start,
    event::{Event, Outcome},
};
use offpath_exporter::{event_json, redact::Treatments};
use told::{Failed, Told, answer_lines};

fn main() -> Result<(), Failed> {
    match std::env::args().nth(1).as_deref() {
        Some("record") => answer_lines(record),
        Some("show") => answer_lines(|told| show(&told.bytes("event")?)),
        _ => Err("usage: parity record|show".into()),
    }
}

/// Hands over every byte, so that whoever hands over only what the plan wants is compared with one who does not.
fn record(told: &Told) -> Result<String, Failed> {
    let config = Config::from_json(told.value("config")?).map_err(|errors| format!("{errors:?}"))?;
    let [method, scheme, authority, path, query, http_version, client] =
        told.list("head")?.try_into().map_err(|_| "a head has seven texts")?;
    let head = RequestHead {
        method: &method,
        scheme: &scheme,
        authority: &authority,
        path: &path,
        query: &query,
        http_version: &http_version,
        client: &client,
    };
    let start = Start { unix_ns: 1, event_id: 2, trace_id: 3, span_id: 4, parent: None };
    let capture = Capture::new(config, "native");
    let request_headers = told.list("request_headers")?;
    let Some(mut exchange) = capture.begin(start, &head, fields(&request_headers)) else {
        return Ok("null".to_owned());
    };
    for chunk in told.list("request")? {
        exchange.request_body(chunk, 0, Vec::new());
    }
    let status = told.number("status")?;
    if status != 0 {
        exchange.response_head(status, fields(&told.list("response_headers")?));
    }
    for chunk in told.list("response")? {
        exchange.response_body(5, chunk, 0, Vec::new());
    }
    let end = End {
        elapsed_ns: told.number("elapsed_ns")?,
        outcome: outcome(told.text("outcome")?)?,
        route: &told.bytes("route")?,
        error: None,
        websocket: Some((told.number("close_code")?, &told.bytes("subprotocol")?)),
        grpc_status: None,
        proxy: None,
        scope: &[],
    };
    match exchange.finish(&end, usize::MAX) {
        Finished::Event(event) => show(&event),
        Finished::Unsampled(_) | Finished::Nothing => Ok("null".to_owned()),
        Finished::TooLong => Err("the event is too long".into()),
    }
}

fn show(event: &[u8]) -> Result<String, Failed> {
    let mut event = Event::from_bytes(event)?;
    Treatments::default().treat(&mut event);
    Ok(event_json::to_string(&event))
}

/// Name and value in turn.
fn fields(texts: &[Vec<u8>]) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
    texts.chunks_exact(2).map(|pair| (pair[0].as_slice(), pair[1].as_slice()))
}

fn outcome(name: &str) -> Result<Outcome, Failed> {
    let all = [Outcome::Completed, Outcome::ClientDisconnected];
    all.into_iter()
        .find(|outcome| outcome.name() == name)
        .ok_or_else(|| format!("no outcome is {name}").into())
}
