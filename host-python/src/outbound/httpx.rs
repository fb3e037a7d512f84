//! httpx, and httpx2, which is its continuation under another name: what their requests and responses say.
//!
//! One exchange is one `_send_single_request`: what goes over the network once. Redirects, authentication and retries of
//! the libraries above are exchanges of their own.

use super::{
    calls::Calls,
    chunks::Way,
    exchange::{Answer, OutboundExchange},
    head::{Head, split},
};
use crate::{
    asgi::message::push_header,
    guard::guarded,
    live::Live,
    parent::{Role, named},
    recorder::Recorder,
    texts::Texts,
};
use pyo3::{
    PyTraverseError, PyVisit, intern,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyTuple, PyType},
};

const TRACEPARENT: &str = "traceparent";

/// The calls of one kind of client.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct HttpxCalls {
    calls: Calls,
    /// The class of bodies that are in memory.
    whole: Py<PyType>,
    /// The class that the client asks of a stream.
    stream: Py<PyType>,
    /// Classes of streams that are observed: of requests, of responses.
    sent: Py<PyAny>,
    received: Py<PyAny>,
}

#[pymethods]
impl HttpxCalls {
    #[new]
    fn new(
        recorder: &Bound<'_, Recorder>,
        whole: Py<PyType>,
        stream: Py<PyType>,
        sent: Py<PyAny>,
        received: Py<PyAny>,
    ) -> Self {
        Self { calls: Calls::of(recorder), whole, stream, sent, received }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.whole)?;
        visit.call(&self.stream)?;
        visit.call(&self.sent)?;
        visit.call(&self.received)
    }

    /// Begins no more exchanges.
    fn stop(&self) {
        self.calls.stop();
    }

    /// Begins the exchange of a request that is about to be sent, with what is in progress, and the place of a span of
    /// OpenTelemetry inside of that. None: it is not to be recorded.
    #[pyo3(signature = (request, current, inner = None))]
    fn begin<'py>(
        &self,
        request: &Bound<'py, PyAny>,
        current: &Bound<'py, PyAny>,
        inner: Option<&Bound<'py, PyAny>>,
    ) -> Option<Bound<'py, OutboundExchange>> {
        guarded(|| self.try_begin(request, current, inner)).flatten()
    }

    /// The request is sent, or could not be: what was changed of it for the time is put back.
    fn sent(&self, exchange: &Bound<'_, OutboundExchange>, request: &Bound<'_, PyAny>) {
        exchange.get().is_sent();
        if exchange.get().has_changed() {
            guarded(|| self.put_back(exchange.get(), request));
        }
    }

    /// The head of the response has come; from here on, its body is observed.
    fn answered(&self, exchange: &Bound<'_, OutboundExchange>, response: &Bound<'_, PyAny>) {
        guarded(|| self.try_answered(exchange, response));
    }
}

impl HttpxCalls {
    fn try_begin<'py>(
        &self,
        request: &Bound<'py, PyAny>,
        current: &Bound<'py, PyAny>,
        inner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, OutboundExchange>>> {
        let py = request.py();
        let Some(Role::Part(parent)) = self.calls.role(current, named(inner)?) else { return Ok(None) };
        let headers = request.getattr(intern!(py, "headers"))?;
        let url = request.getattr(intern!(py, "url"))?;
        let texts = request_head(request, &url, &headers)?;
        let Some(live) = self.calls.begin(&texts, parent) else { return Ok(None) };
        let traceparent = if live.tells_somebody() { told(&live, &url, &headers)? } else { None };
        let is_head = request.getattr(intern!(py, "method"))?.eq(intern!(py, "HEAD"))?;
        let exchange = Bound::new(py, OutboundExchange::new(live, parent, is_head))?;
        self.observe_body(&exchange, request)?;
        if let Some(traceparent) = traceparent {
            exchange.get().changes();
            headers.set_item(TRACEPARENT, traceparent)?;
        }
        Ok(Some(exchange))
    }

    /// What is in memory is told at once; of what is not, each chunk as it is sent.
    fn observe_body(
        &self,
        exchange: &Bound<'_, OutboundExchange>,
        request: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = request.py();
        let stream = request.getattr(intern!(py, "stream"))?;
        if stream.get_type().is(self.whole.bind(py)) {
            for chunk in stream.try_iter()? {
                exchange.get().chunk(Way::Out, &chunk?);
            }
        } else if stream.is_instance(self.stream.bind(py))? {
            // Of another kind the client refuses it, in words of its own.
            exchange.get().changes();
            let observed = self.sent.bind(py).call1((stream, exchange))?;
            request.setattr(intern!(py, "stream"), observed)?;
        }
        Ok(())
    }

    /// A redirect copies the headers of the request that led to it, and takes over its stream.
    fn put_back(&self, exchange: &OutboundExchange, request: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = request.py();
        let headers = request.getattr(intern!(py, "headers"))?;
        let traceparent = headers.call_method1(intern!(py, "get"), (TRACEPARENT,))?;
        if traceparent.eq(exchange.place().to_string())? {
            headers.del_item(TRACEPARENT)?;
        }
        let stream = request.getattr(intern!(py, "stream"))?;
        if stream.get_type().is(self.sent.bind(py)) {
            request.setattr(intern!(py, "stream"), stream.getattr(intern!(py, "_stream"))?)?;
        }
        Ok(())
    }

    fn try_answered(
        &self,
        exchange: &Bound<'_, OutboundExchange>,
        response: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = response.py();
        let raw = raw_headers(&response.getattr(intern!(py, "headers"))?)?;
        let status = response.getattr(intern!(py, "status_code"))?.extract()?;
        let mut headers = Texts::with_capacity(512);
        // A transport has it whole already, decoded, and nobody will read the stream.
        let is_whole = response.getattr(intern!(py, "is_closed"))?.is_truthy()?;
        let mut head = Found::default();
        for pair in raw.iter() {
            let says_encoding = head.look(&pair);
            if !(is_whole && says_encoding) {
                push_header(&mut headers, &pair);
            }
        }
        // Of some there is none, whatever their head says (RFC 9110, section 6.4.1).
        let has_no_body = matches!(status, 100..200 | 204 | 304) || exchange.get().asks_for_head();
        let length = if has_no_body { Some(0) } else { head.length };
        let http_version = http_version(response)?;
        exchange.get().answered(Answer { status, headers, http_version, length });
        if is_whole {
            exchange.get().chunk(Way::In, &response.getattr(intern!(py, "content"))?);
            exchange.get().completed();
            return Ok(());
        }
        let stream = response.getattr(intern!(py, "stream"))?;
        let observed = self.received.bind(py).call1((stream, exchange))?;
        response.setattr(intern!(py, "stream"), observed)
    }
}

fn request_head(
    request: &Bound<'_, PyAny>,
    url: &Bound<'_, PyAny>,
    headers: &Bound<'_, PyAny>,
) -> PyResult<Texts> {
    let py = request.py();
    let raw = raw_headers(headers)?;
    let mut found = Found::default();
    for pair in raw.iter() {
        found.look(&pair);
    }
    let authority = if found.has_host { None } else { Some(url.getattr(intern!(py, "netloc"))?) };
    let target = url.getattr(intern!(py, "raw_path"))?;
    let (path, query) = split(target.cast::<PyBytes>()?.as_bytes());
    let mut texts = Head {
        method: &request.getattr(intern!(py, "method"))?,
        scheme: &url.getattr(intern!(py, "scheme"))?,
        authority: authority.as_ref(),
        path,
        query,
    }
    .texts();
    raw.iter().for_each(|pair| push_header(&mut texts, &pair));
    Ok(texts)
}

/// The `traceparent` to take along, if this host is to be told, and the app does not tell it something else.
fn told(live: &Live, url: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let host = url.getattr(intern!(url.py(), "raw_host"))?;
    let host = host.cast::<PyBytes>()?.as_bytes().to_ascii_lowercase();
    let is_told = live.tells(&host) && !headers.contains(TRACEPARENT)?;
    Ok(is_told.then(|| live.place().to_string()))
}

/// Name and value of each header, as they are sent.
fn raw_headers<'py>(headers: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    Ok(headers.getattr(intern!(headers.py(), "raw"))?.cast_into()?)
}

/// What headers say that matters here.
#[derive(Debug, Default)]
struct Found {
    has_host: bool,
    length: Option<u64>,
}

impl Found {
    /// Looks at a header. Returns whether it speaks of how the body is encoded.
    fn look(&mut self, pair: &Bound<'_, PyAny>) -> bool {
        let Ok(pair) = pair.cast::<PyTuple>() else { return false };
        let (Ok(name), Ok(value)) = (pair.get_item(0), pair.get_item(1)) else { return false };
        let (Ok(name), Ok(value)) = (name.cast::<PyBytes>(), value.cast::<PyBytes>()) else { return false };
        let name = name.as_bytes();
        if name.eq_ignore_ascii_case(b"host") {
            self.has_host = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            self.length =
                std::str::from_utf8(value.as_bytes()).ok().and_then(|value| value.trim().parse().ok());
        }
        name.eq_ignore_ascii_case(b"content-encoding")
    }
}

/// `2` of `HTTP/2`; empty where the transport does not say.
fn http_version(response: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let py = response.py();
    let extensions = response.getattr(intern!(py, "extensions"))?;
    let version = extensions.cast::<PyDict>()?.get_item(intern!(py, "http_version"))?;
    let version = version.as_ref().and_then(|version| version.cast::<PyBytes>().ok());
    let version = version.map(|version| version.as_bytes()).unwrap_or_default();
    Ok(version.strip_prefix(b"HTTP/").unwrap_or(version).to_vec())
}
