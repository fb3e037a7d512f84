//! What the exporter's own tables say.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use offpath_core::config::{Config as CoreConfig, Error, Service, Table, Value};
use offpath_enrich::Prices;

use super::{Environment, Secret, interpolate, paths};
use crate::{
    intake::{envoy, redis},
    metrics,
    sinks::{self, SinkSettings},
    spool,
};

/// What the exporter needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `[service]`: what the exporter's own events say they are of.
    pub service: Service,
    /// The version of the rules, as events carry it.
    pub rules: String,
    /// `[exporter] listen`: port 0 takes a free one.
    pub listen: SocketAddr,
    /// `[exporter] hosts`: names, beside addresses, by which the exporter may be reached over HTTP.
    pub hosts: Vec<String>,
    /// `[exporter] token`: who does not know it sees nothing of what is recorded; beyond loopback, nobody does without one.
    pub token: Option<Secret>,
    /// `[exporter] data_dir`: holds the spool, the store and the address that was bound.
    pub data_dir: PathBuf,
    /// `[exporter] nice`: how far the exporter's sinks step back behind the app, as nice(2) has it. The intake does not.
    pub nice: i32,
    /// `[exporter] spool`.
    pub spool: spool::Options,
    /// `[exporter] spool.sync`: how much a power cut may take.
    pub sync: Duration,
    /// `[exporter] dead_letters.max_size`: bytes that all dead letters together may take.
    pub dead_letters: u64,
    /// `[exporter] metrics.max_series`: how many each metric of the watched API may have.
    pub max_series: usize,
    /// `[exporter] llm.prices`, and behind them those that came with this version.
    pub prices: Arc<Prices>,
    /// `[intake.envoy]`.
    pub envoy: envoy::Settings,
    /// `[intake.redis]`; `None` if it is not there.
    pub redis: Option<redis::Settings>,
    /// `[sinks.*]`, or the local store if none is named.
    pub sinks: Vec<SinkSettings>,
}

impl Settings {
    /// Checks configuration of any origin; `{}` is valid.
    ///
    /// # Errors
    ///
    /// All that is wrong with it. Never empty.
    pub fn from_json(json: &Value, env: Environment<'_>) -> Result<Self, Vec<Error>> {
        Self::read(json, env).map(|(settings, _)| settings)
    }

    pub(super) fn read(json: &Value, env: Environment<'_>) -> Result<(Self, CoreConfig), Vec<Error>> {
        match Self::attempt(json, env) {
            (Some(settings), core, errors) if errors.is_empty() => Ok((settings, core)),
            (_, _, errors) => Err(errors),
        }
    }

    /// What there is, with defaults and fewer sinks where there are errors; `None` of what is no table.
    pub(super) fn attempt(json: &Value, env: Environment<'_>) -> (Option<Self>, CoreConfig, Vec<Error>) {
        let (core, mut errors) = match CoreConfig::from_json(json) {
            Ok(core) => (core, Vec::new()),
            Err(errors) => (CoreConfig::default(), errors),
        };
        let mut json = json.clone();
        let mut replaced = Vec::new();
        for (field, at) in [("intake", "/intake"), ("sinks", "/sinks"), ("exporter.token", "/exporter/token")]
        {
            if let Some(value) = json.pointer_mut(at) {
                replaced.extend(interpolate::all(field, value, env, &mut errors));
            }
        }
        let mut found = Vec::new();
        let settings = Table::root(&json, &mut found).map(|root| Self::read_tables(root, &core, env));
        interpolate::cover(&mut found, &replaced);
        // That it is no table at all, the core has said already.
        if settings.is_some() {
            errors.append(&mut found);
        }
        (settings, core, errors)
    }

    fn read_tables(mut root: Table<'_, '_>, core: &CoreConfig, env: Environment<'_>) -> Self {
        let (envoy, redis) = read_intake(root.table("intake"), env);
        let mut table = root.table("exporter");
        let listen =
            table.typed("listen", "must be an address and a port such as \"127.0.0.1:8790\"", |value| {
                value.as_str()?.parse::<SocketAddr>().ok()
            });
        let hosts = table.texts("hosts").unwrap_or_default();
        let token = read_token(&mut table);
        let data_dir = table.text("data_dir").unwrap_or("~/.local/state/offpath");
        let data_dir = paths::expand(data_dir, env);
        let nice = table.whole("nice", 0, 19).unwrap_or(10);
        let (spool, sync) = read_spool(table.table("spool"));
        let max_series = read_metrics(table.table("metrics"));
        let dead_letters = read_dead_letters(table.table("dead_letters"));
        let prices = read_prices(table.table("llm"), env);
        table.finish();
        let sinks = sinks::read(root.table("sinks"), &data_dir, env);
        if let Some(redis) = &redis {
            refuse_circle(&mut root, redis, &sinks);
        }
        Self {
            service: core.service.clone(),
            rules: core.version().to_owned(),
            listen: listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8790))),
            hosts,
            token,
            data_dir,
            nice: i32::try_from(nice).unwrap_or(10),
            spool,
            sync,
            dead_letters,
            max_series,
            prices: Arc::new(prices),
            envoy,
            redis,
            sinks,
        }
    }
}

/// What is shorter can be guessed.
const SHORTEST_TOKEN: usize = 16;

fn read_token(table: &mut Table<'_, '_>) -> Option<Secret> {
    let token = Secret::read(table, "token")?;
    // Others do not pass in a header.
    let is_one =
        token.expose().len() >= SHORTEST_TOKEN && token.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if !is_one {
        let rule = format!("must be at least {SHORTEST_TOKEN} characters of ASCII, without spaces");
        table.refuse("token", &rule, None);
    }
    is_one.then_some(token)
}

fn read_spool(mut table: Table<'_, '_>) -> (spool::Options, Duration) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    // Below the least, a spool is too small for eight segments of one batch each.
    let size = table.size("max_size", 1 << 20, 1 << 50).unwrap_or(10 << 30);
    let age = duration(&mut table, "max_age", Duration::from_secs(1), 10_000 * DAY).unwrap_or(7 * DAY);
    let keep = duration(&mut table, "keep", Duration::ZERO, 10_000 * DAY).unwrap_or(Duration::from_hours(1));
    let sync = duration(&mut table, "sync", Duration::from_millis(10), Duration::from_mins(1));
    table.finish();
    (spool::Options { keep, ..spool::Options::new(size, age) }, sync.unwrap_or(Duration::from_millis(200)))
}

fn read_dead_letters(mut table: Table<'_, '_>) -> u64 {
    let size = table.size("max_size", 1 << 20, 1 << 50).unwrap_or(1 << 30);
    table.finish();
    size
}

fn read_prices(mut table: Table<'_, '_>, env: Environment<'_>) -> Prices {
    let with = |path: &str| {
        let text = fs::read_to_string(paths::expand(path, env)).map_err(|error| vec![error.to_string()])?;
        Prices::with(&text).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let path = table.text("prices");
    let prices = path.map_or_else(|| Ok(Prices::built_in()), with).unwrap_or_else(|wrong| {
        let rule = format!("must be a file of prices (docs/llm.md): {}", wrong.join("; "));
        table.refuse("prices", &rule, path.map(Value::from).as_ref());
        Prices::built_in()
    });
    table.finish();
    prices
}

fn read_metrics(mut table: Table<'_, '_>) -> usize {
    let most = table.whole("max_series", 1, 100_000).and_then(|most| usize::try_from(most).ok());
    table.finish();
    most.unwrap_or(metrics::MAX_SERIES)
}

fn read_intake(mut table: Table<'_, '_>, env: Environment<'_>) -> (envoy::Settings, Option<redis::Settings>) {
    let envoy = envoy::Settings::read(table.table("envoy"), env);
    let is_there = table.has("redis");
    let redis = table.table("redis");
    let redis = is_there.then(|| redis::Settings::read(redis, env)).flatten();
    table.finish();
    (envoy, redis)
}

/// An exporter that reads what it writes would write it again, for ever.
fn refuse_circle(root: &mut Table<'_, '_>, redis: &redis::Settings, sinks: &[SinkSettings]) {
    let read = (redis.server.place(), &redis.keys);
    for sink in sinks {
        if let sinks::Kind::Redis(settings) = &sink.kind
            && (settings.server.place(), &settings.keys) == read
        {
            let rule = format!(
                "must not be the stream that sinks.{} writes: its events would go round for ever",
                sink.name
            );
            root.refuse("intake.redis.stream", &rule, None);
        }
    }
}

/// The duration at `key`.
pub(crate) fn duration(
    table: &mut Table<'_, '_>,
    key: &'static str,
    least: Duration,
    most: Duration,
) -> Option<Duration> {
    let (from, to) = (in_one_unit(least), in_one_unit(most));
    table.typed(
        key,
        &format!("must be a duration such as \"200ms\" or \"7d\", from {from} to {to}"),
        |value| {
            let duration = humantime::parse_duration(value.as_str()?).ok()?;
            (least..=most).contains(&duration).then_some(duration)
        },
    )
}

/// `10000d` and not `27years 4months 16days`.
fn in_one_unit(duration: Duration) -> String {
    const UNITS: [(&str, u128); 4] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let millis = duration.as_millis();
    let whole = UNITS.into_iter().find(|(_, unit)| millis >= *unit && millis.is_multiple_of(*unit));
    match whole {
        Some((name, unit)) => format!("{}{name}", millis / unit),
        None if millis == 0 => "0s".to_owned(),
        None => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use serde_json::json;

    fn env(name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/home/me".to_owned()),
            "KEY" => Some("secret".to_owned()),
            _ => None,
        }
    }

    fn fields(json: &Value) -> Vec<String> {
        let errors = Settings::from_json(json, &env).expect_err("refused");
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn nothing_is_a_valid_configuration_with_a_local_store() {
        let settings = Settings::from_json(&json!({}), &env).expect("valid");
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8790");
        assert_eq!(settings.data_dir, Path::new("/home/me/.local/state/offpath"));
        assert_eq!(settings.sinks.len(), 1);
    }

    #[test]
    fn all_errors_of_both_sides_are_told_at_once() {
        let json = json!({
            "service": {"name": ""},
            "exporter": {
                "listen": "nowhere",
                "nice": 40,
                "spool": {"max_size": "1B", "max_ag": "7d"},
                "metrics": {"max_series": 0},
            },
            "ring": {"size": "3MiB"},
            "sinks": {"a": {"type": "sqlit"}, "b": {"type": "jsonl"}, "c": {"type": "jsonl", "path": "${GONE}"}},
            "exporte": {},
        });
        let expected = [
            "service.name",
            "ring.size",
            "exporte",
            "sinks.c.path",
            "exporter.listen",
            "exporter.nice",
            "exporter.spool.max_size",
            "exporter.spool.max_ag",
            "exporter.metrics.max_series",
            "sinks.a.type",
            "sinks.b.path",
        ];
        assert_eq!(fields(&json), expected);
    }

    #[test]
    fn a_spool_has_bounds_and_keeps_what_is_delivered_for_an_hour_unless_told() {
        let read =
            |spool: Value| Settings::from_json(&json!({"exporter": {"spool": spool}}), &env).expect("valid");
        let settings = read(json!({}));
        assert_eq!(
            (settings.spool.max_size, settings.spool.max_age),
            (10 << 30, Duration::from_hours(7 * 24))
        );
        assert_eq!(
            (settings.spool.keep, settings.sync),
            (Duration::from_hours(1), Duration::from_millis(200))
        );
        let settings = read(json!({"max_size": "1GiB", "max_age": "2d", "keep": "10m", "sync": "1s"}));
        assert_eq!((settings.spool.max_size, settings.spool.max_age), (1 << 30, Duration::from_hours(48)));
        assert_eq!((settings.spool.keep, settings.sync), (Duration::from_mins(10), Duration::from_secs(1)));
        assert_eq!(read(json!({"keep": "0s"})).spool.keep, Duration::ZERO);
    }

    #[test]
    fn bounds_of_durations_are_told_in_one_unit() {
        for (millis, expected) in [
            (0, "0s"),
            (10, "10ms"),
            (1_500, "1500ms"),
            (60_000, "1m"),
            (90_000, "90s"),
            (864_000_000_000, "10000d"),
        ] {
            assert_eq!(in_one_unit(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn a_stream_is_read_or_written_and_not_both() {
        let json = |stream: &str| {
            json!({
                "intake": {"redis": {"url": "redis://:${KEY}@host"}},
                "sinks": {"a": {"type": "redis", "url": "redis://host:6379/0", "stream": stream}},
            })
        };
        assert_eq!(fields(&json("offpath:events")), ["intake.redis.stream"]);
        let settings = Settings::from_json(&json("other"), &env).expect("valid");
        let redis = settings.redis.expect("read");
        assert_eq!((redis.group.as_str(), redis.claim_after), ("offpath", Duration::from_mins(1)));
    }

    #[test]
    fn envoy_s_socket_is_a_path_that_the_system_can_bind_with_an_octal_mode() {
        let json = json!({"intake": {"envoy": {"socket": "~/x.sock", "mode": "0660"}}});
        let envoy = Settings::from_json(&json, &env).expect("valid").envoy;
        assert_eq!((envoy.socket, envoy.mode), (Some(PathBuf::from("/home/me/x.sock")), 0o660));
        let long = format!("/{}", "x".repeat(200));
        for socket in [json!(long), json!(""), json!("/run/"), json!(7)] {
            assert_eq!(fields(&json!({"intake": {"envoy": {"socket": socket}}})), ["intake.envoy.socket"]);
        }
        assert_eq!(fields(&json!({"intake": {"envoy": {"mode": "rw", "mod": 1}}})).len(), 2);
    }

    #[test]
    fn variables_stand_in_sinks_only() {
        let json = json!({"sinks": {"f": {"type": "jsonl", "path": "/logs/${KEY}.jsonl"}}});
        let settings = Settings::from_json(&json, &env).expect("valid");
        assert!(format!("{:?}", settings.sinks).contains("/logs/secret.jsonl"));
    }

    #[test]
    fn what_stands_for_a_variable_is_in_no_error() {
        let json = json!({
            "intake": {"envoy": {"mode": "${KEY}", "socket": ["${KEY}"]}},
            "sinks": {
                "a": {"type": "${KEY}"},
                "b": {"type": "otlp", "headers": "${KEY}", "timeout": "${KEY}", "tls": ["${KEY}"], "proxy": "${KEY}"},
            },
        });
        let errors = Settings::from_json(&json, &env).expect_err("refused");
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(errors.len() >= 6 && told.iter().all(|error| !error.contains("secret")), "{told:#?}");
    }
}
