//! An event as a row.

use offpath_core::event::{Event, Exchange, Kind, Level, Loss, Message, Score, Span};
use rusqlite::{Statement, named_params};

use super::{facts::Facts, trace::Place};
use crate::{event_json, usage::Usage};

/// An event that is there already stays as it is.
pub(super) const INSERT: &str = "
INSERT INTO events (
    id, trace_id, span_id, parent_span_id, start_time, duration_ns, first_byte_ns, kind, service, environment, source,
    rule, failed, outcome, method, host, path, route, status, client, error_type, request_size, response_size, user_id,
    session_id, name, level, system, operation, model, input_tokens, output_tokens, total_tokens, cost_usd,
    first_token_ns, top, usage_counts, trace_input_tokens, trace_output_tokens, trace_cost_usd, score_value, score_text,
    loss_reason, loss_count, json
) VALUES (
    :id, :trace_id, :span_id, :parent_span_id, :start_time, :duration_ns, :first_byte_ns, :kind, :service, :environment,
    :source, :rule, :failed, :outcome, :method, :host, :path, :route, :status, :client, :error_type, :request_size,
    :response_size, :user_id, :session_id, :name, :level, :system, :operation, :model, :input_tokens, :output_tokens,
    :total_tokens, :cost_usd, :first_token_ns, :top, :usage_counts, :trace_input_tokens, :trace_output_tokens,
    :trace_cost_usd, :score_value, :score_text, :loss_reason, :loss_count, :json
) ON CONFLICT (id) DO NOTHING";

/// What an event is, by kind; at most one is there.
struct Of<'a> {
    exchange: Option<&'a Exchange>,
    span: Option<&'a Span>,
    score: Option<&'a Score>,
    loss: Option<&'a Loss>,
}

/// Runs [`INSERT`] for one event. Returns whether it is new.
pub(super) fn insert(
    statement: &mut Statement<'_>,
    event: &Event,
    facts: &Facts<'_>,
    place: &Place,
    json: &[u8],
) -> rusqlite::Result<bool> {
    let Of { exchange, span, score, loss } = Of::new(event);
    let of = |field: fn(&Exchange) -> &str| exchange.map(field).and_then(known);
    let generation =
        exchange.map_or_else(|| span?.generation.as_ref(), |exchange| exchange.generation.as_ref());
    let used = facts.generation.unwrap_or_default();
    let error = exchange.map_or_else(|| span?.error.as_ref(), |exchange| exchange.error.as_ref());
    let rows = statement.execute(named_params! {
        ":id": event_json::id(event.id()),
        ":trace_id": facts.trace_id,
        ":span_id": facts.span_id,
        ":parent_span_id": (event.parent_span_id != 0).then(|| format!("{:016x}", event.parent_span_id)),
        ":start_time": facts.start_time,
        ":duration_ns": facts.duration_ns,
        ":first_byte_ns": exchange.and_then(|exchange| exchange.first_byte_ns).map(integer),
        ":kind": event_json::kind(event),
        ":service": event.service,
        ":environment": event.environment,
        ":source": known(&event.source),
        ":rule": of(|exchange| &exchange.rule),
        ":failed": facts.failed,
        ":outcome": exchange.map(event_json::outcome),
        ":method": of(|exchange| &exchange.method),
        ":host": of(|exchange| &exchange.host),
        ":path": of(|exchange| &exchange.path),
        ":route": of(|exchange| &exchange.route),
        ":status": exchange.map(|exchange| exchange.status).filter(|status| *status != 0),
        ":client": of(|exchange| &exchange.client),
        ":error_type": error.map(|error| &error.r#type),
        ":request_size": exchange.map(|exchange| size(exchange.request.as_ref())),
        ":response_size": exchange.map(|exchange| size(exchange.response.as_ref())),
        ":user_id": known(&event.user_id),
        ":session_id": known(&event.session_id),
        ":name": span.map(|span| &span.name).or(score.map(|score| &score.name)),
        ":level": span.map(|span| Level::try_from(span.level).unwrap_or(Level::Default).name()),
        ":system": known(facts.system),
        ":operation": generation.and_then(|generation| known(&generation.operation)),
        ":model": known(facts.model),
        ":input_tokens": used.input_tokens,
        ":output_tokens": used.output_tokens,
        ":total_tokens": generation.and_then(|generation| Usage::of_tokens(generation).total()).map(integer),
        ":cost_usd": used.cost_usd,
        ":first_token_ns": facts.first_token_ns,
        ":top": facts.top,
        ":usage_counts": place.usage_counts,
        ":trace_input_tokens": place.trace.input_tokens,
        ":trace_output_tokens": place.trace.output_tokens,
        ":trace_cost_usd": place.trace.cost_usd,
        ":score_value": score.and_then(|score| score.value).filter(|value| value.is_finite()),
        ":score_text": score.and_then(|score| known(&score.text)),
        ":loss_reason": loss.map(|loss| &loss.reason),
        ":loss_count": loss.map(|loss| integer(loss.count)),
        ":json": str::from_utf8(json)?,
    })?;
    Ok(rows > 0)
}

impl<'a> Of<'a> {
    fn new(event: &'a Event) -> Self {
        let mut of = Self { exchange: None, span: None, score: None, loss: None };
        match &event.kind {
            Some(Kind::Exchange(exchange)) => of.exchange = Some(exchange),
            Some(Kind::Span(span)) => of.span = Some(span),
            Some(Kind::Score(score)) => of.score = Some(score),
            Some(Kind::Loss(loss)) => of.loss = Some(loss),
            Some(Kind::Unsampled(_)) | None => {}
        }
        of
    }
}

fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn size(message: Option<&Message>) -> i64 {
    message.and_then(|message| message.body.as_ref()).map_or(0, |body| integer(body.size))
}

/// SQLite's integers are signed; a hostile producer's may be larger.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
