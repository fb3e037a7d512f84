//! What is kept of an exchange: `[capture]`, and each `[[rule]]` laid over it.
//!
//! A [`Spec`] is what was configured, and can be laid over; [`Settings`] are what it comes to, made ready for use. Between
//! the two lies the reading of all rules: which headers somebody looks into is known only then.

use super::{
    check::{Table, Value},
    identity::IdentitySources,
    matching,
    redact::Redact,
    sample, service,
};
use crate::{
    body::Limits,
    conditions::Conditions,
    headers::{DEFAULT_ALLOW, HeaderFilter},
    identity::{From, Source},
    mask::Mask,
    query::SecretParameters,
    sample::Sample,
    treatment::{LLM_FORMATS, LLM_OFF, Treatment, VERSION},
    wanted::Wanted,
    wire,
};
use std::sync::Arc;

const KIB: u32 = 1 << 10;
/// Four limits of this size and the rest of an event fit into a record of the default ring.
const MAX_LIMIT: u32 = 1 << 20;
const DEFAULT_LIMITS: Limits = Limits { head: 8 * KIB, tail: 8 * KIB };
/// A quarter of what a 32-bit guest can address.
const MAX_MEMORY: u32 = 1 << 30;
const MAX_RULES: usize = 1000;
/// Most bytes of a treatment: it travels in every event.
const MAX_TREATMENT: usize = 16 << 10;
/// Bounds of `json`. Deeper JSON than this many readers refuse.
const MAX_STRING: i64 = 1 << 20;
const MAX_ITEMS: i64 = 1 << 20;
const MAX_DEPTH: i64 = 100;
/// Tag of `Event.treatment`.
const TREATMENT: u32 = 22;

/// In a treatment, nothing says that a format is known by what it looks like.
const LLM_AUTO: &str = "";

/// What was configured.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    record: bool,
    request_body: Limits,
    response_body: Limits,
    websocket: Limits,
    allow: Vec<String>,
    redact: Redact,
    json: JsonLimits,
    keep_media: bool,
    /// As `Treatment.llm` says it.
    llm: &'static str,
    sample: Sample,
    identity: IdentitySources,
}

#[derive(Clone, Copy, Debug, Default)]
struct JsonLimits {
    max_string: Option<u32>,
    max_items: Option<u32>,
    max_depth: Option<u32>,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            record: true,
            request_body: DEFAULT_LIMITS,
            response_body: DEFAULT_LIMITS,
            websocket: Limits::default(),
            allow: DEFAULT_ALLOW.iter().map(|name| (*name).to_owned()).collect(),
            redact: Redact::default(),
            json: JsonLimits::default(),
            keep_media: false,
            llm: LLM_AUTO,
            sample: Sample::default(),
            identity: IdentitySources::default(),
        }
    }
}

/// What all rules look into.
#[derive(Debug, Default)]
pub(super) struct Sought {
    pub(super) wanted: Wanted,
    pub(super) scope: Vec<String>,
}

impl Spec {
    /// Reads a table's own keys; what it does not say is as in `base`.
    fn read(table: &mut Table<'_, '_>, base: &Self, sought: &mut Sought) -> Self {
        let Sought { wanted, scope } = sought;
        let spec = Self {
            record: table.flag("record").unwrap_or(base.record),
            request_body: limits(table, "request_body", base.request_body),
            response_body: limits(table, "response_body", base.response_body),
            websocket: limits(table, "websocket", base.websocket),
            allow: header_names(table.table("headers"), "allow").unwrap_or_else(|| base.allow.clone()),
            redact: Redact::read(table.table("redact"), &base.redact),
            json: JsonLimits::read(table.table("json"), base.json),
            keep_media: table
                .one_of("media", &[("summary", false), ("keep", true)])
                .unwrap_or(base.keep_media),
            llm: llm(table).unwrap_or(base.llm),
            sample: sample::read(table, wanted).unwrap_or_else(|| base.sample.clone()),
            identity: IdentitySources::read(table.table("identity"), &base.identity, wanted, scope),
        };
        if spec.treatment().len() > MAX_TREATMENT {
            let rule = format!(
                "must come to at most {MAX_TREATMENT} bytes with its names and expressions, which travel in every event"
            );
            table.refuse("redact", &rule, None);
        }
        spec
    }

    fn treatment(&self) -> Vec<u8> {
        let JsonLimits { max_string, max_items, max_depth } = self.json;
        Treatment {
            json_keys: self.redact.json_keys.clone(),
            parameters: self.redact.query.clone(),
            patterns: self.redact.patterns.clone(),
            expressions: self.redact.expressions.clone(),
            mask: self.redact.mask.into(),
            hash_key: self.redact.hash_key.as_bytes().to_vec(),
            mask_unknown: self.redact.masks_unknown(),
            max_string,
            max_items,
            max_depth,
            keep_media: self.keep_media,
            identity: self.identity.fields(),
            version: VERSION,
            llm: self.llm.to_owned(),
        }
        .to_bytes()
    }

    /// Made ready for use.
    pub(super) fn settings(&self, wanted: &Wanted) -> Settings {
        let mask = self.redact.mask();
        let headers = HeaderFilter::new(&self.allow, &self.redact.headers, wanted);
        Settings {
            record: self.record,
            request_body: self.request_body,
            response_body: self.response_body,
            websocket: self.websocket,
            parameters: Arc::new(SecretParameters::new(&self.redact.query, mask.clone())),
            mask,
            sample: self.sample.clone(),
            identity: self.sources(&headers, wanted),
            treatment: self.encoded_treatment(),
            headers: Arc::new(headers),
        }
    }

    /// The sources of identity, with what is known of the headers among them.
    fn sources(&self, headers: &HeaderFilter, wanted: &Wanted) -> Vec<Source> {
        let mut sources = self.identity.sources();
        for source in &mut sources {
            source.is_secret =
                matches!(source.from, From::Header(slot) if headers.redacts(wanted.name(slot)));
        }
        sources
    }

    /// The same for a rule over `base`: the tables that it has in common with it, which are the larger part, are shared.
    fn settings_over(&self, (base, ready): (&Self, &Settings), wanted: &Wanted) -> Settings {
        if self.allow != base.allow || self.redact != base.redact {
            return self.settings(wanted);
        }
        Settings {
            record: self.record,
            request_body: self.request_body,
            response_body: self.response_body,
            websocket: self.websocket,
            sample: self.sample.clone(),
            identity: self.sources(&ready.headers, wanted),
            treatment: self.encoded_treatment(),
            ..ready.clone()
        }
    }

    fn encoded_treatment(&self) -> Vec<u8> {
        let mut field = Vec::new();
        wire::bytes(&mut field, TREATMENT, &self.treatment());
        field
    }
}

impl JsonLimits {
    fn read(mut table: Table<'_, '_>, base: Self) -> Self {
        let mut limit = |key, most, base: Option<u32>| {
            let limit = table.whole(key, 1, most).and_then(|limit| u32::try_from(limit).ok());
            limit.or(base)
        };
        let limits = Self {
            max_string: limit("max_string", MAX_STRING, base.max_string),
            max_items: limit("max_items", MAX_ITEMS, base.max_items),
            max_depth: limit("max_depth", MAX_DEPTH, base.max_depth),
        };
        table.finish();
        limits
    }
}

/// What is kept of an exchange.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) record: bool,
    pub(crate) request_body: Limits,
    pub(crate) response_body: Limits,
    pub(crate) websocket: Limits,
    pub(crate) headers: Arc<HeaderFilter>,
    pub(crate) parameters: Arc<SecretParameters>,
    pub(crate) mask: Mask,
    pub(crate) sample: Sample,
    pub(crate) identity: Vec<Source>,
    /// The field `treatment` of an event, encoded.
    pub(crate) treatment: Vec<u8>,
}

impl Default for Settings {
    fn default() -> Self {
        Spec::default().settings(&Wanted::default())
    }
}

/// `[capture]`, and how much memory its exchanges may use.
pub(super) fn read(mut table: Table<'_, '_>, sought: &mut Sought) -> (Spec, Option<u32>) {
    let spec = Spec::read(&mut table, &Spec::default(), sought);
    let max_memory =
        table.size("max_memory", 0, MAX_MEMORY.into()).and_then(|bytes| u32::try_from(bytes).ok());
    table.finish();
    (spec, max_memory)
}

/// As what the bodies are read.
fn llm(table: &mut Table<'_, '_>) -> Option<&'static str> {
    let formats = LLM_FORMATS.iter().map(|name| (*name, *name));
    let choices: Vec<_> = [("auto", LLM_AUTO), (LLM_OFF, LLM_OFF)].into_iter().chain(formats).collect();
    table.one_of("llm", &choices)
}

fn header_names(mut table: Table<'_, '_>, key: &'static str) -> Option<Vec<String>> {
    let names = table.texts(key);
    for name in names.iter().flatten() {
        let token = name.strip_suffix('*').unwrap_or(name);
        if token.contains('*') || !token.chars().all(|c| c.is_ascii_graphic()) {
            let value = Value::String(name.clone());
            table.refuse(key, "must be header names, or prefixes that end in \"*\"", Some(&value));
        }
    }
    table.finish();
    names
}

fn limits(table: &mut Table<'_, '_>, key: &'static str, default: Limits) -> Limits {
    let mut table = table.table(key);
    let mut limit = |key, default| {
        let bytes = table.size(key, 0, MAX_LIMIT.into());
        bytes.and_then(|bytes| u32::try_from(bytes).ok()).unwrap_or(default)
    };
    let limits = Limits { head: limit("head", default.head), tail: limit("tail", default.tail) };
    table.finish();
    limits
}

/// One `[[rule]]`.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) conditions: Conditions,
    pub(crate) settings: Settings,
}

/// One of them, not made ready yet.
#[derive(Clone, Debug)]
pub(super) struct RuleSpec {
    name: String,
    conditions: Conditions,
    spec: Spec,
}

impl RuleSpec {
    /// Made ready for use; `base` is `[capture]`, and what was made of it.
    pub(super) fn settled(self, base: (&Spec, &Settings), wanted: &Wanted) -> Rule {
        let settings = self.spec.settings_over(base, wanted);
        Rule { name: self.name, conditions: self.conditions, settings }
    }
}

/// The rules, each laid over `[capture]`.
pub(super) fn read_rules(root: &mut Table<'_, '_>, base: &Spec, sought: &mut Sought) -> Vec<RuleSpec> {
    let rules = root.tables("rule", |mut table, index| {
        let name = service::name(&mut table, "name").unwrap_or_else(|| format!("rule[{index}]"));
        let conditions = matching::read(table.table("match"), &mut sought.wanted);
        let spec = Spec::read(&mut table, base, sought);
        table.finish();
        RuleSpec { name, conditions, spec }
    });
    if rules.len() > MAX_RULES {
        root.refuse("rule", &format!("must be at most {MAX_RULES} rules"), None);
    }
    rules
}
