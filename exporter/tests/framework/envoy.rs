//! Posts batches as Envoy would.

use std::{io, ops::Range, os::unix::net::UnixStream as StdStream, path::Path};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use offpath_core::batch::{CONTENT_TYPE, Envelope, PATH, push_envelope, push_event};
use tokio::{net::UnixStream, runtime};

use super::{Place, events::exchange, eventually};

/// A worker's epoch, as the spool and events of losses know it.
pub(crate) const EPOCH: u128 = 0x0123_4567_89ab_cdef_0123_4567_89ab_cd00;

/// What Envoy speaks to its upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) text: String,
}

/// A batch of exchanges with these ids, which are their numbers in the lane as well.
pub(crate) fn batch(lane: u32, ids: Range<u128>) -> Vec<u8> {
    let first_sequence = u64::try_from(ids.start).expect("tests count from 1");
    batch_of(ids.map(event), &Envelope { epoch: EPOCH, lane, first_sequence }, &[])
}

/// A batch of these bytes.
pub(crate) fn batch_of(
    events: impl IntoIterator<Item = Vec<u8>>,
    envelope: &Envelope,
    losses: &[(&str, u64)],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    events.into_iter().for_each(|event| push_event(&mut bytes, &event));
    push_envelope(&mut bytes, envelope, losses.iter().copied());
    bytes
}

/// An exchange that Envoy saw.
pub(crate) fn event(id: u128) -> Vec<u8> {
    let mut event = exchange(id);
    "envoy".clone_into(&mut event.source);
    event.to_bytes()
}

impl Place {
    /// Posts a batch as soon as somebody listens, and gives the status.
    pub(crate) fn post(&self, body: Vec<u8>) -> u16 {
        self.connect();
        post(&self.socket(), Protocol::Http2, body).expect("an answer").status
    }

    /// A connection, as soon as somebody listens.
    pub(crate) fn connect(&self) -> StdStream {
        let mut stream = None;
        eventually("somebody listens", || {
            stream = StdStream::connect(self.socket()).ok();
            stream.is_some()
        });
        let stream = stream.expect("connected");
        stream.set_read_timeout(Some(super::PATIENCE)).expect("set");
        stream
    }
}

/// Posts a batch.
pub(crate) fn post(socket: &Path, protocol: Protocol, body: Vec<u8>) -> io::Result<Answer> {
    let request = Request::post(format!("http://offpath{PATH}")).header("host", "offpath");
    let request = request.header("content-type", CONTENT_TYPE).body(Full::from(body)).expect("a request");
    send(socket, protocol, request)
}

/// Sends a request on a connection of its own.
pub(crate) fn send(socket: &Path, protocol: Protocol, request: Request<Full<Bytes>>) -> io::Result<Answer> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = TokioIo::new(UnixStream::connect(socket).await?);
        let response = match protocol {
            Protocol::Http1 => {
                let (mut sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
                tokio::spawn(connection);
                sender.send_request(request).await
            }
            Protocol::Http2 => {
                let handshake = http2::handshake(TokioExecutor::new(), stream).await;
                let (mut sender, connection) = handshake.map_err(io::Error::other)?;
                tokio::spawn(connection);
                sender.send_request(request).await
            }
        };
        answer(response.map_err(io::Error::other)?).await
    })
}

async fn answer(response: Response<Incoming>) -> io::Result<Answer> {
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    assert!(head.status != StatusCode::NO_CONTENT || body.is_empty());
    Ok(Answer {
        status: head.status.as_u16(),
        retry_after: head.headers.get("retry-after").map(|value| value.to_str().expect("text").to_owned()),
        text: String::from_utf8_lossy(&body).into_owned(),
    })
}
