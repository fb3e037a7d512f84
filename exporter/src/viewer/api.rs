//! `/api/v1`: what the page asks, for anybody who wants to ask it.
//!
//! The routes and what describes them are one: `exporter/schema/api.openapi.json` is written from it, and
//! `exporter/tests/viewer/openapi.rs` holds that it is up to date.

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rusqlite::Connection;
use serde_json::Value;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    describe::{self, Description, Missing, Refused},
    facets::{self, Facets},
    filter::FilterParameters,
    live::{self, Live, LiveParameters, Since},
    overview::{self, Overview},
    parameters::Parameters,
    problem::Problem,
    search::{self, Events, PageParameters, Search},
    sessions::{self, Sessions, Turns, TurnsQuery},
    store::Store,
    trace::{self, Trace},
};
use crate::{exporter::View, http::status::Status, ids};

/// What answers are made from.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) view: View,
    pub(crate) store: Store,
}

type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;
type Named = Result<Path<String>, PathRejection>;
type Answer<T> = Result<Json<T>, Problem>;

/// The routes, and their description as JSON.
pub(crate) fn router() -> (axum::Router<Asked>, Value) {
    let (routes, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(events))
        .routes(routes!(event))
        .routes(routes!(live))
        .routes(routes!(trace))
        .routes(routes!(sessions))
        .routes(routes!(session))
        .routes(routes!(facets))
        .routes(routes!(overview))
        .routes(routes!(status))
        .split_for_parts();
    let description = describe::document(&description);
    let served = description.clone();
    let routes = routes
        .route("/api/v1/openapi.json", get(async move || Json(served.clone())))
        .route("/api/v1/{*nothing}", get(async || nowhere()))
        .method_not_allowed_fallback(async || not_allowed());
    (routes, description)
}

/// Lists events, newest first, and searches them.
#[utoipa::path(
    get, path = "/api/v1/events", params(FilterParameters, PageParameters),
    responses((status = 200, body = Events), Refused)
)]
async fn events(State(asked): State<Asked>, pairs: Pairs) -> Answer<Events> {
    let search = Search::read(parameters(pairs)?)?;
    asked.store.ask(move |store| search::search(store, &search, search::BUDGET)).await.map(Json)
}

/// One event, as it is stored.
#[utoipa::path(
    get, path = "/api/v1/events/{id}", params(("id" = String, Path, description = "The event's id.")),
    responses((status = 200, body = ref("#/components/schemas/Event")), Refused, Missing)
)]
async fn event(State(asked): State<Asked>, id: Named) -> Result<Response, Problem> {
    let id = named(id)?;
    let json = asked.store.ask(move |store| trace::event(store, &id)).await?.ok_or_else(missing)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// What was stored since, for who follows.
#[utoipa::path(
    get, path = "/api/v1/live", params(FilterParameters, LiveParameters),
    responses((status = 200, body = Live), Refused)
)]
async fn live(State(asked): State<Asked>, pairs: Pairs) -> Answer<Live> {
    let since = Since::read(parameters(pairs)?)?;
    asked.store.ask(move |store| live::live(store, &since, search::BUDGET)).await.map(Json)
}

/// The events of a trace.
#[utoipa::path(
    get, path = "/api/v1/traces/{trace_id}", params(("trace_id" = String, Path, description = "A W3C trace id.")),
    responses((status = 200, body = Trace), Refused, Missing)
)]
async fn trace(State(asked): State<Asked>, id: Named) -> Answer<Trace> {
    let id = named(id)?;
    asked.store.ask(move |store| trace::trace(store, &id)).await?.ok_or_else(missing).map(Json)
}

/// Sessions, the latest first.
#[utoipa::path(
    get, path = "/api/v1/sessions", params(sessions::Query),
    responses((status = 200, body = Sessions), Refused)
)]
async fn sessions(State(asked): State<Asked>, pairs: Pairs) -> Answer<Sessions> {
    let query = sessions::Query::read(parameters(pairs)?)?;
    asked.store.ask(move |store| sessions::list(store, &query, sessions::BUDGET)).await.map(Json)
}

/// A session, and its turns, oldest first.
#[utoipa::path(
    get, path = "/api/v1/sessions/{session_id}",
    params(("session_id" = String, Path, description = "Percent-encoded."), TurnsQuery),
    responses((status = 200, body = Turns), Refused, Missing)
)]
async fn session(State(asked): State<Asked>, id: Named, pairs: Pairs) -> Answer<Turns> {
    let (id, query) = (named(id)?, TurnsQuery::read(parameters(pairs)?)?);
    let turns = move |store: &Connection| sessions::turns(store, &id, &query);
    asked.store.ask(turns).await?.ok_or_else(missing).map(Json)
}

/// What there is to choose from.
#[utoipa::path(
    get, path = "/api/v1/facets", params(facets::Query),
    responses((status = 200, body = Facets), Refused)
)]
async fn facets(State(asked): State<Asked>, pairs: Pairs) -> Answer<Facets> {
    let query = facets::Query::read(parameters(pairs)?)?;
    asked.store.ask(move |store| facets::facets(store, &query, now())).await.map(Json)
}

/// Requests, errors, durations, tokens and cost, over time.
#[utoipa::path(
    get, path = "/api/v1/overview", params(overview::Query),
    responses((status = 200, body = Overview), Refused)
)]
async fn overview(State(asked): State<Asked>, pairs: Pairs) -> Answer<Overview> {
    let query = overview::Query::read(parameters(pairs)?)?;
    asked.store.ask(move |store| overview::overview(store, &query, now())).await.map(Json)
}

/// How the exporter is.
#[utoipa::path(
    get, path = "/api/v1/status",
    responses((status = 200, body = ref("#/components/schemas/Status")), Refused)
)]
async fn status(State(asked): State<Asked>) -> Json<Status> {
    Json(Status::of(&asked.view))
}

fn parameters(pairs: Pairs) -> Result<Parameters, Problem> {
    pairs.map(|Query(pairs)| Parameters::new(pairs)).map_err(|rejected| refused(rejected.body_text()))
}

fn named(path: Named) -> Result<String, Problem> {
    path.map(|Path(name)| name).map_err(|rejected| refused(rejected.body_text()))
}

fn refused(why: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, why)
}

fn missing() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "the store does not have it: it has gone by age or size, or has not come yet",
    )
}

fn nowhere() -> Problem {
    let told = "nothing is asked at this path: /api/v1/openapi.json has those that there are; a slash in an id is %2F";
    Problem::new(StatusCode::NOT_FOUND, told)
}

fn not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "nothing is changed here: ask by GET")
}

fn now() -> i64 {
    i64::try_from(ids::now_unix_ns()).unwrap_or(i64::MAX)
}
