//! Sends one request, and brings back what was answered.

use std::{
    fs, io,
    time::{Duration, Instant},
};

use hyper::body::Bytes;
use reqwest::{
    Certificate, ClientBuilder, Identity, Url,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect,
};

use super::{Proxy, Request, Settings, failure::Failure};

/// No connection takes longer than this to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// Bytes of an answer that are read at most: what a backend has to say of a request as a whole.
const MAX_ANSWER: usize = 64 << 10;

/// And at least, however many may come at a time: what tells a success from a page to log in, and a reason.
const MIN_ANSWER: usize = 8 << 10;

/// A request as it goes out.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) body: Bytes,
    pub(super) is_gzip: bool,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) latency: Duration,
}

/// The client of one sink. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    headers: HeaderMap,
    timeout: Duration,
    max_answer: usize,
}

impl Client {
    /// Reads what `tls` names. All answers that can be there at a time are to take `max_answers` bytes together.
    pub(super) fn new(settings: &Settings, max_answers: usize) -> Result<Self, Failure> {
        // What another has installed will do: there is only this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authorities = authorities(settings)?;
        let built = builder(settings)?.tls_certs_merge(authorities.clone()).build();
        // A system without any authority of its own is good for `http`, and for what `tls.ca` vouches for.
        let http = match built {
            Ok(http) => http,
            Err(_) => {
                builder(settings)?.tls_certs_only(authorities).build().map_err(|error| unusable(&error))?
            }
        };
        let headers = settings.headers.iter().filter_map(|(name, value)| {
            let mut value = HeaderValue::from_str(value.expose()).ok()?;
            value.set_sensitive(true);
            Some((name.clone(), value))
        });
        Ok(Self {
            http,
            headers: headers.collect(),
            timeout: settings.timeout,
            max_answer: max_answer(max_answers, settings.concurrency),
        })
    }

    /// Sends it, once. What fails is told by the host alone: path and query may hold a key.
    pub(super) async fn send(self, request: Request, packed: Packed) -> Result<Received, Failure> {
        let started = Instant::now();
        let Some(url) = request.url.parse::<Url>().ok() else {
            return Err(Failure::blocked("address", "the address of this sink is none".to_owned()));
        };
        let place = url.origin().ascii_serialization();
        let failed = |error: reqwest::Error| Failure::of(&error.without_url(), &place, self.timeout);
        let headers = self.headers_of(&request, packed.is_gzip);
        let answer = self.http.post(url).headers(headers).body(packed.body).send().await.map_err(failed)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = start_of_body(answer, self.max_answer).await.map_err(failed)?;
        Ok(Received { status, headers, body, latency: started.elapsed() })
    }

    fn headers_of(&self, request: &Request, is_gzip: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(request.content_type));
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_str(value)) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        // What users say comes last, and takes the place of what is there: `extend` would send both.
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        if is_gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers
    }
}

fn max_answer(max_answers: usize, concurrency: usize) -> usize {
    (max_answers / concurrency.max(1)).clamp(MIN_ANSWER, MAX_ANSWER)
}

async fn start_of_body(mut answer: reqwest::Response, most: usize) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        let room = most - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() >= most {
            break;
        }
    }
    Ok(body)
}

fn builder(settings: &Settings) -> Result<ClientBuilder, Failure> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("offpath/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .timeout(settings.timeout)
        .connect_timeout(CONNECT.min(settings.timeout))
        .pool_max_idle_per_host(settings.concurrency)
        .tcp_nodelay(true);
    if let Some((certificate, key)) = &settings.tls.identity {
        let mut pem = read(certificate, "tls.client_cert")?;
        pem.push(b'\n');
        pem.extend(read(key, "tls.client_key")?);
        let identity = Identity::from_pem(&pem).map_err(|_| {
            let (certificate, key) = (certificate.display(), key.display());
            let why = format!("tls.client_cert: {certificate} and {key} are no certificate and key in PEM");
            Failure::blocked("tls", why)
        })?;
        builder = builder.identity(identity);
    }
    match &settings.proxy {
        Proxy::Environment => Ok(builder),
        Proxy::None => Ok(builder.no_proxy()),
        Proxy::Through(proxy) => reqwest::Proxy::all(proxy.expose())
            .map(|proxy| builder.proxy(proxy))
            .map_err(|_| Failure::blocked("address", "proxy: is no address of a proxy".to_owned())),
    }
}

fn authorities(settings: &Settings) -> Result<Vec<Certificate>, Failure> {
    let Some(path) = &settings.tls.ca else { return Ok(Vec::new()) };
    let pem = read(path, "tls.ca")?;
    let wrong = || Failure::blocked("tls", format!("tls.ca: {} holds no certificate in PEM", path.display()));
    let authorities = Certificate::from_pem_bundle(&pem).map_err(|_| wrong())?;
    if authorities.is_empty() { Err(wrong()) } else { Ok(authorities) }
}

fn read(path: &std::path::Path, field: &str) -> Result<Vec<u8>, Failure> {
    let unreadable =
        |error: io::Error| Failure::blocked("tls", format!("{field}: {}: {error}", path.display()));
    fs::read(path).map_err(unreadable)
}

fn unusable(error: &reqwest::Error) -> Failure {
    let root = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Failure::blocked("tls", format!("tls: cannot be used: {root}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_answers_at_a_time_are_within_their_share_as_long_as_each_can_say_something() {
        assert_eq!(max_answer(4 << 20, 16), 64 << 10, "one sink, as it is");
        for (max_answers, concurrency) in [(4 << 20, 256), (1 << 20, 64), (512 << 10, 16)] {
            assert!(max_answer(max_answers, concurrency) * concurrency <= max_answers);
        }
        assert_eq!(max_answer(1, 256), MIN_ANSWER);
    }

    #[tokio::test]
    async fn of_an_answer_no_more_is_read_than_that() {
        let long = hyper::Response::new(vec![b'x'; 100_000]);
        assert_eq!(start_of_body(long.into(), 70_000).await.expect("read").len(), 70_000);
        let short = hyper::Response::new("x");
        assert_eq!(start_of_body(short.into(), 70_000).await.expect("read"), b"x");
    }
}
