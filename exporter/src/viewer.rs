//! The local page and its API: what was recorded, out of the local store, for people and for programs.
//!
//! ```text
//! page                          the files of exporter/page, carried in the command
//! guard                         who may ask, and what browsers may do with an answer
//! api, describe, problem        /api/v1, its description, its errors
//! parameters, filter, mention   what is asked for
//! search, live, trace           events: found, as they come, as they belong together
//! sessions, facets, overview    what is summed up
//! store                         the connections that all this is read by
//! ```

mod api;
mod cursor;
mod describe;
mod facets;
mod failure;
mod filter;
mod guard;
mod live;
mod mention;
mod overview;
mod page;
mod parameters;
mod preview;
mod problem;
mod row;
mod search;
mod sessions;
mod store;
mod time;
mod trace;

#[cfg(test)]
mod fixture;

use std::net::SocketAddr;

use axum::{Router, middleware};

pub(crate) use self::guard::harden;
use self::{api::Asked, guard::Guard, store::Store};
use crate::exporter::View;

/// The page and `/api/v1`, and beside them `others` of the API, which are guarded as it is.
pub(crate) fn router(view: View, address: SocketAddr, others: Router) -> Router {
    let guard = Guard::new(address, view.settings.clone());
    let asked = Asked { store: Store::new(view.settings.clone()), view };
    let (api, _) = api::router();
    let api = api.with_state(asked).merge(others);
    page::router().merge(api.layer(middleware::from_fn_with_state(guard, guard::check)))
}

/// The description of the API, as JSON that people can read.
#[must_use]
pub fn description() -> String {
    let (_, description) = api::router();
    serde_json::to_string_pretty(&description).unwrap_or_default() + "\n"
}
