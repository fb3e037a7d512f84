//! Who may ask: not pages of other sites, and from beyond this machine only who has the token.

use std::net::SocketAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq as _;

use super::problem::Problem;
use crate::config::{Live, Secret};

/// What guards the API.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    listening: SocketAddr,
    settings: Live,
}

/// What browsers may do with anything that is served here: show it, and have its scripts ask here.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

impl Guard {
    pub(crate) fn new(listening: SocketAddr, settings: Live) -> Self {
        Self { listening, settings }
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        // Browsers say so of each request, and no script can change it. A page of another site could not read the answer,
        // but it could tell how long that took.
        let site = headers.get("sec-fetch-site");
        if site.is_some_and(|site| *site == "cross-site" || *site == "same-site") {
            return Err(Problem::new(StatusCode::FORBIDDEN, "this is not for pages of other sites"));
        }
        match &self.settings.get().token {
            Some(token) if is_told(token, headers) => Ok(()),
            Some(_) => Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "send the token that is configured as exporter.token: `Authorization: Bearer <token>`",
            )),
            None if self.listening.ip().is_loopback() => Ok(()),
            None => Err(Problem::new(
                StatusCode::FORBIDDEN,
                format!(
                    "the exporter listens on {}, where others reach it: what is recorded is shown there only to who \
                     has a token; set exporter.token, or listen on 127.0.0.1",
                    self.listening
                ),
            )),
        }
    }
}

/// In a time that says nothing of how much of it is right.
fn is_told(token: &Secret, headers: &HeaderMap) -> bool {
    let told = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let told = told
        .and_then(|told| told.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    told.is_some_and(|(_, told)| bool::from(told.trim().as_bytes().ct_eq(token.expose().as_bytes())))
}

/// Lets through to the API who may ask.
pub(crate) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Says to browsers what they may do with an answer.
pub(crate) async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
