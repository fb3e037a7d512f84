//! Why no answer came, in words that say what to look at.

use std::{error::Error as StdError, io, time::Duration};

use rustls::CertificateError;

/// A request that no answer came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The label that metrics use.
    pub(super) kind: &'static str,
    /// In words.
    pub(super) why: String,
    /// Whether nothing will do until somebody has put something right.
    pub(super) is_blocked: bool,
    /// Whether nothing was sent: the backend is not there.
    pub(super) is_absent: bool,
}

impl Failure {
    fn new(kind: &'static str, why: impl Into<String>) -> Self {
        Self { kind, why: why.into(), is_blocked: false, is_absent: false }
    }

    /// Settings that cannot be used, as a certificate that cannot be read.
    pub(super) fn blocked(kind: &'static str, why: String) -> Self {
        Self { is_blocked: true, ..Self::new(kind, why) }
    }

    /// Something here failed.
    pub(super) fn broken(why: String) -> Self {
        Self::new("request", why)
    }

    /// `place` is where the request went, as it may be shown.
    pub(super) fn of(error: &reqwest::Error, place: &str, timeout: Duration) -> Self {
        let is_absent = error.is_connect();
        let failure = if let Some(error) = cause::<rustls::Error>(error) {
            Self::new("tls", format!("{place}: {}", tls(error)))
        } else if error.is_timeout() {
            let what = if is_absent { "no connection" } else { "no answer" };
            Self::new("timeout", format!("{place}: {what} within {}", humantime::format_duration(timeout)))
        } else if is_absent {
            connect(error, place)
        } else {
            half(error, place)
        };
        Self { is_absent, ..failure }
    }
}

fn connect(error: &reqwest::Error, place: &str) -> Failure {
    let root = root(error);
    // Their types are nobody's to name, so their words have to do; the tests ask real proxies.
    let says = |text: &str| chain(error).any(|error| error.to_string().contains(text));
    if says("dns error") {
        return Failure::new("dns", format!("{place}: its name cannot be resolved: {root}"));
    }
    if says("proxy authorization required") {
        let why = format!("{place}: the proxy wants other credentials; check proxy, or HTTPS_PROXY");
        return Failure::blocked("auth", why);
    }
    if says("tunnel error: unsuccessful") {
        return Failure::new("connect", format!("{place}: the proxy makes no connection to it"));
    }
    Failure::new("connect", format!("{place}: cannot connect: {root}"))
}

fn half(error: &reqwest::Error, place: &str) -> Failure {
    let http = cause::<hyper::Error>(error);
    let root = root(error);
    // Before the body, a parse error is of what should have been the head.
    if http.is_some_and(hyper::Error::is_parse) {
        return Failure::new("garbage", format!("{place}: what it answers is not HTTP: {root}"));
    }
    if error.is_body() || error.is_decode() {
        return Failure::new("garbage", format!("{place}: its answer breaks off: {root}"));
    }
    if http.is_some_and(hyper::Error::is_incomplete_message)
        || cause::<io::Error>(error).is_some_and(is_reset)
    {
        return Failure::new("reset", format!("{place}: the connection ends before the answer does"));
    }
    Failure::new("request", format!("{place}: {root}"))
}

fn is_reset(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
}

/// What is wrong with how TLS begins, and what to do about it.
fn tls(error: &rustls::Error) -> String {
    use rustls::Error::InvalidCertificate;
    match error {
        InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            format!("its certificate has expired, or the clock here is wrong ({error})")
        }
        InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            format!("its certificate is not valid yet, or the clock here is wrong ({error})")
        }
        InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "its certificate is from an authority that is not known here; name a file with that authority's certificate \
             as tls.ca ({error})"
        ),
        InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            format!("its certificate is for another name ({error})")
        }
        InvalidCertificate(_) => format!("its certificate is not accepted ({error})"),
        rustls::Error::InvalidMessage(_) => {
            format!("it does not speak TLS there; if that is meant, write \"http://\" ({error})")
        }
        rustls::Error::AlertReceived(_) => {
            format!("it breaks off TLS; it may want tls.client_cert ({error})")
        }
        _ => format!("TLS fails: {error}"),
    }
}

/// An error and what caused it, one by one. An `io::Error` is skipped for what is in it.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        let error: &'a (dyn StdError + 'static) = *error;
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}

fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn root(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
