//! What users configure of each sink over HTTP.

use std::{path::PathBuf, time::Duration};

use offpath_core::config::{Table, Value};
use reqwest::{
    Url,
    header::{HeaderName, HeaderValue},
};

use crate::config::{self, Environment, Secret, paths};

/// What all `[sinks.<name>]` over HTTP have.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `headers`: sent with each request; each value counts as a secret.
    pub headers: Vec<(HeaderName, Secret)>,
    /// `compression`: of the bodies that are sent; gzip unless told otherwise.
    pub compression: Compression,
    /// `timeout`: from the start of a request to the end of its answer.
    pub timeout: Duration,
    /// `batch`: what goes together.
    pub batch: Limits,
    /// `concurrency`: the most requests in flight at a time.
    pub concurrency: usize,
    /// `tls`: whom to trust, and who we are.
    pub tls: Tls,
    /// `proxy`: the way to the backend.
    pub proxy: Proxy,
}

/// How bodies are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// As RFC 1952 has it.
    Gzip,
    /// Not at all.
    None,
}

/// A batch is sent when the first of these is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events.
    pub max_events: usize,
    /// Bytes of the events as they are in the spool.
    pub max_size: usize,
    /// How long an event waits for others.
    pub max_age: Duration,
}

/// Files in PEM.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// `ca`: certificates of authorities to trust beside those of the system.
    pub ca: Option<PathBuf>,
    /// `client_cert` and `client_key`: who we are.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// The way to the backend.
#[derive(Debug, Clone)]
pub enum Proxy {
    /// As the environment says: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.
    Environment,
    /// `proxy = "none"`: straight.
    None,
    /// Through this one. Its address may hold a password.
    Through(Secret),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            compression: Compression::Gzip,
            timeout: Duration::from_secs(30),
            batch: Limits { max_events: 1_000, max_size: 1 << 20, max_age: Duration::from_secs(1) },
            concurrency: 16,
            tls: Tls::default(),
            proxy: Proxy::Environment,
        }
    }
}

impl Settings {
    pub(crate) fn read(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        let default = Self::default();
        let choices = [("gzip", Compression::Gzip), ("none", Compression::None)];
        let timeout = config::duration(table, "timeout", Duration::from_millis(100), Duration::from_mins(10));
        Some(Self {
            headers: headers(table),
            compression: table.one_of("compression", &choices).unwrap_or(default.compression),
            timeout: timeout.unwrap_or(default.timeout),
            batch: limits(table.table("batch"), default.batch),
            concurrency: whole(table, "concurrency", 256).unwrap_or(default.concurrency),
            tls: tls(table.table("tls"), env),
            proxy: proxy(table).unwrap_or(default.proxy),
        })
    }

    /// What may not be meant of sending requests to `address`, with more than these settings' headers if `has_headers`.
    #[must_use]
    pub fn doubt(&self, address: &str, has_headers: bool) -> Option<&'static str> {
        let url = address.parse::<Url>().ok()?;
        let is_told = (has_headers || !self.headers.is_empty()) && url.scheme() == "http" && !is_near(&url);
        is_told.then_some("its headers, which may hold secrets, go over http to another network: use https")
    }
}

/// Whether a host is this machine, or one in a network that is not the internet: by its address, or by a name that only
/// such a network has.
fn is_near(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        Ok(std::net::IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
        Err(_) => {
            const NEAR: [&str; 4] = [".localhost", ".local", ".internal", ".svc"];
            !host.contains('.') || NEAR.iter().any(|end| host.ends_with(end)) || host.contains(".svc.")
        }
    }
}

/// The address at `key`, else `default`; with neither, that is an error. `http` or `https`, and no credentials in it.
pub(crate) fn url(table: &mut Table<'_, '_>, key: &'static str, default: Option<&str>) -> Option<Url> {
    let Some(value) = table.take(key) else {
        if default.is_none() {
            table.refuse(key, "is needed: an address such as \"https://host/path\"", None);
        }
        return default.and_then(|default| default.parse().ok());
    };
    match parse_url(value) {
        Ok(url) => Some(url),
        Err(Wrong { rule, is_shown }) => {
            table.refuse(key, &rule, is_shown.then_some(value));
            None
        }
    }
}

struct Wrong {
    rule: String,
    is_shown: bool,
}

fn parse_url(value: &Value) -> Result<Url, Wrong> {
    let wrong = |rule: &str| Wrong { rule: rule.to_owned(), is_shown: true };
    let text = value.as_str().unwrap_or_default();
    // A password in it would be shown.
    let is_shown = !text.contains('@');
    let Some((scheme, _)) = text.split_once("://") else {
        let rule = if is_shown && !text.is_empty() {
            format!(
                "must begin with \"https://\", or with \"http://\" where no TLS is meant: \"https://{text}\""
            )
        } else {
            "must be an address such as \"https://host/path\"".to_owned()
        };
        return Err(Wrong { rule, is_shown: false });
    };
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return Err(Wrong { is_shown, ..wrong("must begin with \"https://\" or \"http://\"") });
    }
    let Ok(url) = text.parse::<Url>() else {
        return Err(Wrong { is_shown, ..wrong("must be an address such as \"https://host/path\"") });
    };
    if !url.username().is_empty() || url.password().is_some() {
        let rule = "must hold no name and no password; give them as a header, such as headers.authorization";
        return Err(Wrong { is_shown: false, ..wrong(rule) });
    }
    if url.fragment().is_some() {
        return Err(wrong("must not hold a \"#\": it is not sent"));
    }
    Ok(url)
}

fn headers(table: &mut Table<'_, '_>) -> Vec<(HeaderName, Secret)> {
    /// What the request itself says.
    const OURS: [&str; 5] =
        ["host", "content-length", "content-type", "content-encoding", "transfer-encoding"];
    let Some(named) = table.typed("headers", "must be a table of strings", Value::as_object) else {
        return Vec::new();
    };
    let mut headers = Vec::new();
    for (name, value) in named {
        let field = format!("headers.{name}");
        let parsed = name.parse::<HeaderName>().ok().filter(|name| !OURS.contains(&name.as_str()));
        let text = value.as_str().filter(|text| HeaderValue::from_str(text).is_ok());
        match (parsed, text) {
            (None, _) => table.refuse(&field, "is not the name of a header that can be set", None),
            (_, None) => table.refuse(&field, "must be a string that a header can hold: one line", None),
            (Some(name), Some(text)) => headers.push((name, Secret::new(text.to_owned()))),
        }
    }
    headers
}

fn whole(table: &mut Table<'_, '_>, key: &'static str, most: i64) -> Option<usize> {
    table.whole(key, 1, most).and_then(|number| usize::try_from(number).ok())
}

fn limits(mut table: Table<'_, '_>, default: Limits) -> Limits {
    let max_events = whole(&mut table, "max_events", 100_000);
    let max_size = table.size("max_size", 1 << 10, 8 << 20).and_then(|size| usize::try_from(size).ok());
    let max_age = config::duration(&mut table, "max_age", Duration::from_millis(1), Duration::from_mins(1));
    table.finish();
    Limits {
        max_events: max_events.unwrap_or(default.max_events),
        max_size: max_size.unwrap_or(default.max_size),
        max_age: max_age.unwrap_or(default.max_age),
    }
}

/// Whom to trust, and who we are, as all who speak TLS have it in `tls`.
pub(crate) fn tls(mut table: Table<'_, '_>, env: Environment<'_>) -> Tls {
    let mut path = |key| table.text(key).map(|path| paths::expand(path, env));
    let (ca, certificate, key) = (path("ca"), path("client_cert"), path("client_key"));
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(_), None) => {
            table.refuse("client_key", "is needed beside client_cert", None);
            None
        }
        (None, Some(_)) => {
            table.refuse("client_cert", "is needed beside client_key", None);
            None
        }
        (None, None) => None,
    };
    table.finish();
    Tls { ca, identity }
}

fn proxy(table: &mut Table<'_, '_>) -> Option<Proxy> {
    let text = table.take("proxy")?.as_str().unwrap_or_default();
    if text == "none" {
        return Some(Proxy::None);
    }
    let is_proxy = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if text.parse::<Url>().is_ok_and(|url| is_proxy(&url)) {
        return Some(Proxy::Through(Secret::new(text.to_owned())));
    }
    table.refuse("proxy", "must be \"none\" or an address such as \"http://host:3128\"", None);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: &Value) -> Result<Settings, Vec<String>> {
        let mut errors = Vec::new();
        let mut table = Table::root(json, &mut errors).expect("a table");
        let settings = Settings::read(&mut table, &|_| None);
        table.finish();
        if errors.is_empty() {
            return Ok(settings.expect("settings"));
        }
        Err(errors.iter().map(ToString::to_string).collect())
    }

    fn read_url(text: &str) -> Result<Url, String> {
        let json = json!({"endpoint": text});
        let mut errors = Vec::new();
        let mut table = Table::root(&json, &mut errors).expect("a table");
        let read = url(&mut table, "endpoint", None);
        read.ok_or_else(|| errors[0].to_string())
    }

    #[test]
    fn nothing_is_needed() {
        let settings = read(&json!({})).expect("valid");
        assert_eq!((settings.compression, settings.concurrency), (Compression::Gzip, 16));
    }

    #[test]
    fn all_is_read_and_no_header_is_shown() {
        let settings = read(&json!({
            "headers": {"Authorization": "Bearer sk-1"}, "compression": "none", "timeout": "5s", "concurrency": 2,
            "batch": {"max_events": 7, "max_size": "2KiB", "max_age": "50ms"},
            "tls": {"ca": "/ca.pem", "client_cert": "/c.pem", "client_key": "/k.pem"}, "proxy": "http://u:sk-1@p:1",
        }));
        let settings = settings.expect("valid");
        assert!(!format!("{settings:?}").contains("sk-1"));
        let limits = Limits { max_events: 7, max_size: 2048, max_age: Duration::from_millis(50) };
        assert_eq!((settings.batch, settings.timeout), (limits, Duration::from_secs(5)));
        assert_eq!(settings.headers[0].0.as_str(), "authorization");
    }

    #[test]
    fn what_is_wrong_is_named_and_secrets_are_not_shown() {
        let errors = read(&json!({
            "headers": {"a b": "sk-1", "x": "sk-1\n", "host": "sk-1"}, "proxy": "socks9://sk-1", "tls": {"client_cert": "/c"},
            "batch": {"max_event": 1},
        }));
        let errors = errors.expect_err("refused");
        assert_eq!(errors.len(), 6, "{errors:#?}");
        assert!(errors.iter().all(|error| !error.contains("sk-1")), "{errors:#?}");
    }

    #[test]
    fn an_address_says_whether_tls_is_meant() {
        let error = read_url("collector:4318/v1/traces").expect_err("refused");
        assert!(error.contains("\"https://collector:4318/v1/traces\""), "{error}");
        assert!(read_url("http://collector:4318/v1/traces").is_ok());
        assert!(read_url("ftp://collector").is_err());
        assert!(read_url("").is_err());
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_shown() {
        for text in ["https://me:sk-1@host/", "me:sk-1@host", "ftp://me:sk-1@host", "https://me:sk-1@ho st/"]
        {
            let error = read_url(text).expect_err("refused");
            assert!(!error.contains("sk-1"), "{error}");
        }
    }

    #[test]
    fn headers_over_http_to_the_internet_are_doubted() {
        let settings = read(&json!({"headers": {"authorization": "sk-1"}})).expect("valid");
        let doubted = |address: &str| settings.doubt(address, false).is_some();
        for far in ["http://example.com/", "http://8.8.8.8/", "http://[2001:db8::1]/"] {
            assert!(doubted(far), "{far}");
        }
        for near in [
            "https://example.com/",
            "http://127.0.0.1/",
            "http://[::1]:1/",
            "http://10.1.2.3/",
            "http://collector:4318/",
            "http://collector.ns.svc.cluster.local/",
        ] {
            assert!(!doubted(near), "{near}");
        }
        assert!(Settings::default().doubt("http://example.com/", false).is_none());
        assert!(Settings::default().doubt("http://example.com/", true).is_some());
    }
}
