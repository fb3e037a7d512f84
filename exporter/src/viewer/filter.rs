//! Which events are asked for: the parameters that lists have in common, as conditions of SQL.

use rusqlite::types::Value;
use utoipa::IntoParams;

use super::{failure::Failure, mention::Mention, parameters::Parameters, time};

/// Parameters that leave out what does not fit all of them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is what the parameters look like from outside; `Filter::read` reads them")]
pub(crate) struct FilterParameters {
    #[param(min_length = 1)]
    service: Option<String>,
    #[param(min_length = 1)]
    environment: Option<String>,
    /// asgi, envoy, httpx, aiohttp, sdk or otel; several with commas.
    #[param(min_length = 1)]
    source: Option<String>,
    /// Kinds of events, several with commas: exchange, span, generation, …, score, loss.
    #[param(min_length = 1, example = "generation,tool")]
    kind: Option<String>,
    /// A route's template.
    #[param(min_length = 1)]
    route: Option<String>,
    #[param(min_length = 1)]
    method: Option<String>,
    /// A code, or a class of them.
    #[param(pattern = "^[1-9]([0-9]{2}|xx)$", example = "5xx")]
    status: Option<String>,
    #[param(min_length = 1)]
    model: Option<String>,
    #[param(min_length = 1)]
    user: Option<String>,
    #[param(min_length = 1)]
    session: Option<String>,
    /// A trace id.
    #[param(min_length = 1)]
    trace: Option<String>,
    /// RFC 3339, inclusive.
    #[param(format = DateTime)]
    from: Option<String>,
    /// RFC 3339, exclusive.
    #[param(format = DateTime)]
    to: Option<String>,
    #[param(minimum = 0)]
    min_duration_ms: Option<f64>,
    #[param(minimum = 0)]
    max_duration_ms: Option<f64>,
    /// US dollars. Of what a trace begins with: of all that it caused.
    #[param(minimum = 0)]
    min_cost_usd: Option<f64>,
    #[param(minimum = 0)]
    max_cost_usd: Option<f64>,
    /// Free text, anywhere in the event, as one sees it; letters of ASCII without regard to case.
    #[param(min_length = 1)]
    q: Option<String>,
    /// Only what a trace begins with in its app: requests that came in, and spans without a parent.
    top: Option<bool>,
    /// Only what failed.
    failed: Option<bool>,
}

/// Conditions that all hold, and what stands for their question marks.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    conditions: Vec<String>,
    values: Vec<Value>,
    /// What else an event has to have: SQL knows nothing of it, for a clock is looked at between two that are read.
    mention: Option<Mention>,
}

/// Columns that are as they are asked for.
const EQUAL: [(&str, &str); 8] = [
    ("service", "service"),
    ("environment", "environment"),
    ("route", "route"),
    ("method", "method"),
    ("model", "model"),
    ("user", "user_id"),
    ("session", "session_id"),
    ("trace", "trace_id"),
];

/// Values of one column; there are fewer kinds and sources.
const MOST_OF_ONE: usize = 64;

/// Columns with a least and a most, and how much of their unit one of the parameter's is.
const BOUNDED: [(&str, &str, f64); 4] = [
    ("min_duration_ms", "duration_ns >= ?", 1e6),
    ("max_duration_ms", "duration_ns <= ?", 1e6),
    ("min_cost_usd", "CASE WHEN top THEN trace_cost_usd ELSE cost_usd END >= ?", 1.0),
    ("max_cost_usd", "CASE WHEN top THEN trace_cost_usd ELSE cost_usd END <= ?", 1.0),
];

impl Filter {
    /// Leaves nothing out.
    pub(crate) fn all() -> Self {
        Self { conditions: Vec::new(), values: Vec::new(), mention: None }
    }

    /// Takes what it knows of the parameters.
    pub(crate) fn read(parameters: &mut Parameters) -> Result<Self, Failure> {
        let mut filter = Self::all();
        for (name, column) in EQUAL {
            if let Some(value) = parameters.text(name)? {
                filter.add(format!("{column} = ?"), value);
            }
        }
        for column in ["source", "kind"] {
            filter.read_several(parameters, column)?;
        }
        filter.read_status(parameters)?;
        for (name, bound) in [("from", "start_time >= ?"), ("to", "start_time < ?")] {
            if let Some(text) = parameters.text(name)? {
                filter.add(bound.to_owned(), time::parse(name, &text)?);
            }
        }
        for (name, bound, unit) in BOUNDED {
            let least =
                |value: &str| value.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
            if let Some(value) = parameters.read(name, "a number of 0 or more", least)? {
                filter.add(bound.to_owned(), value * unit);
            }
        }
        for flag in ["top", "failed"] {
            if parameters.flag(flag)? {
                filter.conditions.push(flag.to_owned());
            }
        }
        filter.mention = parameters.text("q")?.map(|text| Mention::of(&text)).transpose()?;
        Ok(filter)
    }

    fn read_several(&mut self, parameters: &mut Parameters, column: &str) -> Result<(), Failure> {
        let Some(text) = parameters.text(column)? else { return Ok(()) };
        let values: Vec<&str> = text.split(',').take(MOST_OF_ONE).collect();
        self.conditions.push(format!("{column} IN ({})", vec!["?"; values.len()].join(", ")));
        self.values.extend(values.into_iter().map(|value| Value::from(value.trim().to_owned())));
        Ok(())
    }

    fn read_status(&mut self, parameters: &mut Parameters) -> Result<(), Failure> {
        let status = parameters.read("status", "a code such as 503, or a class such as 5xx", codes)?;
        if let Some((first, last)) = status {
            self.add("status BETWEEN ? AND ?".to_owned(), first);
            self.values.push(Value::from(last));
        }
        Ok(())
    }

    fn add(&mut self, condition: String, value: impl Into<Value>) {
        self.conditions.push(condition);
        self.values.push(value.into());
    }

    /// One more condition, with what stands for its question marks.
    pub(crate) fn and(mut self, condition: &str, values: impl IntoIterator<Item = i64>) -> Self {
        self.conditions.push(condition.to_owned());
        self.values.extend(values.into_iter().map(Value::from));
        self
    }

    /// The text that an event is to mention, beside all that SQL is asked for.
    pub(crate) fn mention(&self) -> Option<&Mention> {
        self.mention.as_ref()
    }

    /// What stands behind WHERE.
    pub(crate) fn sql(&self) -> String {
        if self.conditions.is_empty() { "1".to_owned() } else { self.conditions.join(" AND ") }
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }
}

/// The first and the last code that are meant.
fn codes(text: &str) -> Option<(i64, i64)> {
    // A number may have a sign, and a code has none.
    let is_code = text.starts_with(|first: char| first.is_ascii_digit());
    let (first, width) = text.strip_suffix("xx").map_or((text, 1), |class| (class, 100));
    let first = first.parse::<i64>().ok()?.checked_mul(width)?;
    (is_code && (100..=999).contains(&first)).then_some((first, first + width - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(pairs: &[(&str, &str)]) -> Result<Filter, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Filter::read(&mut Parameters::new(pairs)).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_asked_for_is_everything() {
        assert_eq!(filter(&[]).expect("valid").sql(), "1");
    }

    #[test]
    fn each_parameter_is_a_condition_and_its_value_is_never_sql() {
        let hostile = "x' OR 1; --";
        let filter =
            filter(&[("route", hostile), ("kind", "tool, agent"), ("status", "5xx"), ("top", "true")]);
        let filter = filter.expect("valid");
        assert_eq!(filter.sql(), "route = ? AND kind IN (?, ?) AND status BETWEEN ? AND ? AND top");
        let values = [
            hostile.to_owned().into(),
            "tool".to_owned().into(),
            "agent".to_owned().into(),
            500.into(),
            599.into(),
        ];
        assert_eq!(filter.values(), values);
    }

    #[test]
    fn what_is_no_value_of_a_parameter_is_refused() {
        for (name, value) in [
            ("status", "5x"),
            ("status", "99"),
            ("status", "0xx"),
            ("status", "+503"),
            ("status", "+5xx"),
            ("min_duration_ms", "-1"),
            ("max_cost_usd", "NaN"),
            ("from", "yesterday"),
            ("failed", "1"),
        ] {
            let said = filter(&[(name, value)]).expect_err(name);
            assert!(said.starts_with(&format!("{name} must be")) && said.contains(value), "{said}");
        }
    }
}
