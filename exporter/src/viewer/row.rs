//! An event as lists and trees show it.

use rusqlite::{CachedStatement, Connection, Row as SqlRow};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;

/// What a kind of event does not have is null.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Row)]
pub(crate) struct Row {
    /// Grows with each event that is stored.
    pub(crate) seq: i64,
    pub(crate) id: String,
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    #[schema(required)]
    pub(crate) parent_span_id: Option<String>,
    /// RFC 3339, UTC, nine digits.
    #[schema(format = DateTime)]
    pub(crate) start_time: String,
    pub(crate) duration_ns: i64,
    #[schema(required)]
    pub(crate) first_byte_ns: Option<i64>,
    /// exchange, score, loss, or a span's type: span, generation, event, embedding, agent, tool, chain, …
    pub(crate) kind: String,
    pub(crate) service: String,
    pub(crate) environment: String,
    /// asgi, envoy: requests that came in; httpx, aiohttp: calls that went out; sdk, otel: what the app tells.
    #[schema(required)]
    pub(crate) source: Option<String>,
    #[schema(required)]
    pub(crate) rule: Option<String>,
    /// Whether a trace begins with it in its app: a request that came in, or a span without a parent.
    pub(crate) top: bool,
    pub(crate) failed: bool,
    #[schema(required)]
    pub(crate) outcome: Option<String>,
    #[schema(required)]
    pub(crate) method: Option<String>,
    #[schema(required)]
    pub(crate) host: Option<String>,
    #[schema(required)]
    pub(crate) path: Option<String>,
    #[schema(required)]
    pub(crate) route: Option<String>,
    #[schema(required)]
    pub(crate) status: Option<i64>,
    #[schema(required)]
    pub(crate) client: Option<String>,
    #[schema(required)]
    pub(crate) error_type: Option<String>,
    /// Bytes, as sent.
    #[schema(required)]
    pub(crate) request_size: Option<i64>,
    #[schema(required)]
    pub(crate) response_size: Option<i64>,
    #[schema(required)]
    pub(crate) user_id: Option<String>,
    #[schema(required)]
    pub(crate) session_id: Option<String>,
    #[schema(required)]
    pub(crate) name: Option<String>,
    #[schema(required)]
    pub(crate) level: Option<String>,
    #[schema(required)]
    pub(crate) system: Option<String>,
    #[schema(required)]
    pub(crate) operation: Option<String>,
    #[schema(required)]
    pub(crate) model: Option<String>,
    #[schema(required)]
    pub(crate) input_tokens: Option<i64>,
    #[schema(required)]
    pub(crate) output_tokens: Option<i64>,
    #[schema(required)]
    pub(crate) total_tokens: Option<i64>,
    #[schema(required)]
    pub(crate) cost_usd: Option<f64>,
    #[schema(required)]
    pub(crate) first_token_ns: Option<i64>,
    /// Whether sums count its tokens and cost: not where a call below it tells the same ones.
    pub(crate) usage_counts: bool,
    /// Of one that is `top`: what it and all that was below it used when it ended.
    #[schema(required)]
    pub(crate) trace_input_tokens: Option<i64>,
    #[schema(required)]
    pub(crate) trace_output_tokens: Option<i64>,
    #[schema(required)]
    pub(crate) trace_cost_usd: Option<f64>,
    #[schema(required)]
    pub(crate) score_value: Option<f64>,
    #[schema(required)]
    pub(crate) score_text: Option<String>,
    #[schema(required)]
    pub(crate) loss_reason: Option<String>,
    #[schema(required)]
    pub(crate) loss_count: Option<i64>,
    /// Null in trees.
    #[schema(required)]
    pub(crate) preview: Option<Preview>,
}

/// The beginnings of what was said last and of what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Preview {
    #[schema(required)]
    pub(crate) input: Option<String>,
    #[schema(required)]
    pub(crate) output: Option<String>,
}

/// What [`Row::read`] reads.
pub(crate) const COLUMNS: &str = "
seq, id, trace_id, span_id, parent_span_id, start_time, duration_ns, first_byte_ns, kind, service, environment, source,
rule, top, failed, outcome, method, host, path, route, status, client, error_type, request_size, response_size, user_id,
session_id, name, level, system, operation, model, input_tokens, output_tokens, total_tokens, cost_usd, first_token_ns,
usage_counts, trace_input_tokens, trace_output_tokens, trace_cost_usd, score_value, score_text, loss_reason, loss_count";

/// Readies the reading of one row, by its `seq`, for [`Row::read`].
pub(crate) fn by_seq(store: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    store.prepare_cached(&format!("SELECT {COLUMNS} FROM events WHERE seq = ?1"))
}

impl Row {
    /// Reads [`COLUMNS`], without a preview.
    pub(crate) fn read(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get("seq")?,
            id: row.get("id")?,
            trace_id: row.get("trace_id")?,
            span_id: row.get("span_id")?,
            parent_span_id: row.get("parent_span_id")?,
            start_time: time::format(row.get("start_time")?),
            duration_ns: row.get("duration_ns")?,
            first_byte_ns: row.get("first_byte_ns")?,
            kind: row.get("kind")?,
            service: row.get("service")?,
            environment: row.get("environment")?,
            source: row.get("source")?,
            rule: row.get("rule")?,
            top: row.get("top")?,
            failed: row.get("failed")?,
            outcome: row.get("outcome")?,
            method: row.get("method")?,
            host: row.get("host")?,
            path: row.get("path")?,
            route: row.get("route")?,
            status: row.get("status")?,
            client: row.get("client")?,
            error_type: row.get("error_type")?,
            request_size: row.get("request_size")?,
            response_size: row.get("response_size")?,
            user_id: row.get("user_id")?,
            session_id: row.get("session_id")?,
            name: row.get("name")?,
            level: row.get("level")?,
            system: row.get("system")?,
            operation: row.get("operation")?,
            model: row.get("model")?,
            input_tokens: row.get("input_tokens")?,
            output_tokens: row.get("output_tokens")?,
            total_tokens: row.get("total_tokens")?,
            cost_usd: row.get("cost_usd")?,
            first_token_ns: row.get("first_token_ns")?,
            usage_counts: row.get("usage_counts")?,
            trace_input_tokens: row.get("trace_input_tokens")?,
            trace_output_tokens: row.get("trace_output_tokens")?,
            trace_cost_usd: row.get("trace_cost_usd")?,
            score_value: row.get("score_value")?,
            score_text: row.get("score_text")?,
            loss_reason: row.get("loss_reason")?,
            loss_count: row.get("loss_count")?,
            preview: None,
        })
    }
}
