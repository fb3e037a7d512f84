//! What a model did in an exchange, read from its bodies before it is stored: once, for all sinks and metrics.
//!
//! `offpath-enrich` reads texts; here is what it needs of an event, and where in the event goes what it finds. Bodies are
//! treated before that, so nothing is found in them that is to be masked. `docs/llm.md` says what comes out.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use offpath_core::{
    event::{Arrivals, Body, Error, Event, Exchange, Kind, Message, Outcome},
    treatment::LLM_OFF,
};
use offpath_enrich::{Call, Ending, Failure, Format, KnownPrices, Prices, Reading, Text};
use tracing::error;

use crate::event_json;

/// Headers that say when a limit is over, the first that is there.
const RESETS: [&str; 7] = [
    "retry-after",
    "retry-after-ms",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-tokens-reset",
    "x-ratelimit-reset",
];

/// Where AWS names an error: <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html>.
const NAMED_BY: &str = "x-amzn-errortype";

/// Reads exchanges with models.
#[derive(Debug, Clone)]
pub struct Enricher {
    prices: KnownPrices,
    /// Whether it was told that reading has failed.
    told: bool,
}

impl Default for Enricher {
    /// One that knows the prices that came with this version.
    fn default() -> Self {
        Self::new(Arc::new(Prices::built_in()))
    }
}

impl Enricher {
    /// One that knows these prices.
    #[must_use]
    pub fn new(prices: Arc<Prices>) -> Self {
        Self { prices: KnownPrices::new(prices), told: false }
    }

    /// Adds to an event what a model did in it. `format`: as what a rule has it read; empty: as what it looks like.
    pub fn enrich(&mut self, event: &mut Event, format: &str) {
        match &mut event.kind {
            Some(Kind::Exchange(exchange)) => {
                // An event that is half read is as good as one that is not.
                let read = catch_unwind(AssertUnwindSafe(|| self.exchange(exchange, format)));
                if read.is_err() && !std::mem::replace(&mut self.told, true) {
                    error!("what a model did could not be read; please report it");
                }
                forget_arrivals(exchange);
            }
            Some(Kind::Span(span)) => {
                if let Some(generation) = &mut span.generation
                    && generation.cost.is_empty()
                {
                    generation.cost = self.prices.cost(generation);
                }
            }
            Some(Kind::Score(_) | Kind::Loss(_) | Kind::Unsampled(_)) | None => {}
        }
    }

    fn exchange(&mut self, exchange: &mut Exchange, format: &str) {
        let named = Format::named(format);
        let may_be = named.is_some() || offpath_enrich::may_be(&exchange.path);
        if format == LLM_OFF || exchange.websocket.is_some() || !may_be {
            return;
        }
        let call = Call {
            host: &exchange.host,
            path: &exchange.path,
            query: &exchange.query,
            status: exchange.status,
            request: text(exchange.request.as_ref()),
            response: text(exchange.response.as_ref()),
            ending: if is_whole(exchange) { Ending::Whole } else { Ending::BrokenOff },
            format: named,
        };
        if let Some(reading) = offpath_enrich::read(&call) {
            self.add(exchange, reading);
        }
    }

    fn add(&mut self, exchange: &mut Exchange, reading: Reading) {
        let Reading { mut generation, failure, has_ended, first_token_line } = reading;
        let last_line = first_token_line.map(|ends| ends.saturating_sub(1));
        generation.first_token_ns = last_line.and_then(|line| Arrivals::of(exchange).when(line));
        if generation.cost.is_empty() {
            generation.cost = self.prices.cost(&generation);
        }
        if let Some(failure) = failure {
            failure.kind.clone_into(&mut generation.error_kind);
            let error = failed(failure, exchange.response.as_ref());
            exchange.error.get_or_insert(error);
        }
        // Clients leave when they have what they came for, and some before the connection is done.
        if has_ended && exchange.outcome == Outcome::ClientDisconnected as i32 {
            exchange.outcome = Outcome::Completed as i32;
        }
        exchange.generation = Some(generation);
    }
}

fn is_whole(exchange: &Exchange) -> bool {
    exchange.outcome == Outcome::Completed as i32
}

/// A body as text. What is no text, such as sound, is nothing that could be missing.
fn text(message: Option<&Message>) -> Text<'_> {
    let Some(body) = message.and_then(|message| message.body.as_ref()) else { return Text::default() };
    let is_summed_up = body.treated.as_ref().is_some_and(|treated| !treated.content_type.is_empty());
    if is_summed_up {
        return Text::default();
    }
    let Some((head, tail)) = event_json::text(body) else { return Text::default() };
    if is_cut(body) {
        return Text::ends(head, tail);
    }
    Text::whole(if tail.is_empty() { head } else { (head.into_owned() + &tail).into() })
}

fn is_cut(body: &Body) -> bool {
    body.omitted() > 0
}

/// What a provider says, with when to try again.
fn failed(failure: Failure, response: Option<&Message>) -> Error {
    let Failure { kind, mut r#type, mut message } = failure;
    let headers = response.map_or(&[][..], |response| &response.headers);
    let header = |name: &str| headers.iter().find(|header| header.name == name);
    let reset = RESETS.into_iter().find_map(header);
    if let Some(reset) = reset.filter(|_| ["rate_limit", "overloaded", "quota"].contains(&kind)) {
        let space = if message.is_empty() { "" } else { " " };
        message.push_str(&format!("{space}({}: {})", reset.name, reset.value));
    }
    if r#type.is_empty() {
        // What comes behind the colon is an address that explains nothing.
        let named = header(NAMED_BY).and_then(|header| header.value.split(':').next());
        named.unwrap_or(kind).clone_into(&mut r#type);
    }
    Error { r#type, message }
}

/// They have told what they are for.
fn forget_arrivals(exchange: &mut Exchange) {
    for message in [&mut exchange.request, &mut exchange.response].into_iter().flatten() {
        message.arrivals.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offpath_core::event::Header;

    const CHUNKS: &str = "data: {\"id\":\"c1\",\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":1000}}\n\n\
        data: [DONE]\n\n";

    fn message(text: &str) -> Option<Message> {
        let body = Body { size: text.len() as u64, head: text.as_bytes().to_vec(), ..Body::default() };
        Some(Message { body: Some(body), chunks: 3, ..Message::default() })
    }

    fn chat(response: &str, change: impl FnOnce(&mut Exchange)) -> Event {
        let mut exchange = Exchange {
            path: "/v1/chat/completions".to_owned(),
            status: 200,
            outcome: Outcome::Completed as i32,
            request: message(
                r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"hello"}]}"#,
            ),
            response: message(response),
            ..Exchange::default()
        };
        change(&mut exchange);
        Event { kind: Some(Kind::Exchange(exchange)), ..Event::default() }
    }

    fn enriched(mut event: Event, format: &str) -> Exchange {
        Enricher::default().enrich(&mut event, format);
        let Some(Kind::Exchange(exchange)) = event.kind else { unreachable!("it is an exchange") };
        exchange
    }

    #[test]
    fn a_generation_is_read_priced_and_timed() {
        let event = chat(CHUNKS, |exchange| {
            exchange.first_byte_ns = Some(5);
            let response = exchange.response.as_mut().expect("a response");
            // One event a chunk, of two lines each.
            response.set_arrived([(2, 30), (4, 60), (6, 60)]);
        });
        let exchange = enriched(event, "");
        let generation = exchange.generation.expect("a generation");
        assert_eq!(generation.output, r#"[{"role":"assistant","content":"Hi"}]"#);
        assert_eq!(generation.finish_reasons, ["stop"]);
        assert!(generation.cost_usd().is_some_and(|usd| usd > 0.0));
        assert_eq!(generation.first_token_ns, Some(30));
        assert!(exchange.response.expect("a response").arrivals.is_empty());
    }

    #[test]
    fn rules_may_name_each_format_and_no_other() {
        assert_eq!(Format::ALL.map(Format::name), offpath_core::treatment::LLM_FORMATS);
    }

    #[test]
    fn what_is_no_call_of_a_model_and_what_a_rule_leaves_out_stays_plain() {
        let path = |exchange: &mut Exchange| exchange.path = "/v1/orders".to_owned();
        assert_eq!(enriched(chat(CHUNKS, path), "").generation, None);
        assert!(enriched(chat(CHUNKS, path), "openai.chat").generation.is_some());
        assert_eq!(enriched(chat(CHUNKS, |_| ()), "off").generation, None);
    }

    #[test]
    fn a_client_that_left_after_the_end_has_had_all_of_it() {
        let leave = |exchange: &mut Exchange| exchange.outcome = Outcome::ClientDisconnected as i32;
        assert_eq!(enriched(chat(CHUNKS, leave), "").outcome, Outcome::Completed as i32);
        let cut = &CHUNKS[..CHUNKS.find("data: [DONE]").expect("an end")];
        let exchange = enriched(chat(&cut[..cut.len() / 2], leave), "");
        assert_eq!(exchange.outcome, Outcome::ClientDisconnected as i32);
        assert!(exchange.generation.expect("a generation").partial);
    }

    #[test]
    fn a_provider_s_error_is_the_exchange_s_with_when_to_try_again() {
        let body = r#"{"error":{"message":"Slow down.","type":"requests","code":"rate_limit_exceeded"}}"#;
        let event = chat(body, |exchange| {
            exchange.status = 429;
            let response = exchange.response.as_mut().expect("a response");
            response.headers.push(Header { name: "retry-after".to_owned(), value: "20".to_owned() });
        });
        let exchange = enriched(event, "");
        let error = exchange.error.expect("an error");
        assert_eq!(
            (error.r#type.as_str(), error.message.as_str()),
            ("rate_limit_exceeded", "Slow down. (retry-after: 20)")
        );
        assert_eq!(exchange.generation.expect("a generation").error_kind, "rate_limit");
    }
}
