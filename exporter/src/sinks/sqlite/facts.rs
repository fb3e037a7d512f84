//! What an event tells that its place in the trace and the sums depend on.

use offpath_core::event::{Event, Exchange, Generation, Kind, Level, Outcome, Span};

use super::{row::integer, used::Used};
use crate::{event_json, usage::Usage};

/// Sources of requests that came in.
pub(crate) const REQUESTS: [&str; 2] = ["asgi", "envoy"];

/// Sources of calls that went out.
pub(crate) const CALLS: [&str; 2] = ["httpx", "aiohttp"];

/// An event, in the terms of its row; empty is what it does not have.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) start_time: i64,
    pub(super) duration_ns: i64,
    pub(super) service: &'a str,
    pub(super) environment: &'a str,
    pub(super) source: &'a str,
    pub(super) is_exchange: bool,
    /// Whether a trace begins with it in this app.
    pub(super) top: bool,
    pub(super) failed: bool,
    /// The route; of calls that went out without one, the host; of spans that are top, the name.
    pub(super) route: &'a str,
    pub(super) system: &'a str,
    pub(super) model: &'a str,
    pub(super) first_token_ns: Option<i64>,
    /// What a model used in it; `None` if it is of no model.
    pub(super) generation: Option<Used>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        let source = event.source.as_str();
        let (top, failed, route, generation) = match &event.kind {
            Some(Kind::Exchange(exchange)) => {
                let is_nameless_call = exchange.route.is_empty() && CALLS.contains(&source);
                let route = if is_nameless_call { &exchange.host } else { &exchange.route };
                (
                    REQUESTS.contains(&source),
                    has_failed(exchange),
                    route.as_str(),
                    exchange.generation.as_ref(),
                )
            }
            Some(Kind::Span(span)) => {
                let top = event.parent_span_id == 0;
                let route = if top { span.name.as_str() } else { "" };
                (top, has_gone_wrong(span), route, span.generation.as_ref())
            }
            _ => (false, false, "", None),
        };
        Self {
            trace_id: event_json::id(event.trace_id()),
            span_id: format!("{:016x}", event.span_id),
            start_time: integer(event.start_unix_ns),
            duration_ns: integer(event.duration_ns),
            service: &event.service,
            environment: &event.environment,
            source,
            is_exchange: matches!(event.kind, Some(Kind::Exchange(_))),
            top,
            failed,
            route,
            system: generation.map_or("", |generation| &generation.system),
            model: generation.map_or("", Generation::model),
            first_token_ns: generation.and_then(|generation| generation.first_token_ns).map(integer),
            generation: generation.map(used),
        }
    }
}

/// All input and all output: who sums up a column should not have to know what else there is.
fn used(generation: &Generation) -> Used {
    let usage = Usage::of_tokens(generation);
    Used {
        input_tokens: usage.input().map(integer),
        output_tokens: usage.output().map(integer),
        cost_usd: generation.cost_usd().filter(|usd| usd.is_finite()),
    }
}

fn has_failed(exchange: &Exchange) -> bool {
    // A stream that began well may end with a provider's error.
    let is_of_provider = exchange.generation.as_ref().is_some_and(|told| !told.error_kind.is_empty());
    exchange.status >= 400 || exchange.outcome != Outcome::Completed as i32 || is_of_provider
}

fn has_gone_wrong(span: &Span) -> bool {
    span.level == Level::Error as i32 || span.error.is_some()
}
