//! The extension module behind the Python package `offpath`: the core in a sandbox, fed from ASGI, and a ring.
//!
//! ```text
//! python/offpath/middleware.py ──> asgi/http.rs, asgi/websocket.rs ──> live.rs ──> sandbox.rs (the core, in wasmtime)
//!                                  what the messages mean              one exchange     │ event
//!                                                                                       v
//!                                                                    process.rs ──> the ring ──> another process
//!
//! python/offpath/httpx.py, aiohttp.py ──> outbound/httpx.rs, aiohttp.rs, exchange.rs ──> live.rs, as above
//!                                         what calls of theirs mean
//!
//! python/offpath/observe.py, client.py ──> spans.rs: spans of the app, which the sandbox has no part in
//! python/offpath/otel_processor.py, langfuse_provider.py ──> otel/spans.rs ──> process.rs: spans of OpenTelemetry
//!
//! recorder.rs ──> current.rs <── follow.rs
//!                 the sandbox    a thread that makes another when the configuration's file has changed
//! ```
//!
//! Two rules hold everywhere here:
//!
//! - **Nothing raises into the app.** What observes the app returns nothing and catches everything, panics included.
//! - **No Python is called under a lock,** and no lock is taken without the GIL. So a lock is never contended for
//!   longer than a guest call, and never held by another thread when the process forks. Those of wasmtime, which the
//!   thread of follow.rs takes, are none at a fork because the thread is not there then: lifecycle.rs.

mod asgi;
mod clock;
mod current;
mod envelope;
mod follow;
mod guard;
mod ids;
mod lifecycle;
mod live;
mod log;
mod otel;
mod outbound;
mod parent;
mod place;
mod process;
mod recorder;
mod sandbox;
mod settings;
mod shared;
mod spans;
mod texts;

use pyo3::prelude::*;

/// The extension module.
#[pymodule]
mod _offpath {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::{
        asgi::{http::HttpExchange, websocket::WebSocketExchange},
        lifecycle::{after_fork_in_child, after_fork_in_parent, at_exit, before_fork},
        otel::{random_span_id, random_trace_id, spans::OtelSpans},
        outbound::{
            aiohttp::AiohttpCalls,
            chunks::{AsyncChunks, Chunks, Next},
            exchange::OutboundExchange,
            httpx::HttpxCalls,
        },
        parent::{in_progress, place_of},
        process::{drained, seal, status},
        recorder::Recorder,
        settings::ConfigError,
        spans::{
            Propagated, function::ObservedFunction, remote::Remote, span::Span, tracer::Tracer,
            yielded::Yielded,
        },
    };

    /// Says which build this is.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
