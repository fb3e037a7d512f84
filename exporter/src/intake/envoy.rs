//! From Envoy's workers into the spool: batches over HTTP/1.1 or HTTP/2 on a Unix socket.
//!
//! ```text
//! socket ─> connection ─> request: POST /v1/events ─> batch ─> spool (one write) ─> 204
//! ```
//!
//! A batch is answered with 2xx only when the spool has it; until then its sender keeps it and sends it again. What comes
//! twice is known by lane and number. A batch is in the spool as a whole or not at all.
//!
//! | answer | when | what the sender does |
//! | --- | --- | --- |
//! | 204 | the spool has it | goes on |
//! | 400, 413, 415 | it is no batch, or too large | drops it, and counts it as lost |
//! | 404, 405 | it is not for us | sends it again: it has met another server, or another version |
//! | 408, 503 | it came too slowly; the spool cannot be written; too much comes at a time | sends it again |
//!
//! Everything that a stranger may make large or slow has a bound: the constants below, and in `request`.

mod batch;
mod request;
mod settings;
mod socket;

use std::{
    convert::Infallible,
    io,
    os::unix::net::UnixListener as StdListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{UnixListener, UnixStream},
    runtime,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{debug, info, warn};

use self::request::Answering;
pub use self::{
    settings::Settings,
    socket::{BindError, Socket},
};
use super::journal::SharedJournal;
use crate::{metrics::Metrics, signal::Signal};

/// Connections at a time; more wait to be accepted. A worker of Envoy's needs one with HTTP/2, two with HTTP/1.1.
const MOST_CONNECTIONS: usize = 256;

/// Requests at a time on an HTTP/2 connection. A worker has two.
const MOST_STREAMS: u32 = 16;

/// Bytes of a request's head.
const MOST_HEAD: u16 = 16 << 10;

/// Bytes of bodies that one HTTP/2 connection may send ahead of being read.
const MOST_AHEAD: u32 = 256 << 10;

/// How long a connection may bring no request before its place is given to another; longer than any request takes. Envoy
/// is configured to close it before.
const IDLE: Duration = Duration::from_secs(30);

/// How long the head of an HTTP/1.1 request may take to come, from the end of the one before.
const HEAD_WITHIN: Duration = IDLE;

/// How long requests in progress may go on once their connection is to end.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// How long to wait when no connection can be accepted: the process is out of files.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Takes from Envoy's workers.
#[derive(Debug)]
pub struct Envoy {
    socket: Socket,
    answering: Answering,
}

impl Envoy {
    /// An intake that has not answered yet; what connects waits.
    #[must_use]
    pub fn new(socket: Socket, journal: SharedJournal, metrics: Metrics) -> Self {
        Self { socket, answering: Answering::new(journal, metrics) }
    }

    /// Answers until `stop` is set, and then what is in progress.
    pub fn run(self, stop: &Signal) {
        let done = runtime::Builder::new_current_thread().enable_all().build().and_then(|runtime| {
            let done = runtime.block_on(self.serve(stop.clone()));
            runtime.shutdown_background();
            done
        });
        if let Err(error) = done {
            warn!(%error, "nothing is taken from Envoy any more; restart the exporter");
        }
    }

    async fn serve(self, stop: Signal) -> io::Result<()> {
        let Self { socket, answering } = self;
        let listener = listener(socket.listener())?;
        info!(socket = %socket.path().display(), "listening for Envoy");
        let stopped = tokio::task::spawn_blocking(move || stop.wait(Duration::MAX));
        let (ending, end) = watch::channel(());
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        let accepting = async {
            loop {
                let (stream, place) = accept(&listener, &places).await;
                connections.spawn(keep(stream, answering.clone(), end.clone(), place));
                while connections.try_join_next().is_some() {}
            }
        };
        tokio::select! {
            () = accepting => {}
            _ = stopped => {}
        }
        // Who comes now finds nobody, and tries again when the next exporter is there.
        drop((listener, socket));
        drop(ending);
        while connections.join_next().await.is_some() {}
        Ok(())
    }
}

fn listener(listener: &StdListener) -> io::Result<UnixListener> {
    let listener = listener.try_clone()?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

async fn accept(listener: &UnixListener, places: &Arc<Semaphore>) -> (UnixStream, OwnedSemaphorePermit) {
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(places).acquire_owned().await else { continue };
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                warn!(%error, "cannot accept a connection from Envoy");
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// Serves one connection until its peer ends it, it is idle, or all are to end: `end` is then closed.
async fn keep(
    stream: UnixStream,
    answering: Answering,
    mut end: watch::Receiver<()>,
    _place: OwnedSemaphorePermit,
) {
    let answered = Arc::new(AtomicU64::new(0));
    let service = service_fn(|request| {
        let (answering, answered) = (answering.clone(), Arc::clone(&answered));
        async move {
            let response = answering.answer(request).await;
            answered.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(response)
        }
    });
    let builder = builder();
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    loop {
        let before = answered.load(Ordering::Relaxed);
        tokio::select! {
            done = connection.as_mut() => return log(done),
            _ = end.changed() => break,
            () = sleep(IDLE) => if answered.load(Ordering::Relaxed) == before { break },
        }
    }
    connection.as_mut().graceful_shutdown();
    if let Ok(done) = timeout(LAST_REQUESTS, connection).await {
        log(done);
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(MOST_HEAD.into());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(MOST_HEAD.into())
        .initial_stream_window_size(MOST_AHEAD)
        .initial_connection_window_size(MOST_AHEAD);
    builder
}

/// What a peer does wrong on its connection is its own affair, and told only to who looks for it.
fn log(done: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = done {
        debug!(%error, "a connection from Envoy has ended");
    }
}
