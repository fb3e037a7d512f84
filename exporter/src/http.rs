//! What the exporter serves: whether it is alive and well, its metrics, and live events.
//!
//! | path | what it is |
//! | --- | --- |
//! | `/healthz` | 200 as long as the process runs |
//! | `/readyz` | 200, or 503 with what is wrong, one line each |
//! | `/metrics` | for Prometheus: in its own messages with native histograms, as OpenMetrics or as plain text |
//! | `/api/status` | all that is known of how it is, as JSON |
//! | `/api/tail` | events as they come, one JSON object per line |
//! | `/api/v1/…` | what is in the local store; see [`viewer`] |
//! | `/` | the page over it |

mod host;
pub(crate) mod status;
mod tail;

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, sync::Semaphore};

use self::{host::Hosts, status::Status};
use crate::{exporter::View, viewer};

/// Followers at a time: each holds a thread and a part of the spool open.
const MAX_TAILS: usize = 16;

#[derive(Debug, Clone)]
struct Served {
    view: View,
    hosts: Arc<Hosts>,
    tails: Arc<Semaphore>,
}

/// Serves until the process ends.
///
/// # Errors
///
/// The listener fails.
pub async fn serve(listener: TcpListener, view: View) -> io::Result<()> {
    let address = listener.local_addr()?;
    axum::serve(listener, router(view, address)).await
}

fn router(view: View, address: SocketAddr) -> Router {
    let hosts = Arc::new(Hosts::new(address, view.settings.clone()));
    let served = Served { view, hosts, tails: Arc::new(Semaphore::new(MAX_TAILS)) };
    let guarded = Router::new().route("/api/tail", get(follow)).with_state(served.clone());
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/status", get(async |State(served): State<Served>| Json(Status::of(&served.view))))
        .with_state(served.clone())
        .merge(viewer::router(served.view.clone(), address, guarded))
        .layer(middleware::from_fn_with_state(served, check_host))
        .layer(middleware::from_fn(viewer::harden))
}

/// A page of another site may have its name resolve to this machine, and so read what is served here. It
/// cannot choose the `Host` header, which is then its own name.
async fn check_host(State(served): State<Served>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| served.hosts.allow(host)) {
        return next.run(request).await;
    }
    let why = "this name is not one of the exporter's: reach it by its address, or add the name to exporter.hosts\n";
    (StatusCode::FORBIDDEN, why).into_response()
}

async fn ready(State(served): State<Served>) -> Response {
    let problems = served.view.health.problems();
    if problems.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, problems.join("\n") + "\n").into_response()
}

async fn metrics(State(served): State<Served>, headers: HeaderMap) -> Response {
    let accept: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let metrics = served.view.exposition(&accept.join(","));
    ([(header::CONTENT_TYPE, metrics.content_type)], metrics.body).into_response()
}

async fn follow(State(served): State<Served>) -> Response {
    match Arc::clone(&served.tails).try_acquire_owned() {
        Ok(permit) => {
            let body = tail::follow(served.view.spool.clone(), permit);
            ([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "too many follow already\n").into_response(),
    }
}
