//! The exchanges in flight of one guest, by number.

use crate::{
    bindings::{ConfigError, Outcome, Plan, Want},
    texts::{pairs, split},
};
use offpath_core::{Capture, Config, End, Exchange, RequestHead, Start, event};
use std::rc::Rc;

/// The answer for an exchange that is not to be recorded.
pub(crate) const NOT_RECORDED: Plan =
    Plan { exchange: 0, request: Want { head: 0, tail: 0 }, response: Want { head: 0, tail: 0 } };

/// Texts of a request head that stand before its headers.
const HEAD_TEXTS: usize = 7;

/// Exchanges in flight.
///
/// A slot is used again when its exchange is over; `generation` is part of an exchange's number, so that a late call
/// for an earlier one finds nothing.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    capture: Option<Rc<Capture>>,
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    exchange: Option<Exchange>,
}

/// Reads a configuration.
pub(crate) fn parse(json: &str) -> Result<Config, Vec<ConfigError>> {
    let value = serde_json::from_str(json).map_err(|error| {
        let rule = format!("must be JSON: {error}");
        vec![ConfigError { field: "the configuration".to_owned(), rule, value: String::new() }]
    })?;
    Config::from_json(&value).map_err(|errors| {
        let translate = |error: offpath_core::config::Error| ConfigError {
            field: error.field,
            rule: error.rule,
            value: error.value,
        };
        errors.into_iter().map(translate).collect()
    })
}

impl Recorder {
    pub(crate) fn configure(&mut self, config: Config, source: &str) {
        self.capture = Some(Capture::new(config, source));
    }

    pub(crate) fn begin(&mut self, start: Start, joined: &[u8]) -> Plan {
        let Some(capture) = &self.capture else { return NOT_RECORDED };
        let mut texts = split(joined);
        let mut first = [b"".as_slice(); HEAD_TEXTS];
        first.iter_mut().zip(texts.by_ref()).for_each(|(slot, text)| *slot = text);
        let [method, scheme, authority, path, query, http_version, client] = first;
        let head = RequestHead { method, scheme, authority, path, query, http_version, client };
        let Some(exchange) = capture.begin(start, &head, pairs(texts)) else { return NOT_RECORDED };
        let plan = exchange.plan();
        Plan { exchange: self.insert(exchange), request: want(plan.request), response: want(plan.response) }
    }

    fn insert(&mut self, exchange: Exchange) -> u64 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let Some(slot) = self.slots.get_mut(index as usize) else { return 0 };
        // From 1 on, so that no exchange has the number 0.
        slot.generation = slot.generation.checked_add(1).unwrap_or(1);
        slot.exchange = Some(exchange);
        (u64::from(slot.generation) << 32) | u64::from(index)
    }

    fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let (generation, index) = (number >> 32, number & u64::from(u32::MAX));
        let slot = self.slots.get_mut(usize::try_from(index).ok()?)?;
        (u64::from(slot.generation) == generation).then_some(slot)
    }

    pub(crate) fn get(&mut self, number: u64) -> Option<&mut Exchange> {
        self.slot(number)?.exchange.as_mut()
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<Exchange> {
        let exchange = self.slot(number)?.exchange.take()?;
        let index = number & u64::from(u32::MAX);
        self.free.extend(u32::try_from(index).ok());
        Some(exchange)
    }
}

/// Ends an exchange by what the WIT call `finish` says of it.
pub(crate) fn finish(
    exchange: Exchange,
    elapsed_ns: u64,
    how: Outcome,
    close_code: u16,
    max_bytes: u32,
    joined: &[u8],
) -> Vec<u8> {
    let mut texts = split(joined);
    let route = texts.next().unwrap_or_default();
    let subprotocol = texts.next().unwrap_or_default();
    let error = pairs(texts).next();
    let websocket = Some((close_code, subprotocol));
    let end =
        End { elapsed_ns, outcome: outcome(how), route, error, websocket, grpc_status: None, proxy: None };
    exchange.finish(&end, max_bytes as usize).unwrap_or_default()
}

fn want(want: offpath_core::Want) -> Want {
    Want { head: want.head, tail: want.tail }
}

fn outcome(how: Outcome) -> event::Outcome {
    match how {
        Outcome::Completed => event::Outcome::Completed,
        Outcome::ClientDisconnected => event::Outcome::ClientDisconnected,
        Outcome::AppError => event::Outcome::AppError,
        Outcome::UpstreamError => event::Outcome::UpstreamError,
        Outcome::Reset => event::Outcome::Reset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Start = Start { unix_ns: 0, event_id: 1, trace_id: 2, span_id: 3 };

    fn recorder() -> Recorder {
        let mut recorder = Recorder::default();
        recorder.configure(Config::default(), "test");
        recorder
    }

    fn finish(recorder: &mut Recorder, number: u64) -> Vec<u8> {
        let exchange = recorder.remove(number);
        exchange
            .map(|exchange| super::finish(exchange, 0, Outcome::Completed, 0, u32::MAX, b""))
            .unwrap_or_default()
    }

    #[test]
    fn nothing_is_recorded_before_it_is_configured() {
        assert_eq!(Recorder::default().begin(START, b"").exchange, 0);
    }

    #[test]
    fn an_exchange_ends_once() {
        let mut recorder = recorder();
        let number = recorder.begin(START, b"\x03\0\0\0GET").exchange;
        assert!(!finish(&mut recorder, number).is_empty());
        assert!(finish(&mut recorder, number).is_empty());
    }

    #[test]
    fn a_late_call_does_not_reach_the_exchange_that_has_its_slot_now() {
        let mut recorder = recorder();
        let first = recorder.begin(START, b"").exchange;
        recorder.remove(first);
        let second = recorder.begin(START, b"").exchange;
        assert_ne!(first, second);
        assert!(finish(&mut recorder, first).is_empty());
        assert!(!finish(&mut recorder, second).is_empty());
    }

    #[test]
    fn slots_of_ended_exchanges_are_used_again() {
        let mut recorder = recorder();
        for _ in 0..1000 {
            let number = recorder.begin(START, b"").exchange;
            recorder.remove(number);
        }
        assert_eq!(recorder.slots.len(), 1);
    }

    #[test]
    fn what_is_no_json_is_an_error_of_the_configuration() {
        let errors = parse("{").expect_err("an error");
        assert_eq!(errors.first().map(|error| error.field.as_str()), Some("the configuration"));
    }
}
