//! What users configure of it.

use std::collections::BTreeMap;

use offpath_core::config::{Table, Value};
use reqwest::{Url, header};

use crate::{
    config::{Environment, Secret},
    delivery::{self, Compression, url},
};

/// The path of Loki's push API.
const PUSH: &str = "/loki/api/v1/push";

/// Labels that the sink gives itself, beside `host`.
const OURS: [&str; 5] = ["deployment_environment", "kind", "level", "service_name", "source"];

/// Labels that Loki lets a stream have: `max_label_names_per_series`.
const MOST_LABELS: usize = 15;

/// `[sinks.<name>]` with `type = "loki"`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `endpoint`: where Loki is; the path of its push API may be left out.
    pub endpoint: Url,
    /// `tenant`: sent as `X-Scope-OrgID`.
    pub tenant: Option<String>,
    /// `labels`: of all streams, beside those that the sink gives itself; an empty one takes `host` away.
    pub labels: BTreeMap<String, String>,
    /// `structured_metadata`: whether there is any; a Loki older than 3.0 takes none.
    pub structured_metadata: bool,
    /// `max_line_size`: bytes of a line above which its bodies are shortened; as in Loki's configuration.
    pub max_line_size: usize,
    /// What all sinks over HTTP have.
    pub delivery: delivery::Settings,
}

impl Settings {
    pub(crate) fn read(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        let endpoint = url(table, "endpoint", None);
        let tenant = table.typed(
            "tenant",
            "must be 1 to 150 of a-z, A-Z, 0-9 and !-_.*'(), or more than one with \"|\" between them",
            |value| value.as_str().filter(|tenant| is_tenant(tenant)).map(str::to_owned),
        );
        let labels = labels(table);
        let structured_metadata = table.flag("structured_metadata").unwrap_or(true);
        let max_line_size = table.size("max_line_size", 4 << 10, 64 << 20).unwrap_or(256 << 10);
        let authorization = authorization(table);
        // Unless it is told otherwise: a stream is to be in order, and what is compressed already does not get smaller.
        let (is_told, is_compressed) = (table.has("concurrency"), table.has("compression"));
        let mut delivery = delivery::Settings::read(table, env)?;
        if !is_told {
            delivery.concurrency = 1;
        }
        if !is_compressed {
            delivery.compression = Compression::None;
        }
        // First: what stands under headers prevails.
        delivery.headers.splice(..0, authorization.map(|value| (header::AUTHORIZATION, value)));
        Some(Self {
            endpoint: push(endpoint?),
            tenant,
            labels,
            structured_metadata,
            max_line_size: usize::try_from(max_line_size).unwrap_or(usize::MAX),
            delivery,
        })
    }
}

/// <https://grafana.com/docs/loki/latest/operations/multi-tenancy/>
fn is_tenant(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "!-_.*'()".contains(c);
    text.split('|').all(|tenant| (1..=150).contains(&tenant.len()) && tenant.chars().all(is_allowed))
}

fn push(mut endpoint: Url) -> Url {
    if !endpoint.path().ends_with(PUSH) {
        let path = format!("{}{PUSH}", endpoint.path().trim_end_matches('/'));
        endpoint.set_path(&path);
    }
    endpoint
}

fn labels(table: &mut Table<'_, '_>) -> BTreeMap<String, String> {
    let Some(named) = table.typed("labels", "must be a table of strings", Value::as_object) else {
        return BTreeMap::new();
    };
    let mut labels = BTreeMap::new();
    for (name, value) in named {
        let field = format!("labels.{name}");
        let is_short = |text: &&str| text.len() <= 2048 && (!text.is_empty() || name == "host");
        if !is_label(name) {
            let rule = "must be named with a-z, A-Z, 0-9 and \"_\", no digit first, and not \"__\"";
            table.refuse(&field, rule, None);
        } else if OURS.contains(&name.as_str()) {
            table.refuse(&field, "is a label that the sink gives itself; choose another name", None);
        } else if let Some(text) = value.as_str().filter(is_short) {
            labels.insert(name.clone(), text.to_owned());
        } else {
            table.refuse(&field, "must be a string of 1 to 2048 bytes", Some(value));
        }
    }
    // One is the host's.
    let most = MOST_LABELS - OURS.len() - 1;
    if labels.keys().filter(|name| *name != "host").count() > most {
        let rule = format!("must be at most {most} beside host: Loki takes {MOST_LABELS} for a stream");
        table.refuse("labels", &rule, None);
    }
    labels
}

fn is_label(name: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.starts_with(|c: char| c.is_ascii_digit()) && !name.starts_with("__") && name.chars().all(is_allowed)
}

/// `username` and `password`, or `token`.
fn authorization(table: &mut Table<'_, '_>) -> Option<Secret> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let username = table.text("username");
    let password = Secret::read(table, "password");
    let token = Secret::read(table, "token");
    match (username, password, token) {
        (None, None, token) => token.map(|token| Secret::new(format!("Bearer {}", token.expose()))),
        (Some(username), Some(password), None) => {
            let pair = STANDARD.encode(format!("{username}:{}", password.expose()));
            Some(Secret::new(format!("Basic {pair}")))
        }
        (_, _, Some(_)) => {
            table.refuse("token", "must stand without username and password", None);
            None
        }
        (Some(_), None, None) => {
            table.refuse("password", "is needed beside username", None);
            None
        }
        (None, Some(_), None) => {
            table.refuse("username", "is needed beside password", None);
            None
        }
    }
}
