//! The end of an exchange: which rule it was for, whether it is kept, and its event.

use super::{
    End, Exchange, Finished, describe,
    encode::{Sizes, around, arrivals, write_message},
    tag,
};
use crate::{
    choice::{self, Choice},
    config::Settings,
    identity,
    sample::Ended,
    wire,
};
use std::rc::Rc;

impl Exchange {
    /// Ends the exchange. An event that is longer than `max_bytes` has its bodies reduced to their sizes.
    #[must_use]
    pub fn finish(mut self, end: &End<'_>, max_bytes: usize) -> Finished {
        let status = describe::status(&self, end);
        let rule = match std::mem::replace(&mut self.choice, Choice::Made(None)) {
            Choice::Made(rule) => rule,
            open => {
                // An exchange without a response is none that a rule for responses is for.
                let open = open.with_response(&self.capture.config, status, &self.response_type);
                let rule = open.with_route(&self.capture.config, end.route);
                self.choose(rule);
                rule
            }
        };
        let capture = Rc::clone(&self.capture);
        let settings = choice::settings(&capture.config, rule);
        if !settings.record {
            return Finished::Nothing;
        }
        let name = choice::name(&capture.config, rule);
        match self.kept_because(settings, end, status, rule) {
            Some(because) => self.event(settings, end, (name, because), max_bytes),
            None => self.unsampled(end, name, max_bytes),
        }
    }

    fn kept_because(
        &self,
        settings: &Settings,
        end: &End<'_>,
        status: u16,
        rule: choice::RuleIndex,
    ) -> Option<&'static str> {
        // Counted whether it is kept for another reason or not: the first are the first of all.
        let is_among_first = settings.sample.first().is_some_and(|most| {
            let now = self.start.unix_ns.saturating_add(end.elapsed_ns);
            self.capture.count_this_minute(now, rule, end.route) < most
        });
        self.kept.or_else(|| {
            let ended = Ended {
                status,
                grpc_status: end.grpc_status,
                outcome: end.outcome,
                elapsed_ns: end.elapsed_ns,
                route: end.route,
            };
            settings.sample.late(&ended).or(is_among_first.then_some("first"))
        })
    }

    fn event(
        mut self,
        settings: &Settings,
        end: &End<'_>,
        (rule, because): (&str, &str),
        max_bytes: usize,
    ) -> Finished {
        let mut described = std::mem::take(&mut self.described);
        describe::summary(&self, end, rule, &mut described);
        wire::bytes(&mut described, tag::SAMPLED_BECAUSE, because.as_bytes());
        describe::ending(self.websocket, describe::status(&self, end), end, &mut described);
        self.described = described;
        let mut beside = Vec::new();
        identity::write(&settings.identity, &self.identified, end.scope, &mut beside);
        let beside_size = self.capture.common.len() + settings.treatment.len() + beside.len();
        let mut sizes = Sizes::of(&self, beside_size);
        if sizes.event > max_bytes {
            self.request.drop_content();
            self.response.drop_content();
            sizes = Sizes::of(&self, beside_size);
        }
        if sizes.event > max_bytes {
            return Finished::TooLong;
        }
        let mut out = Vec::with_capacity(sizes.event);
        out.extend_from_slice(&self.capture.common);
        out.extend_from_slice(&settings.treatment);
        out.extend_from_slice(&beside);
        self.write_envelope(&mut out, end.elapsed_ns);
        wire::head(&mut out, tag::EXCHANGE, sizes.exchange);
        out.extend_from_slice(&self.described);
        wire::head(&mut out, tag::REQUEST, sizes.request);
        write_message(&mut out, &self.request);
        wire::head(&mut out, tag::RESPONSE, sizes.response);
        write_message(&mut out, &self.response);
        wire::bytes(&mut out, tag::ARRIVALS, arrivals(&self.response, &self.noted));
        Finished::Event(out)
    }

    fn unsampled(self, end: &End<'_>, rule: &str, max_bytes: usize) -> Finished {
        let mut message = Vec::with_capacity(64);
        wire::text(&mut message, tag::METHOD, &self.method, describe::MAX_NAME);
        describe::summary(&self, end, rule, &mut message);
        let size = around(tag::UNSAMPLED, message.len(), self.capture.common.len());
        if size > max_bytes {
            return Finished::TooLong;
        }
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(&self.capture.common);
        self.write_envelope(&mut out, end.elapsed_ns);
        wire::head(&mut out, tag::UNSAMPLED, message.len());
        out.extend_from_slice(&message);
        Finished::Unsampled(out)
    }

    fn write_envelope(&self, out: &mut Vec<u8>, elapsed_ns: u64) {
        let (event_high, event_low) = halves(self.start.event_id);
        let (trace_high, trace_low) = halves(self.trace_id());
        wire::fixed64(out, tag::ID_HIGH, event_high);
        wire::fixed64(out, tag::ID_LOW, event_low);
        wire::fixed64(out, tag::TRACE_ID_HIGH, trace_high);
        wire::fixed64(out, tag::TRACE_ID_LOW, trace_low);
        wire::fixed64(out, tag::SPAN_ID, self.start.span_id);
        wire::fixed64(out, tag::PARENT_SPAN_ID, self.caller.map_or(0, |caller| caller.parent_id));
        wire::fixed64(out, tag::START_UNIX_NS, self.start.unix_ns);
        wire::number(out, tag::DURATION_NS, elapsed_ns);
    }
}

#[allow(clippy::cast_possible_truncation, reason = "cutting the number in half is the point")]
fn halves(id: u128) -> (u64, u64) {
    ((id >> 64) as u64, id as u64)
}
