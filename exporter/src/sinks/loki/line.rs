//! The line of an event: its JSON, no longer than Loki takes.

use offpath_core::event::{Body, Event, Generation, Kind};

use crate::event_json;

/// The line, and whether bodies had to be shortened for it. What is left out of a body is told by its `size` and `kept`.
/// Where even without bodies it is too long, it is as long as it is, and Loki's to refuse.
pub(super) fn of(event: &Event, longest: usize) -> (String, bool) {
    let line = event_json::to_string(event);
    if line.len() <= longest {
        return (line, false);
    }
    let mut event = event.clone();
    let mut most = longest / 2;
    loop {
        shorten(&mut event, most);
        let line = event_json::to_string(&event);
        if line.len() <= longest || most == 0 {
            return (line, true);
        }
        most /= 2;
    }
}

/// Keeps at most so many bytes of each end of each body, and of what has no ends nothing that is longer.
fn shorten(event: &mut Event, most: usize) {
    let (bodies, generation) = match &mut event.kind {
        Some(Kind::Exchange(exchange)) => {
            let messages = [exchange.request.as_mut(), exchange.response.as_mut()].into_iter().flatten();
            let bodies = messages.filter_map(|message| message.body.as_mut()).collect::<Vec<_>>();
            (bodies, exchange.generation.as_mut())
        }
        Some(Kind::Span(span)) => {
            span.otel.take_if(|otel| otel.span.len() > most);
            let metadata = [span.metadata.as_mut(), span.trace_metadata.as_mut()];
            let bodies = [span.input.as_mut(), span.output.as_mut()].into_iter().chain(metadata);
            (bodies.flatten().collect(), span.generation.as_mut())
        }
        Some(Kind::Score(score)) => (score.metadata.as_mut().into_iter().collect(), None),
        Some(Kind::Loss(_) | Kind::Unsampled(_)) | None => (Vec::new(), None),
    };
    bodies.into_iter().for_each(|body| shorten_body(body, most));
    if let Some(Generation { parameters, input, output, .. }) = generation {
        for json in [parameters, input, output] {
            if json.len() > most {
                json.clear();
            }
        }
    }
}

fn shorten_body(body: &mut Body, most: usize) {
    let before = body.head.len() + body.tail.len();
    body.head.truncate(most);
    let tail = body.tail.len().saturating_sub(most);
    body.tail.drain(..tail);
    let removed = before - body.head.len() - body.tail.len();
    if let Some(treated) = &mut body.treated
        && removed > 0
    {
        treated.kept = treated.kept.saturating_sub(removed as u64);
        treated.json = false;
    }
}

#[cfg(test)]
mod tests {
    use offpath_core::event::{Exchange, Message};

    use super::*;

    fn event(head: &str) -> Event {
        let body = Body { size: head.len() as u64, head: head.into(), ..Body::default() };
        let request = Some(Message { body: Some(body), ..Message::default() });
        Event { kind: Some(Kind::Exchange(Exchange { request, ..Exchange::default() })), ..Event::default() }
    }

    #[test]
    fn a_line_that_fits_is_the_event_s_json() {
        let event = event("short");
        assert_eq!(of(&event, 4096), (event_json::to_string(&event), false));
    }

    #[test]
    fn a_line_that_is_too_long_keeps_what_fits_of_its_bodies_and_says_so() {
        // Each character takes six bytes in JSON, so that half of the line is too much.
        let (line, is_shortened) = of(&event(&"\u{1}".repeat(10_000)), 4096);
        let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let body = &json["request"]["body"];
        assert!(is_shortened && (2048..=4096).contains(&line.len()), "{}", line.len());
        let head = body["head"].as_str().expect("text");
        assert_eq!((body["size"].as_u64(), body["kept"].as_u64()), (Some(10_000), Some(head.len() as u64)));
    }

    #[test]
    fn a_line_without_bodies_is_as_long_as_it_is() {
        let mut event = event("x");
        event.service = "s".repeat(5000);
        let (line, is_shortened) = of(&event, 4096);
        assert!(is_shortened && line.len() > 4096);
    }
}
