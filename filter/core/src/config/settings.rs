//! The settings themselves: their names, bounds and defaults.

use super::check::Table;
use crate::{
    body::Limits,
    glob::Glob,
    headers::{DEFAULT_ALLOW, HeaderFilter},
    mask::Mask,
    query::SecretParameters,
    text::percent_decoded,
};

const KIB: u32 = 1 << 10;
/// Four limits of this size and the rest of an event fit into a record of the default ring.
const MAX_LIMIT: u32 = 1 << 20;
const DEFAULT_LIMITS: Limits = Limits { head: 8 * KIB, tail: 8 * KIB };
/// A quarter of what a 32-bit guest can address.
const MAX_MEMORY: u32 = 1 << 30;
/// Longest name of a service, a release or a rule, in bytes.
const MAX_NAME: usize = 200;
const MAX_RULES: usize = 1000;

/// Whose exchanges these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Default `unknown_service`, as OpenTelemetry's resource conventions have it.
    pub name: String,
    /// Default `default`; at most 40 of `a-z 0-9 _ -`, not beginning with `langfuse`, which Langfuse reserves.
    pub environment: String,
    /// Default empty.
    pub release: String,
}

impl Default for Service {
    fn default() -> Self {
        Self { name: "unknown_service".to_owned(), environment: "default".to_owned(), release: String::new() }
    }
}

impl Service {
    pub(crate) fn read(mut table: Table<'_, '_>) -> Self {
        let default = Self::default();
        let service = Self {
            name: name(&mut table, "name").unwrap_or(default.name),
            environment: environment(&mut table).unwrap_or(default.environment),
            release: name(&mut table, "release").unwrap_or(default.release),
        };
        table.finish();
        service
    }
}

fn name(table: &mut Table<'_, '_>, key: &'static str) -> Option<String> {
    let rule = format!("must be a string of 1 to {MAX_NAME} bytes without control characters");
    table.typed(key, &rule, |value| {
        let fits = |text: &&str| (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(char::is_control);
        value.as_str().filter(fits).map(str::to_owned)
    })
}

fn environment(table: &mut Table<'_, '_>) -> Option<String> {
    let rule = "must be 1 to 40 of a-z, 0-9, \"_\" and \"-\", and not begin with \"langfuse\"";
    table.typed("environment", rule, |value| {
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-');
        let fits = |text: &&str| {
            (1..=40).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with("langfuse")
        };
        value.as_str().filter(fits).map(str::to_owned)
    })
}

/// What is kept of an exchange: `[capture]`, or a rule laid over it.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) record: bool,
    pub(crate) request_body: Limits,
    pub(crate) response_body: Limits,
    pub(crate) websocket: Limits,
    pub(crate) headers: HeaderFilter,
    pub(crate) secrets: SecretParameters,
}

impl Default for Settings {
    fn default() -> Self {
        let allow: Vec<String> = DEFAULT_ALLOW.iter().map(|name| (*name).to_owned()).collect();
        Self {
            record: true,
            request_body: DEFAULT_LIMITS,
            response_body: DEFAULT_LIMITS,
            websocket: Limits::default(),
            headers: HeaderFilter::new(&allow, &[]),
            secrets: SecretParameters::new(&[], Mask::default()),
        }
    }
}

/// `[capture]`, and how much memory its exchanges may use.
pub(crate) fn read_capture(mut table: Table<'_, '_>) -> (Settings, Option<u32>) {
    let default = Settings::default();
    let record = table.flag("record").unwrap_or(default.record);
    let request_body = limits(&mut table, "request_body", default.request_body);
    let response_body = limits(&mut table, "response_body", default.response_body);
    let websocket = limits(&mut table, "websocket", default.websocket);
    let max_memory =
        table.size("max_memory", 0, MAX_MEMORY.into()).and_then(|bytes| u32::try_from(bytes).ok());
    let allow = header_names(table.table("headers"), "allow");
    let (redacted_headers, redacted_query) = redact(table.table("redact"));
    table.not_yet(&["json", "sample"]);
    table.finish();
    let allow = allow.unwrap_or_else(|| DEFAULT_ALLOW.iter().map(|name| (*name).to_owned()).collect());
    let headers = HeaderFilter::new(&allow, &redacted_headers);
    let secrets = SecretParameters::new(&redacted_query, Mask::default());
    let settings = Settings { record, request_body, response_body, websocket, headers, secrets };
    (settings, max_memory)
}

fn redact(mut table: Table<'_, '_>) -> (Vec<String>, Vec<String>) {
    let headers = table.texts("headers").unwrap_or_default();
    let query = table.texts("query").unwrap_or_default();
    table.not_yet(&["json_keys", "patterns", "mask"]);
    table.finish();
    (headers, query)
}

fn header_names(mut table: Table<'_, '_>, key: &'static str) -> Option<Vec<String>> {
    let names = table.texts(key);
    for name in names.iter().flatten() {
        let token = name.strip_suffix('*').unwrap_or(name);
        if token.contains('*') || !token.chars().all(|c| c.is_ascii_graphic()) {
            let value = serde_json::Value::String(name.clone());
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

/// One `[[rule]]`, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    /// Empty: any path.
    paths: Vec<Glob>,
    /// Empty: any method.
    methods: Vec<String>,
    pub(crate) settings: Settings,
}

impl Rule {
    /// Whether the rule is for this exchange. The path is compared decoded, so that `/he%61lth` is `/health`.
    pub(crate) fn matches(&self, method: &[u8], path: &[u8]) -> bool {
        let method_fits = self.methods.is_empty() || self.methods.iter().any(|m| m.as_bytes() == method);
        method_fits && (self.paths.is_empty() || self.path_fits(path))
    }

    fn path_fits(&self, path: &[u8]) -> bool {
        let path = percent_decoded(path);
        self.paths.iter().any(|glob| glob.matches(&path))
    }
}

/// The rules, each laid over `[capture]`.
pub(crate) fn read_rules(root: &mut Table<'_, '_>, base: &Settings) -> Vec<Rule> {
    let rules = root.tables("rule", |table, index| read_rule(table, index, base));
    if rules.len() > MAX_RULES {
        root.refuse("rule", &format!("must be at most {MAX_RULES} rules"), None);
    }
    rules
}

fn read_rule(mut table: Table<'_, '_>, index: usize, base: &Settings) -> Rule {
    let name = name(&mut table, "name").unwrap_or_else(|| format!("rule[{index}]"));
    let (paths, methods) = read_match(table.table("match"));
    let settings = Settings {
        record: table.flag("record").unwrap_or(base.record),
        request_body: limits(&mut table, "request_body", base.request_body),
        response_body: limits(&mut table, "response_body", base.response_body),
        websocket: limits(&mut table, "websocket", base.websocket),
        ..base.clone()
    };
    table.not_yet(&["headers", "identity", "json", "redact", "sample"]);
    table.finish();
    Rule { name, paths, methods, settings }
}

fn read_match(mut table: Table<'_, '_>) -> (Vec<Glob>, Vec<String>) {
    let mut paths = Vec::new();
    for pattern in table.texts("path").unwrap_or_default() {
        match Glob::try_new(&pattern) {
            Ok(glob) => paths.push(glob),
            Err(rule) => table.refuse("path", &rule, Some(&serde_json::Value::String(pattern))),
        }
    }
    let methods = table.texts("method").unwrap_or_default();
    for method in &methods {
        if method.is_empty() || !method.chars().all(|c| c.is_ascii_graphic()) {
            let value = serde_json::Value::String(method.clone());
            table.refuse("method", "must be request methods such as \"POST\"", Some(&value));
        }
    }
    table.not_yet(&["content_type", "header", "host", "response_content_type", "route", "status"]);
    table.finish();
    (paths, methods.iter().map(|method| method.to_ascii_uppercase()).collect())
}
