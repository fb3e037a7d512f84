//! The client of aiohttp: what its requests and responses say.
//!
//! One exchange is one connection that is asked for and used: redirects, and what aiohttp sends again, are exchanges of
//! their own.

use super::{
    calls::Calls,
    exchange::{Answer, OutboundExchange},
    head::{Head, push},
};
use crate::{
    asgi::message::{push_header, utf8},
    guard::guarded,
    live::Live,
    parent::{Role, named},
    recorder::Recorder,
    texts::Texts,
};
use pyo3::{
    intern,
    prelude::*,
    types::{PyBytes, PyString, PyTuple},
};

const TRACEPARENT: &str = "traceparent";

/// The calls of all sessions.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct AiohttpCalls {
    calls: Calls,
}

#[pymethods]
impl AiohttpCalls {
    #[new]
    fn new(recorder: &Bound<'_, Recorder>) -> Self {
        Self { calls: Calls::of(recorder) }
    }

    /// Begins no more exchanges.
    fn stop(&self) {
        self.calls.stop();
    }

    /// Whether calls are to be recorded, with what is in progress: not one that carries another.
    fn records(&self, current: &Bound<'_, PyAny>) -> bool {
        matches!(self.calls.role(current, None), Some(Role::Part(_)))
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

    /// The head of the response has come. `decodes`: encodings that aiohttp takes off the body before anybody sees it.
    fn answered(
        &self,
        exchange: &Bound<'_, OutboundExchange>,
        response: &Bound<'_, PyAny>,
        decodes: &Bound<'_, PyTuple>,
    ) {
        guarded(|| try_answered(exchange.get(), response, decodes));
    }
}

impl AiohttpCalls {
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
        if live.tells_somebody() && is_told(&live, &url, &headers)? {
            // This request's own headers: a redirect has others.
            headers.set_item(TRACEPARENT, live.place().to_string())?;
        }
        Ok(Some(Bound::new(py, OutboundExchange::new(live, parent, false))?))
    }
}

fn request_head(
    request: &Bound<'_, PyAny>,
    url: &Bound<'_, PyAny>,
    headers: &Bound<'_, PyAny>,
) -> PyResult<Texts> {
    let py = request.py();
    let path = url.getattr(intern!(py, "raw_path"))?;
    let query = url.getattr(intern!(py, "raw_query_string"))?;
    let mut texts = Head {
        method: &request.getattr(intern!(py, "method"))?,
        scheme: &url.getattr(intern!(py, "scheme"))?,
        // It always has a `Host` header.
        authority: None,
        path: &utf8(path.cast::<PyString>()?),
        query: &utf8(query.cast::<PyString>()?),
    }
    .texts();
    // aiohttp encodes the body itself, after it was looked at.
    let encodes = request.getattr(intern!(py, "compress"))?.is_truthy()?;
    for pair in headers.call_method0(intern!(py, "items"))?.try_iter()? {
        let pair = pair?;
        let (name, value) = (pair.get_item(0)?, pair.get_item(1)?);
        let is_encoding = encodes && is_content_encoding(&utf8(name.cast::<PyString>()?));
        if texts.has_room() && !is_encoding {
            push(&mut texts, &name);
            push(&mut texts, &value);
        }
    }
    Ok(texts)
}

/// Whether this host is to be told of the trace, and the app does not tell it something else.
fn is_told(live: &Live, url: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<bool> {
    let host = url.getattr(intern!(url.py(), "raw_host"))?;
    let host = utf8(host.cast::<PyString>()?).to_ascii_lowercase();
    Ok(live.tells(&host) && !headers.contains(TRACEPARENT)?)
}

fn try_answered(
    exchange: &OutboundExchange,
    response: &Bound<'_, PyAny>,
    decodes: &Bound<'_, PyTuple>,
) -> PyResult<()> {
    let py = response.py();
    let status = response.getattr(intern!(py, "status"))?.extract()?;
    let mut headers = Texts::with_capacity(512);
    for pair in response.getattr(intern!(py, "raw_headers"))?.try_iter()? {
        let pair = pair?;
        if !is_decoded(&pair, decodes)? {
            push_header(&mut headers, &pair);
        }
    }
    let version = response.getattr(intern!(py, "version"))?;
    let part = |index: usize| version.get_item(index)?.extract::<u8>();
    let http_version = format!("{}.{}", part(0)?, part(1)?).into_bytes();
    exchange.answered(Answer { status, headers, http_version, length: None });
    Ok(())
}

/// Whether this header speaks of an encoding that is no longer there.
fn is_decoded(pair: &Bound<'_, PyAny>, decodes: &Bound<'_, PyTuple>) -> PyResult<bool> {
    let (name, value) = (pair.get_item(0)?, pair.get_item(1)?);
    let (name, value) = (name.cast::<PyBytes>()?, value.cast::<PyBytes>()?);
    if !is_content_encoding(name.as_bytes()) {
        return Ok(false);
    }
    decodes.contains(String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase())
}

fn is_content_encoding(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-encoding")
}
