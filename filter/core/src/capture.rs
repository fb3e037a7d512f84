//! A configuration made ready, under which exchanges begin.

use crate::{
    budget::Budget,
    choice::{self, Choice, RuleIndex},
    conditions::{Request, media_type},
    config::Config,
    exchange::{Exchange, RequestHead, Start},
    sample::Minute,
    wanted::Found,
};
use std::{cell::RefCell, rc::Rc};

/// What all exchanges in flight may hold together where neither configuration nor host says otherwise, in bytes.
const DEFAULT_MAX_MEMORY: u32 = 64 << 20;

/// What the rules make of an exchange that is known from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explained<'c> {
    /// The place of the rule that matched, among the rules; `None`: `[capture]` alone.
    pub rule: Option<usize>,
    /// Its name; empty for `[capture]` alone.
    pub name: &'c str,
    /// Whether the rule would have it recorded.
    pub record: bool,
    /// The rate of its sampling, from 0 to 1.
    pub rate: f64,
    /// Whether the caller's decision stands in the rate's place.
    pub follow_parent: bool,
}

/// Configuration made ready, shared by all exchanges of one guest or worker.
#[derive(Debug)]
pub struct Capture {
    pub(crate) config: Config,
    pub(crate) budget: Budget,
    /// The fields that all events of this configuration have in common, encoded once. Protocol Buffers merge
    /// concatenated messages, so an event is these bytes and then its own.
    pub(crate) common: Vec<u8>,
    /// Whether a rule looks at headers of requests.
    looks_at_headers: bool,
    minute: RefCell<Minute>,
}

impl Capture {
    /// `source`: which host this is, as the event's JSON names it.
    #[must_use]
    pub fn new(config: Config, source: &str) -> Rc<Self> {
        Self::within(DEFAULT_MAX_MEMORY, config, source)
    }

    /// The same with another default for the memory that all exchanges in flight may hold together, in bytes.
    #[must_use]
    pub fn within(max_memory: u32, config: Config, source: &str) -> Rc<Self> {
        Rc::new(Self {
            budget: Budget::new(config.max_memory_or(max_memory) as usize),
            common: config.common(source).to_bytes(),
            looks_at_headers: config.rules.iter().any(|rule| rule.conditions.need_headers()),
            minute: RefCell::default(),
            config,
        })
    }

    /// Begins an exchange; `None` if the rules say that it is not to be recorded. `fields`: name and value of each
    /// header, in the order in which they came.
    #[must_use]
    pub fn begin<'a>(
        self: &Rc<Self>,
        start: Start,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) -> Option<Exchange> {
        let found = self.looks_at_headers.then(|| self.look(fields.clone()));
        let request = Request::new(head.method, head.path, head.authority, found.as_ref());
        let choice = Choice::of_request(&self.config, &request);
        if !choice.settings(&self.config).any(|settings| settings.record) {
            return None;
        }
        Some(Exchange::begin(Rc::clone(self), choice, start, head, fields))
    }

    /// Which rule an exchange is for. `answer`: status and `Content-Type` of the response.
    pub fn explain<'a>(
        &self,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        answer: (u16, &[u8]),
        route: &[u8],
    ) -> Explained<'_> {
        let found = self.look(fields);
        let request = Request::new(head.method, head.path, head.authority, Some(&found));
        let choice = Choice::of_request(&self.config, &request);
        let rule = choice
            .with_response(&self.config, answer.0, &media_type(answer.1))
            .with_route(&self.config, route);
        let settings = choice::settings(&self.config, rule);
        Explained {
            rule,
            name: choice::name(&self.config, rule),
            record: settings.record,
            rate: settings.sample.rate,
            follow_parent: settings.sample.follow_parent,
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What a request's headers say that somebody asks for. All filters ask for the same.
    pub(crate) fn look<'a>(&self, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Found<'a> {
        self.config.base.headers.look(fields)
    }

    /// Counts an exchange; how many there were before it of its rule and route in this minute.
    pub(crate) fn count_this_minute(&self, unix_ns: u64, rule: RuleIndex, route: &[u8]) -> u32 {
        let rule = rule.map_or(0, |index| index.saturating_add(1));
        self.minute.try_borrow_mut().map_or(u32::MAX, |mut minute| minute.count(unix_ns, rule, route))
    }
}
