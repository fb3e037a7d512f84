//! An event as a whole: its bodies, each text beside them, and whose it is.
//!
//! It fails closed: where a treatment cannot be carried out, or panics, all that may hold a secret is withheld.

mod identity;
mod otel;
mod parts;
mod texts;
mod told;

use std::panic::{AssertUnwindSafe, catch_unwind};

use offpath_core::event::{Body, Event, Exchange, Kind, Message, OtelSpan, Treated};
use tracing::error;

use super::{
    Done, Redactor, Treatments,
    body::{self, Described},
    withheld,
};
use crate::otel::Whole;

pub(super) fn treat(treatments: &mut Treatments, event: &mut Event) -> Done {
    // What is neither says nothing of what anybody sent.
    if !matches!(event.kind, Some(Kind::Exchange(_) | Kind::Span(_) | Kind::Score(_))) {
        return Done::default();
    }
    let (treatment, told) = (std::mem::take(&mut event.treatment), std::mem::take(&mut event.told));
    let Some(redactor) = treatments.compiled.get(&treatment) else {
        return withhold(event, withheld::UNUSABLE);
    };
    // An event that is half treated is withheld as a whole.
    let done = catch_unwind(AssertUnwindSafe(|| redact(event, told, &redactor)));
    done.unwrap_or_else(|_| {
        if !std::mem::replace(&mut treatments.told, true) {
            error!("redaction has failed, and what it was for is withheld; please report it");
        }
        withhold(event, withheld::FAILED)
    })
}

fn redact(event: &mut Event, told: u32, redactor: &Redactor) -> Done {
    let mut done = Done { llm: redactor.llm.clone(), ..Done::default() };
    let mut otel = take_otel(event);
    let found = match &mut event.kind {
        Some(Kind::Exchange(exchange)) => redact_bodies(exchange, redactor, &mut done),
        _ => {
            told::bodies(event).for_each(|body| redact_told(body, redactor, &mut done));
            if let Some(parameters) = told::parameters(event) {
                redact_parameters(parameters, redactor, &mut done);
            }
            Vec::new()
        }
    };
    told::forget_what_only_the_exporter_knows(event);
    identity::tell(event, told, &redactor.identity, &found);
    let mut searched = parts::Searched::new(redactor);
    texts::each(event, |text| searched.redact(text));
    if let Some((otel, whole)) = &mut otel {
        otel::redact(otel, whole, redactor, &mut searched, &mut done);
    }
    done.masked += searched.masked;
    done.withheld.extend(searched.withheld);
    if let Some((otel, whole)) = otel {
        put_otel(event, otel, whole);
    }
    done
}

/// Takes a span of OpenTelemetry out of an event, and what was said in it into the event's bodies. What cannot be read cannot
/// be looked into, and is withheld.
fn take_otel(event: &mut Event) -> Option<(OtelSpan, Whole)> {
    let Some(Kind::Span(span)) = &mut event.kind else { return None };
    let mut otel = span.otel.take()?;
    let Ok(mut whole) = Whole::decode(&otel) else {
        let mut body = Body { size: otel.span.len() as u64, ..Body::default() };
        withhold_body(&mut body, withheld::NO_SPAN);
        // With the event's bodies it is counted.
        span.input = Some(body);
        return None;
    };
    whole.take_said(span, &mut otel);
    let name = std::mem::take(&mut whole.span.name);
    if span.name.is_empty() {
        span.name = name;
    }
    Some((otel, whole))
}

/// Puts it back, and has the event say what its attributes do.
fn put_otel(event: &mut Event, mut otel: OtelSpan, whole: Whole) {
    whole.fill(event);
    whole.encode(&mut otel);
    if let Some(Kind::Span(span)) = &mut event.kind {
        span.otel = Some(otel);
    }
}

/// Returns which of the fields that say whose the event is have which value.
fn redact_bodies(exchange: &mut Exchange, redactor: &Redactor, done: &mut Done) -> Vec<(usize, String)> {
    let websocket = exchange.websocket.is_some();
    let mut identity = Vec::new();
    for (message, is_request) in [(&mut exchange.request, true), (&mut exchange.response, false)] {
        let Some(message) = message else { continue };
        let arrived: Vec<_> = message.arrived().collect();
        message.arrivals.clear();
        let Some(mut body) = message.body.take() else { continue };
        if !body.head.is_empty() || !body.tail.is_empty() {
            let described = Described { arrived: &arrived, ..described(message, is_request, websocket) };
            let found = body::treat(&mut body, &described, redactor);
            identity.extend(found.identity);
            message.set_arrived(found.arrived);
        }
        finish(&mut body, done);
        message.body = Some(body);
        // They were told for this alone: the rules keep no such header.
        message.content_type.clear();
        message.content_encoding.clear();
    }
    identity
}

/// The same for what the app itself tells, which says whose it is elsewhere.
fn redact_told(body: &mut Body, redactor: &Redactor, done: &mut Done) {
    let described = Described {
        content_type: "application/json",
        content_encoding: "",
        is_request: false,
        websocket: false,
        arrived: &[],
    };
    if !body.head.is_empty() || !body.tail.is_empty() {
        body::treat(body, &described, redactor);
    }
    finish(body, done);
}

/// They are JSON, too, and kept whole or not at all.
fn redact_parameters(parameters: &mut String, redactor: &Redactor, done: &mut Done) {
    let head = std::mem::take(parameters).into_bytes();
    let mut body = Body { size: head.len() as u64, head, ..Body::default() };
    redact_told(&mut body, redactor, done);
    *parameters = String::from_utf8(body.head).unwrap_or_default();
}

fn finish(body: &mut Body, done: &mut Done) {
    (body.head_limit, body.tail_limit) = (None, None);
    if let Some(treated) = &body.treated {
        done.masked += treated.masked;
        done.withheld.extend(withheld::of(treated));
    }
}

/// What a body is. Where the core says it apart from the headers, theirs is missing, or masked.
fn described(message: &Message, is_request: bool, websocket: bool) -> Described<'_> {
    let header = |name: &str| {
        let header = message.headers.iter().find(|header| header.name == name);
        header.map_or("", |header| header.value.as_str())
    };
    Described {
        content_type: first(&message.content_type, header("content-type")),
        content_encoding: first(&message.content_encoding, header("content-encoding")),
        is_request,
        websocket,
        arrived: &[],
    }
}

fn first<'t>(text: &'t str, other: &'t str) -> &'t str {
    if text.is_empty() { other } else { text }
}

/// Takes out of an event all that was not looked into.
fn withhold(event: &mut Event, why: &'static str) -> Done {
    let mut done = Done::default();
    told::forget_otel(event);
    for body in told::bodies(event) {
        withhold_body(body, why);
        done.withheld.push(why);
    }
    told::forget_what_only_the_exporter_knows(event);
    told::forget_arrivals(event);
    if let Some(parameters) = told::parameters(event) {
        parameters.clear();
    }
    texts::each(event, |text| text.withhold());
    if done.withheld.is_empty() {
        done.withheld.push(why);
    }
    done
}

fn withhold_body(body: &mut Body, why: &str) {
    let treated = Treated { withheld: why.to_owned(), ..Treated::default() };
    *body = Body { size: body.size, treated: Some(treated), ..Body::default() };
}

#[cfg(test)]
mod tests;
