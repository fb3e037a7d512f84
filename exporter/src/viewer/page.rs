//! The page: files that the command carries in itself.

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `make page` leaves; nothing, where it has not been run before the command was built.
#[derive(RustEmbed)]
#[folder = "page/dist"]
#[allow_missing = true]
struct Files;

/// Where the page itself is; it looks at the address, and shows what that is of. exporter/page/src/app/app.tsx has the same.
const VIEWS: [&str; 6] =
    ["/", "/traces/{trace_id}", "/overview", "/sessions", "/sessions/{session_id}", "/health"];

const FILES: [(&str, &str); 4] = [
    ("app.js", "text/javascript; charset=utf-8"),
    ("app.css", "text/css; charset=utf-8"),
    ("icon.svg", "image/svg+xml"),
    ("licenses.txt", "text/plain; charset=utf-8"),
];

const NOT_BUILT: &str = "This offpath was built without its page: run `make page`, and build it again.\n\
The API is there: /api/v1/openapi.json says what it answers.\n";

/// Serves the page and what it is made of.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let html = async |headers: HeaderMap| serve("index.html", "text/html; charset=utf-8", &headers);
    let views = VIEWS.into_iter().fold(Router::new(), |router, path| router.route(path, get(html)));
    FILES.into_iter().fold(views, |router, (name, content_type)| {
        let file = async move |headers: HeaderMap| serve(name, content_type, &headers);
        router.route(&format!("/{name}"), get(file))
    })
}

fn serve(name: &str, content_type: &'static str, headers: &HeaderMap) -> Response {
    let Some(file) = Files::get(name) else {
        return (StatusCode::NOT_FOUND, NOT_BUILT).into_response();
    };
    let tag = tag(&file);
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == tag);
    // After an upgrade, the page that is shown is the new one.
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { file.data.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::ETAG, tag);
    response
}

fn tag(file: &EmbeddedFile) -> HeaderValue {
    let hash =
        file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>();
    HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}
