//! The exchanges in flight of one guest, by number.

use crate::{
    bindings::{ConfigError, Finished, HostSettings, Outcome, Plan, SpanSettings, Want},
    texts::{pairs, split},
};
use offpath_core::{Capture, Config, End, Exchange, RequestHead, Start, config, event};
use std::rc::Rc;

/// The answer for an exchange that is not to be recorded.
pub(crate) const NOT_RECORDED: Plan = Plan {
    exchange: 0,
    request: Want { head: 0, tail: 0, kept: 0 },
    response: Want { head: 0, tail: 0, kept: 0 },
    trace_id_high: 0,
    trace_id_low: 0,
    trace_flags: 0,
};

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
    Config::from_text(json.as_bytes()).map_err(|errors| errors.iter().map(translate).collect())
}

/// What the host is told of a configuration that was taken.
pub(crate) fn host_settings(config: &Config) -> HostSettings {
    HostSettings {
        ring_size: config.host.ring_size,
        sandbox_memory: config.host.sandbox_memory,
        sandbox_fuel: config.host.sandbox_fuel,
        propagate: config.host.propagate.clone(),
        scope: config.scope().to_vec(),
        rules: config.version().to_owned(),
        spans: span_settings(config),
        warnings: config.warnings().iter().map(translate).collect(),
    }
}

fn span_settings(config: &Config) -> SpanSettings {
    let spans = &config.spans;
    SpanSettings {
        record: spans.record,
        sample_threshold: spans.sample_threshold(),
        input: spans.input,
        output: spans.output,
        metadata: spans.metadata,
        attribute: spans.attribute,
        max_string: spans.max_string,
        max_items: spans.max_items,
        max_depth: spans.max_depth,
        common: config.common_of_spans(),
    }
}

fn translate(error: &config::Error) -> ConfigError {
    let config::Error { field, rule, value } = error.clone();
    ConfigError { field, rule, value }
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
        let (trace_id, trace_flags) = exchange.trace();
        let (trace_id_high, trace_id_low) = halves(trace_id);
        Plan {
            exchange: self.insert(exchange),
            request: want(plan.request),
            response: want(plan.response),
            trace_id_high,
            trace_id_low,
            trace_flags,
        }
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
    mut exchange: Exchange,
    elapsed_ns: u64,
    how: Outcome,
    close_code: u16,
    max_bytes: u32,
    joined: &[u8],
) -> Finished {
    let mut texts = split(joined);
    let mut next = || texts.next().unwrap_or_default();
    let (route, subprotocol, class, message) = (next(), next(), next(), next());
    let http_version = next();
    if !http_version.is_empty() {
        exchange.connection(http_version, b"");
    }
    let error = (!class.is_empty() || !message.is_empty()).then_some((class, message));
    let scope: Vec<&[u8]> = texts.collect();
    let end = End {
        elapsed_ns,
        outcome: outcome(how),
        route,
        error,
        websocket: Some((close_code, subprotocol)),
        grpc_status: None,
        proxy: None,
        scope: &scope,
    };
    match exchange.finish(&end, max_bytes as usize) {
        offpath_core::Finished::Event(event) => Finished::Event(event),
        offpath_core::Finished::Unsampled(event) => Finished::Unsampled(event),
        offpath_core::Finished::Nothing => Finished::Nothing,
        offpath_core::Finished::TooLong => Finished::TooLong,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "cutting the number in half is the point")]
fn halves(id: u128) -> (u64, u64) {
    ((id >> 64) as u64, id as u64)
}

fn want(want: offpath_core::Want) -> Want {
    Want { head: want.head, tail: want.tail, kept: want.kept }
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

    const START: Start = Start { unix_ns: 0, event_id: 1, trace_id: 2, span_id: 3, parent: None };

    fn recorder() -> Recorder {
        let mut recorder = Recorder::default();
        recorder.configure(Config::default(), "test");
        recorder
    }

    /// Whether there was an exchange of this number, and it gave an event.
    fn finish(recorder: &mut Recorder, number: u64) -> bool {
        let exchange = recorder.remove(number);
        let finished =
            exchange.map(|exchange| super::finish(exchange, 0, Outcome::Completed, 0, u32::MAX, b""));
        matches!(finished, Some(Finished::Event(event)) if !event.is_empty())
    }

    #[test]
    fn nothing_is_recorded_before_it_is_configured() {
        assert_eq!(Recorder::default().begin(START, b"").exchange, 0);
    }

    #[test]
    fn an_exchange_ends_once() {
        let mut recorder = recorder();
        let number = recorder.begin(START, b"\x03\0\0\0GET").exchange;
        assert!(finish(&mut recorder, number));
        assert!(!finish(&mut recorder, number));
    }

    #[test]
    fn a_late_call_does_not_reach_the_exchange_that_has_its_slot_now() {
        let mut recorder = recorder();
        let first = recorder.begin(START, b"").exchange;
        recorder.remove(first);
        let second = recorder.begin(START, b"").exchange;
        assert_ne!(first, second);
        assert!(!finish(&mut recorder, first));
        assert!(finish(&mut recorder, second));
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
