//! `identity`: where to look for whose an exchange is.

use super::{
    check::{Table, Value},
    matching::header_slot,
};
use crate::{
    identity::{From, Source},
    treatment::{Identity, JsonField},
    wanted::Wanted,
};

const SOURCES: &str = "must be \"header:x-user-id\", \"scope:user.id\", \"json:user\" or \"text:anonymous\"";
/// Sources of one of them.
const MOST_SOURCES: usize = 16;
/// Steps of a path.
const MOST_STEPS: usize = 16;

/// What is configured of it: a list for each of [`KINDS`], where one is configured.
#[derive(Clone, Debug, Default)]
pub(super) struct IdentitySources {
    by_kind: [Option<(Vec<Source>, Vec<JsonField>)>; KINDS.len()],
}

const KINDS: [(&str, Identity); 5] = [
    ("user", Identity::User),
    ("session", Identity::Session),
    ("tags", Identity::Tag),
    ("environment", Identity::Environment),
    ("release", Identity::Release),
];

impl IdentitySources {
    /// Reads the table; what it does not say is as in `base`. `scope` gathers the paths of all rules.
    pub(super) fn read(
        mut table: Table<'_, '_>,
        base: &Self,
        wanted: &mut Wanted,
        scope: &mut Vec<String>,
    ) -> Self {
        let mut read = base.clone();
        for ((key, identity), place) in KINDS.into_iter().zip(&mut read.by_kind) {
            let Some(texts) = table.texts(key) else { continue };
            let (mut sources, mut fields) = (Vec::new(), Vec::new());
            if texts.len() > MOST_SOURCES {
                table.refuse(key, &format!("must be at most {MOST_SOURCES} sources"), None);
            }
            for text in texts {
                match source(&text, wanted, scope) {
                    Ok(Found::Here(from)) => {
                        sources.push(Source {
                            identity,
                            from,
                            after_json: !fields.is_empty(),
                            is_secret: false,
                        });
                    }
                    Ok(Found::Json(path)) => fields.push(JsonField { identity: identity.into(), path }),
                    Err(rule) => table.refuse(key, &rule, Some(&Value::String(text))),
                }
            }
            *place = Some((sources, fields));
        }
        table.finish();
        read
    }

    pub(super) fn sources(&self) -> Vec<Source> {
        self.by_kind.iter().flatten().flat_map(|(sources, _)| sources).cloned().collect()
    }

    pub(super) fn fields(&self) -> Vec<JsonField> {
        self.by_kind.iter().flatten().flat_map(|(_, fields)| fields).cloned().collect()
    }
}

enum Found {
    Here(From),
    Json(Vec<String>),
}

fn source(text: &str, wanted: &mut Wanted, scope: &mut Vec<String>) -> Result<Found, String> {
    let (kind, rest) = text.split_once(':').filter(|(_, rest)| !rest.is_empty()).ok_or(SOURCES)?;
    match kind {
        "header" => Ok(Found::Here(From::Header(header_slot(rest, wanted)?))),
        "text" => Ok(Found::Here(From::Text(rest.to_owned()))),
        "json" => Ok(Found::Json(steps(rest)?)),
        "scope" => {
            steps(rest)?;
            let at = scope.iter().position(|known| known == rest).unwrap_or_else(|| {
                scope.push(rest.to_owned());
                scope.len().saturating_sub(1)
            });
            Ok(Found::Here(From::Scope(at)))
        }
        _ => Err(SOURCES.to_owned()),
    }
}

fn steps(path: &str) -> Result<Vec<String>, String> {
    let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
    if steps.len() > MOST_STEPS || steps.iter().any(String::is_empty) {
        return Err(format!("must be a path of 1 to {MOST_STEPS} names with a dot between two"));
    }
    Ok(steps)
}
