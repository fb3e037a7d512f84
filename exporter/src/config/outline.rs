//! What a command goes by that stands beside an exporter: where that is, and what its sinks are called.
//!
//! Such a command runs in a shell that need not have what the exporter has: keys in its environment, files that only its
//! container has. It must also show an exporter whose file has an error since it was started. So what is wrong in the
//! tables that it does not go by is left to `offpath run` and `offpath check`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use offpath_core::config::{Error, Value};

use super::{ConfigError, Document, Environment, Secret, Settings, read};
use crate::sinks::{self, Kind};

/// The tables that are somebody else's, or of whose sinks only the names matter.
const PASSED_OVER: [&str; 6] = ["service", "capture", "rule", "ring", "intake", "sinks"];

/// A key, as those of sinks are.
const TOKEN: &str = "exporter.token";

/// What there is of an exporter.
#[derive(Debug)]
pub struct Outline {
    /// `[exporter] listen`.
    pub listen: SocketAddr,
    /// `[exporter] token`, if it can be had here.
    pub token: Option<Secret>,
    /// `[exporter] data_dir`.
    pub data_dir: PathBuf,
    /// `[exporter] dead_letters.max_size`.
    pub dead_letters: u64,
    /// `[sinks.*]`, or the local store if none is named.
    pub sinks: Vec<Outlined>,
}

/// A sink by its name.
#[derive(Debug)]
pub struct Outlined {
    /// As metrics and files have it.
    pub name: String,
    /// Where a local store is; `None` of others.
    pub store: Option<Store>,
}

/// Where a local store is.
#[derive(Debug)]
pub enum Store {
    /// In this file.
    At(PathBuf),
    /// That cannot be said here, for this reason.
    Unknown(String),
}

/// Reads a file; without one, the defaults.
///
/// # Errors
///
/// [`ConfigError`]: it cannot be read, is no TOML, has errors in `[exporter]`, or tables that nobody knows.
pub fn outline(path: Option<&Path>, env: Environment<'_>) -> Result<Outline, ConfigError> {
    let invalid = |errors| ConfigError::Invalid { path: path.map(Path::to_owned), errors };
    let text = path.map(read).transpose()?.unwrap_or_default();
    let document = Document::of_toml(&text).map_err(invalid)?;
    Outline::read(&document.json, env).map_err(|errors| invalid(document.located(errors)))
}

impl Outline {
    fn read(json: &Value, env: Environment<'_>) -> Result<Self, Vec<Error>> {
        let (settings, _, errors) = Settings::attempt(json, env);
        let (others, errors): (Vec<Error>, Vec<Error>) = errors.into_iter().partition(is_passed_over);
        let settings = match settings {
            Some(settings) if errors.is_empty() => settings,
            _ => return Err(errors),
        };
        let named = json.get("sinks").and_then(Value::as_object);
        let mut names: Vec<String> = named
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .filter(|name| sinks::is_name(name))
            .collect();
        if names.is_empty() {
            names = settings.sinks.iter().map(|sink| sink.name.clone()).collect();
        }
        let outlined = |name: String| Outlined { store: store(&name, &settings, &others), name };
        let sinks = names.into_iter().map(outlined).collect();
        Ok(Self {
            listen: settings.listen,
            token: settings.token,
            data_dir: settings.data_dir,
            dead_letters: settings.dead_letters,
            sinks,
        })
    }
}

fn is_passed_over(error: &Error) -> bool {
    let table = error.field.split(['.', '[']).next().unwrap_or_default();
    PASSED_OVER.contains(&table) || error.field == TOKEN
}

fn store(name: &str, settings: &Settings, errors: &[Error]) -> Option<Store> {
    let path = settings.sinks.iter().find(|sink| sink.name == name).and_then(|sink| match &sink.kind {
        Kind::Sqlite(settings) => Some(settings.path.clone()),
        _ => None,
    })?;
    let field = format!("sinks.{name}.path");
    let wrong = errors.iter().find(|error| error.field == field);
    Some(wrong.map_or(Store::At(path), |error| Store::Unknown(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn env(name: &str) -> Option<String> {
        (name == "HOME").then(|| "/home/me".to_owned())
    }

    fn names(outline: &Outline) -> Vec<&str> {
        outline.sinks.iter().map(|sink| sink.name.as_str()).collect()
    }

    #[test]
    fn sinks_have_their_names_whatever_else_of_them_cannot_be_had() {
        let json = json!({
            "exporter": {"data_dir": "/data"},
            "intake": {"redis": {"url": "${GONE}"}},
            "rule": [{"nam": 7}],
            "sinks": {
                "keys": {"type": "langfuse", "public_key": "${GONE}", "secret_key": "${file:/gone}"},
                "bare": {"type": "langfuse"},
                "whole": {"type": "${GONE}"},
                "a name": {"type": "stdout"},
            },
        });
        let outline = Outline::read(&json, &env).expect("enough");
        assert_eq!(names(&outline), ["bare", "keys", "whole"]);
        assert_eq!(outline.data_dir, Path::new("/data"));
    }

    #[test]
    fn a_store_is_known_by_its_path_or_by_why_that_is_not_known() {
        let json = json!({"sinks": {
            "a": {"type": "sqlite"}, "b": {"type": "sqlite", "path": "${GONE}/x.db"}, "c": {"type": "stdout"},
        }});
        let outline = Outline::read(&json, &env).expect("enough");
        let stores: Vec<_> = outline.sinks.iter().map(|sink| sink.store.as_ref()).collect();
        let [Some(Store::At(path)), Some(Store::Unknown(why)), None] = stores[..] else {
            panic!("{stores:?}")
        };
        assert_eq!(path, Path::new("/home/me/.local/state/offpath/offpath.db"));
        assert!(why.starts_with("sinks.b.path: needs the environment variable GONE"), "{why}");
    }

    #[test]
    fn a_token_that_cannot_be_had_here_is_none() {
        let token = |written: &str| {
            let json = json!({"exporter": {"token": written}});
            Outline::read(&json, &env).expect("enough").token.map(|token| token.expose().to_owned())
        };
        assert_eq!(token("0123456789abcdef"), Some("0123456789abcdef".to_owned()));
        assert_eq!(token("${GONE}"), None);
        assert_eq!(token("${file:/gone}"), None);
    }

    #[test]
    fn without_sinks_there_is_the_local_store() {
        assert_eq!(names(&Outline::read(&json!({}), &env).expect("enough")), ["local"]);
    }

    #[test]
    fn where_the_exporter_is_has_to_be_right() {
        for json in [json!({"exporter": {"data_dir": 7}}), json!({"exporte": {}}), json!(7)] {
            assert!(Outline::read(&json, &env).is_err(), "{json}");
        }
    }
}
