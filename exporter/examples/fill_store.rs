//! Fills a local store with made-up traffic, as much as an app has that is in use.
//!
//! `fill_store PATH [COUNT] [HOURS]`: a million requests over the last 24 hours unless told. Half of them are an API's, the others talk
//! to models: by themselves, by a call, or by an agent with spans. It is the same traffic each time, but for when it was.

use std::{f64::consts::TAU, path::PathBuf, time::Duration};

use offpath_core::event::{
    Body, Cost, Event, Exchange, Generation, Header, Kind, Message, Outcome, SCHEMA, Span, Tokens,
};
use offpath_exporter::{
    ids,
    sinks::{Batch, Built, Kind as SinkKind, SinkSettings, sqlite},
    spool::Cursor,
};

type Failed = Box<dyn std::error::Error>;

const BATCH: usize = 2_000;
const HOUR_NS: f64 = 3.6e12;

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("fill_store PATH [COUNT] [HOURS]")?);
    let count: u64 = arguments.next().map_or(Ok(1_000_000), |count| count.parse())?;
    let hours: f64 = arguments.next().map_or(Ok(24.0), |hours| hours.parse())?;
    let bounds = sqlite::Bounds { max_age: Duration::from_hours(24 * 365), max_size: 1 << 40 };
    let settings = sqlite::Settings { path, is_default: false, bounds };
    let built = SinkSettings { name: "it".to_owned(), kind: SinkKind::Sqlite(settings) }.build();
    let Built::OneByOne(mut sink) = built else { return Err("a store takes its batches one by one".into()) };
    let mut next = sink.open(&Cursor::default())?;
    let mut traffic = Traffic { random: Random(next), events: Vec::new() };
    let span_ns = hours * HOUR_NS;
    let begin = ids::now_unix_ns() as f64 - span_ns;
    for number in 0..count {
        let share = number as f64 / count as f64;
        // Busy and quiet times, six of each.
        let when = share + 0.02 * (share * 6.0 * TAU).sin();
        traffic.request(number, whole(begin + when * span_ns));
        if traffic.events.len() >= BATCH || number + 1 == count {
            let events = std::mem::take(&mut traffic.events);
            next += events.len() as u64;
            sink.deliver(&Batch { events, next, ..Batch::default() })?;
        }
    }
    Ok(())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times and durations fit")]
fn whole(value: f64) -> u64 {
    value as u64
}

/// Splitmix64, by Sebastiano Vigna: the same numbers each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap_or(0)]
    }

    /// Around `typical` milliseconds, now and then many times as long.
    fn duration_ns(&mut self, typical: f64) -> u64 {
        let share = (self.below(1_000_000) + 1) as f64 / 1_000_001.0;
        whole(typical * 1e6 * 0.4 * (1.0 / (1.0 - share)).powf(0.6))
    }
}

const API: [(&str, &str, f64); 5] = [
    ("GET", "/users/{id}", 8.0),
    ("GET", "/items", 25.0),
    ("POST", "/items", 40.0),
    ("GET", "/search", 120.0),
    ("PUT", "/users/{id}/settings", 15.0),
];

const MODELS: [(&str, &str, f64); 5] = [
    ("openai", "gpt-4o", 10.0),
    ("openai", "gpt-4o-mini", 0.6),
    ("anthropic", "claude-sonnet-4-5", 15.0),
    ("google", "gemini-2.5-flash", 2.5),
    ("mistral", "mistral-large", 6.0),
];

const SENTENCES: [&str; 6] = [
    "How do I change the delivery address of an order that has already been shipped?",
    "Please write a short and friendly answer to this customer, and offer a refund.",
    "Which of these two plans is the better one for a team of five people, and why?",
    "Summarise the attached notes of the meeting in three points, in German.",
    "The address can be changed until the parcel is handed over; after that, the carrier's own page can redirect it.",
    "I looked at both plans: for five people the second one costs less, as seats are not counted by device.",
];

/// What is recorded, children before their parents.
struct Traffic {
    random: Random,
    events: Vec<Event>,
}

/// What the events of one request have in common.
#[derive(Clone)]
struct Request {
    trace: (u64, u64),
    start: u64,
    number: u64,
    fails: bool,
    talks: bool,
}

impl Traffic {
    fn request(&mut self, number: u64, start: u64) {
        let kind = self.random.below(100);
        let trace = (self.random.next(), self.random.next());
        let request = Request { trace, start, number, fails: self.random.below(100) < 5, talks: kind >= 50 };
        match kind {
            0..50 => self.api(&request),
            50..85 => self.model_api(&request),
            85..95 => self.chat(&request),
            _ => self.agent(&request),
        }
    }

    fn api(&mut self, request: &Request) {
        let (method, route, typical) = self.random.one_of(&API);
        let source = if self.random.below(5) == 0 { "envoy" } else { "asgi" };
        let duration = self.random.duration_ns(typical);
        let top = self.incoming(request, method, route, None);
        self.push(request, source, 1, 0, 0, duration, top);
    }

    /// What passes a model's API on.
    fn model_api(&mut self, request: &Request) {
        let duration = self.random.duration_ns(900.0);
        let generation = self.generation(duration);
        let top = self.incoming(request, "POST", "/v1/chat/completions", Some(generation));
        self.push(request, "asgi", 1, 0, 0, duration, top);
    }

    /// A request that takes one call.
    fn chat(&mut self, request: &Request) {
        let duration = self.random.duration_ns(1_200.0);
        let generation = self.generation(duration);
        let call = Kind::Exchange(Exchange {
            host: "api.openai.com".to_owned(),
            path: "/v1/chat/completions".to_owned(),
            ..exchange(request, "POST", "", Some(generation))
        });
        self.push(request, "httpx", 2, 1, 3_000_000, duration - duration / 10, call);
        let top = self.incoming(request, "POST", "/chat", None);
        self.push(request, "asgi", 1, 0, 0, duration, top);
    }

    /// A request that an agent works on.
    fn agent(&mut self, request: &Request) {
        let duration = self.random.duration_ns(4_000.0);
        for (span_id, offset) in [(3, 0), (5, duration / 2)] {
            let generation = self.generation(duration / 3);
            let span = span("generation", "plan", Some(generation));
            self.push(request, "sdk", span_id, 2, offset, duration / 3, span);
        }
        self.push(request, "sdk", 4, 2, duration / 3, duration / 8, span("tool", "look up order", None));
        self.push(request, "sdk", 2, 1, 0, duration - duration / 20, span("agent", "support agent", None));
        let top = self.incoming(request, "POST", "/agent/{thread}", None);
        self.push(request, "asgi", 1, 0, 0, duration, top);
    }

    fn incoming(
        &mut self,
        request: &Request,
        method: &str,
        route: &str,
        generation: Option<Generation>,
    ) -> Kind {
        let id = self.random.below(50_000).to_string();
        Kind::Exchange(Exchange {
            host: "api.example".to_owned(),
            path: route.replace("{id}", &id).replace("{thread}", &id),
            client: "10.0.0.7".to_owned(),
            ..exchange(request, method, route, generation)
        })
    }

    fn generation(&mut self, duration: u64) -> Generation {
        let (system, model, usd_per_million) = self.random.one_of(&MODELS);
        let (input, output) = (200 + self.random.below(3_000), 20 + self.random.below(600));
        let tokens = |kind: &str, count| Tokens { kind: kind.to_owned(), count };
        let usd = (input as f64 / 4.0 + output as f64) * usd_per_million / 1e6;
        let said = |role: &str, text: &str| {
            format!(r#"[{{"role":"{role}","parts":[{{"type":"text","content":"{text}"}}]}}]"#)
        };
        Generation {
            system: system.to_owned(),
            operation: "chat".to_owned(),
            request_model: model.to_owned(),
            response_model: model.to_owned(),
            stream: true,
            input: said("user", self.random.one_of(&SENTENCES)),
            output: said("assistant", self.random.one_of(&SENTENCES)),
            usage: vec![tokens("input", input), tokens("output", output), tokens("total", input + output)],
            cost: vec![Cost { kind: "total".to_owned(), usd }],
            first_token_ns: Some(duration / (3 + self.random.below(5))),
            finish_reasons: vec!["stop".to_owned()],
            ..Generation::default()
        }
    }

    #[allow(clippy::too_many_arguments, reason = "they are what differs between the events of a trace")]
    fn push(
        &mut self,
        request: &Request,
        source: &str,
        span_id: u64,
        parent: u64,
        offset_ns: u64,
        duration_ns: u64,
        kind: Kind,
    ) {
        let start_unix_ns = request.start + offset_ns;
        let (id_high, _) = ids::event_id(start_unix_ns);
        let (trace_id_high, trace_id_low) = request.trace;
        let span_of = |number: u64| if number == 0 { 0 } else { trace_id_low.wrapping_add(number).max(1) };
        // A hundred people talk at a time, and each says some ten things.
        let session = request.number / 2_000 * 100 + trace_id_low % 100;
        self.events.push(Event {
            schema: SCHEMA,
            id_high,
            id_low: self.random.next(),
            trace_id_high,
            trace_id_low,
            span_id: span_of(span_id),
            parent_span_id: span_of(parent),
            start_unix_ns,
            duration_ns,
            service: if request.talks { "chat-api" } else { "shop-api" }.to_owned(),
            environment: if request.number.is_multiple_of(10) { "staging" } else { "production" }.to_owned(),
            source: source.to_owned(),
            user_id: if request.talks { format!("user-{}", session % 2_000) } else { String::new() },
            session_id: if request.talks { format!("session-{session}") } else { String::new() },
            kind: Some(kind),
            ..Event::default()
        });
    }
}

fn exchange(request: &Request, method: &str, route: &str, generation: Option<Generation>) -> Exchange {
    let status = match (request.fails, request.number % 3) {
        (false, _) => 200,
        (true, 0) => 404,
        (true, 1) => 429,
        (true, _) => 503,
    };
    let body = |text: &str| {
        let json = format!(r#"{{"text":"{text}","number":{}}}"#, request.number);
        let headers = [("content-type", "application/json"), ("user-agent", "fill/1")];
        let header = |(name, value): (&str, &str)| Header { name: name.to_owned(), value: value.to_owned() };
        Message {
            headers: headers.map(header).into(),
            body: Some(Body { size: json.len() as u64, head: json.into_bytes(), ..Body::default() }),
            chunks: 1,
            ..Message::default()
        }
    };
    Exchange {
        outcome: Outcome::Completed as i32,
        first_byte_ns: Some(2_000_000),
        method: method.to_owned(),
        scheme: "https".to_owned(),
        route: route.to_owned(),
        status,
        request: Some(body(SENTENCES[0])),
        response: Some(body(SENTENCES[4])),
        generation,
        ..Exchange::default()
    }
}

fn span(kind: &str, name: &str, generation: Option<Generation>) -> Kind {
    let body = |text: &str| {
        let json = format!(r#"{{"text":"{text}"}}"#);
        Some(Body { size: json.len() as u64, head: json.into_bytes(), ..Body::default() })
    };
    let (input, output) = (body(SENTENCES[1]), body(SENTENCES[5]));
    Kind::Span(Span {
        r#type: kind.to_owned(),
        name: name.to_owned(),
        input,
        output,
        generation,
        ..Span::default()
    })
}
