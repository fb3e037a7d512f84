//! One request, from its head to its answer.

use std::{sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body as _, Bytes, Incoming},
    header::{ALLOW, CONTENT_TYPE, RETRY_AFTER},
    http::request::Parts,
};
use offpath_core::batch::{self as wire, MAX_BYTES, PATH};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use super::{
    super::journal::SharedJournal,
    batch::{self, Checked},
};
use crate::metrics::Metrics;

/// How long a body may take to come.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Bytes of bodies in memory at a time, of all connections together.
const MOST_BODIES: usize = 4 * MAX_BYTES;

/// How long a sender is to wait before it sends again, in seconds.
const AGAIN: &str = "1";

/// What all connections answer with. Clones share all of it.
#[derive(Debug, Clone)]
pub(super) struct Answering {
    journal: SharedJournal,
    metrics: Metrics,
    /// A permit for each byte.
    room: Arc<Semaphore>,
}

/// Why a request has no 2xx for an answer, by what its sender can do about it.
#[derive(Debug)]
enum Failure {
    /// Nothing: it is not for us.
    Path,
    Method,
    ContentType,
    TooLarge,
    NoBatch(String),
    /// Send it again.
    TooSlow,
    NoRoom,
    Unwritable(String),
}

impl Answering {
    pub(super) fn new(journal: SharedJournal, metrics: Metrics) -> Self {
        Self { journal, metrics, room: Arc::new(Semaphore::new(MOST_BODIES)) }
    }

    /// Answers one request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, mut body) = request.into_parts();
        let deadline = Instant::now() + BODY_WITHIN;
        match self.take(&head, &mut body, deadline).await {
            Ok(result) => {
                self.metrics.batch(result);
                let mut response = Response::default();
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
            Err(failure) => {
                self.metrics.batch(failure.result());
                // A sender that is not heard to its end may find its connection closed before it reads the answer, and
                // take what is refused for good for something to send again.
                let rest = async { while let Some(Ok(_)) = body.frame().await {} };
                let _ = timeout_at(deadline, rest).await;
                failure.response()
            }
        }
    }

    async fn take(
        &self,
        head: &Parts,
        body: &mut Incoming,
        deadline: Instant,
    ) -> Result<&'static str, Failure> {
        check_head(head)?;
        let (bytes, _room) = self.read(body, deadline).await?;
        let batch = batch::read(&bytes).map_err(Failure::NoBatch)?;
        // There is no room for two copies of it all.
        drop(bytes);
        self.store(&batch)
    }

    /// Reads a body. Its bytes count as in memory until the permit is dropped.
    async fn read(
        &self,
        body: &mut Incoming,
        deadline: Instant,
    ) -> Result<(Vec<u8>, OwnedSemaphorePermit), Failure> {
        if body.size_hint().lower() > MAX_BYTES as u64 {
            return Err(Failure::TooLarge);
        }
        let (mut bytes, mut room) = (Vec::new(), self.room(0)?);
        while let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(|_| Failure::TooSlow)? {
            // Cut off on its way: whatever was sent is not what came.
            let frame = frame.map_err(|_| Failure::TooSlow)?;
            let Some(data) = frame.data_ref() else { continue };
            if bytes.len() + data.len() > MAX_BYTES {
                return Err(Failure::TooLarge);
            }
            room.merge(self.room(data.len())?);
            bytes.extend_from_slice(data);
        }
        Ok((bytes, room))
    }

    fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Failure> {
        let bytes = u32::try_from(bytes).map_err(|_| Failure::NoRoom)?;
        Arc::clone(&self.room).try_acquire_many_owned(bytes).map_err(|_| Failure::NoRoom)
    }

    /// Puts a batch into the spool, and says whether any of it was new.
    fn store(&self, batch: &Checked) -> Result<&'static str, Failure> {
        let mut journal = self.journal.lock();
        journal.heard(batch.first_lane);
        journal.heard(batch.lane);
        let stored = journal.whole(|journal| {
            let mut records = journal.records(batch.lane);
            for (number, event) in &batch.events {
                records.take(*number, Some(event));
            }
            let new = records.finish(&batch.sender);
            let losses = batch.losses.iter().map(|(reason, total)| (*reason, *total));
            journal.report_losses(batch.first_lane, losses, &batch.sender) || new > 0
        });
        match stored {
            Ok(true) => Ok("stored"),
            Ok(false) => Ok("repeated"),
            Err(error) => Err(Failure::Unwritable(error.to_string())),
        }
    }
}

fn check_head(head: &Parts) -> Result<(), Failure> {
    if head.uri.path() != PATH {
        return Err(Failure::Path);
    }
    if head.method != Method::POST {
        return Err(Failure::Method);
    }
    match head.headers.get(CONTENT_TYPE) {
        Some(value) if value.as_bytes() == wire::CONTENT_TYPE.as_bytes() => Ok(()),
        _ => Err(Failure::ContentType),
    }
}

impl Failure {
    /// The name that metrics use.
    fn result(&self) -> &'static str {
        match self {
            Self::Path | Self::Method | Self::ContentType | Self::TooLarge | Self::NoBatch(_) => "refused",
            Self::TooSlow => "too_slow",
            Self::NoRoom => "no_room",
            Self::Unwritable(_) => "unwritable",
        }
    }

    fn response(self) -> Response<Full<Bytes>> {
        let again = matches!(self, Self::NoRoom | Self::Unwritable(_));
        let is_method = matches!(self, Self::Method);
        let (status, why) = match self {
            Self::Path => (StatusCode::NOT_FOUND, format!("batches are posted to {PATH}")),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, format!("batches are posted to {PATH}")),
            Self::ContentType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("content-type must be {}", wire::CONTENT_TYPE))
            }
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, format!("a batch has at most {MAX_BYTES} bytes"))
            }
            Self::NoBatch(why) => (StatusCode::BAD_REQUEST, why),
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, format!("the batch did not come whole within {BODY_WITHIN:?}"))
            }
            Self::NoRoom => (StatusCode::SERVICE_UNAVAILABLE, "too much comes at a time".to_owned()),
            Self::Unwritable(why) => {
                (StatusCode::SERVICE_UNAVAILABLE, format!("the spool cannot be written: {why}"))
            }
        };
        let mut response = Response::builder().status(status);
        if again {
            response = response.header(RETRY_AFTER, AGAIN);
        }
        if is_method {
            response = response.header(ALLOW, "POST");
        }
        response.body(Full::from(why + "\n")).unwrap_or_default()
    }
}
