//! `GET /api/v1/sessions`: the one that something happened in last comes first; and what happened in one.

mod list;
mod summary;
mod turns;

#[cfg(test)]
mod tests;

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{failure::Failure, parameters::Parameters};

pub(crate) use self::{
    list::{BUDGET, list},
    turns::{Turns, turns},
};

/// Which sessions: those with an event of this time, user and service.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// RFC 3339, inclusive; without it there is no bound.
    #[param(format = DateTime)]
    pub(crate) from: Option<String>,
    /// RFC 3339, exclusive; without it there is no bound.
    #[param(format = DateTime)]
    pub(crate) to: Option<String>,
    #[param(min_length = 1)]
    pub(crate) user: Option<String>,
    #[param(min_length = 1)]
    pub(crate) service: Option<String>,
    /// How many; 50 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<usize>,
    /// `next` of the page before.
    #[param(min_length = 1)]
    pub(crate) cursor: Option<String>,
}

impl Query {
    pub(crate) fn read(mut parameters: Parameters) -> Result<Self, Failure> {
        let query = Self {
            from: parameters.text("from")?,
            to: parameters.text("to")?,
            user: parameters.text("user")?,
            service: parameters.text("service")?,
            limit: Some(parameters.limit()?),
            cursor: parameters.text("cursor")?,
        };
        parameters.finish()?;
        Ok(query)
    }
}

/// Which turns of a session.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TurnsQuery {
    /// How many; 50 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<usize>,
    /// `next` of the page before.
    #[param(min_length = 1)]
    pub(crate) cursor: Option<String>,
}

impl TurnsQuery {
    pub(crate) fn read(mut parameters: Parameters) -> Result<Self, Failure> {
        let query = Self { limit: Some(parameters.limit()?), cursor: parameters.text("cursor")? };
        parameters.finish()?;
        Ok(query)
    }
}

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sessions {
    pub(crate) sessions: Vec<Session>,
    /// For `cursor`; null at the end. A page may be short and yet not the last: searching goes on where it stopped.
    #[schema(required)]
    pub(crate) next: Option<String>,
    /// How far back was looked, where that is not all; null if it is.
    #[schema(required)]
    pub(crate) reached: Option<String>,
}

/// A session as a whole.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Session {
    pub(crate) session_id: String,
    /// Of its latest turn, as is the service.
    #[schema(required)]
    pub(crate) user_id: Option<String>,
    pub(crate) service: String,
    /// When its first event began, RFC 3339.
    pub(crate) first: String,
    /// When its last event began, RFC 3339.
    pub(crate) last: String,
    pub(crate) turns: i64,
    pub(crate) failed: i64,
    pub(crate) input_tokens: i64,
    pub(crate) output_tokens: i64,
    pub(crate) cost_usd: f64,
    /// Whether it has more than were counted.
    pub(crate) truncated: bool,
}
