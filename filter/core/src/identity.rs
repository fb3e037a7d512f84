//! Whose an exchange is: user, session, tags, environment and release, by the sources that `identity` names.
//!
//! Sources are looked at in the order in which they stand; the first that has a value which may stand in an event is
//! believed, but of tags all are taken. Fields of JSON are for the exporter: the event tells it which of the others stood
//! before them.

use crate::{
    mask::Mask,
    text::readable,
    treatment::{Identity, MAX_TAGS},
    wanted::{Found, Slot},
    wire,
};

/// Tags of `Event`.
const ENVIRONMENT: u32 = 11;
const RELEASE: u32 = 12;
const USER_ID: u32 = 18;
const SESSION_ID: u32 = 19;
const TAGS: u32 = 20;
const TOLD: u32 = 24;

/// Longest value that is looked at, in bytes.
const MAX_VALUE: usize = 2048;

/// One source of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) identity: Identity,
    pub(crate) from: From,
    /// A field of JSON stands before it.
    pub(crate) after_json: bool,
    /// It is a header whose value is a secret: it tells its hash, where secrets are hashed, and else nothing.
    pub(crate) is_secret: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// A header of the request. Tags in it are separated by commas.
    Header(Slot),
    /// A field of the host's own view of the exchange, by its place in [`crate::Config::scope`].
    Scope(usize),
    /// What stands in the configuration.
    Text(String),
}

/// What the request's headers said, kept until the end: one place for each source.
pub(crate) type Kept = Vec<Option<Vec<u8>>>;

/// Keeps the headers that the sources name. Without sources that costs nothing.
pub(crate) fn keep(sources: &[Source], found: &Found<'_>, mask: &Mask) -> Kept {
    let value = |source: &Source| {
        let From::Header(slot) = source.from else { return None };
        let value = found.get(slot)?;
        if source.is_secret {
            return mask.hashes().then(|| mask.of(value, true).into_owned().into_bytes());
        }
        Some(value.get(..MAX_VALUE).unwrap_or(value).to_vec())
    };
    sources.iter().map(value).collect()
}

/// Writes what the sources say, as fields of an `Event`. A field that was written before gives way to one here.
pub(crate) fn write(sources: &[Source], kept: &Kept, scope: &[&[u8]], out: &mut Vec<u8>) {
    let (mut told, mut for_good) = (0, 0);
    let mut tags = 0;
    for (index, source) in sources.iter().enumerate() {
        let value = match &source.from {
            From::Header(_) => kept.get(index).and_then(Option::as_deref),
            From::Scope(at) => scope.get(*at).copied(),
            From::Text(text) => Some(text.as_bytes()),
        };
        let value = readable(value.unwrap_or_default());
        if source.identity == Identity::Tag {
            for tag in value.split(',').filter_map(|tag| Identity::Tag.accepted(tag)) {
                if tags < MAX_TAGS {
                    wire::bytes(out, TAGS, tag.as_bytes());
                    tags += 1;
                }
            }
        } else if told & source.identity.bit() == 0
            && let Some(value) = source.identity.accepted(&value)
        {
            told |= source.identity.bit();
            if !source.after_json {
                for_good |= source.identity.bit();
            }
            wire::bytes(out, tag_of(source.identity), value.as_bytes());
        }
    }
    wire::number(out, TOLD, for_good.into());
}

fn tag_of(identity: Identity) -> u32 {
    match identity {
        Identity::User => USER_ID,
        Identity::Session => SESSION_ID,
        Identity::Tag => TAGS,
        Identity::Environment => ENVIRONMENT,
        Identity::Release => RELEASE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    fn told(sources: &[(Identity, &str)], scope: &[&[u8]]) -> Event {
        let mut places = 0..;
        let sources: Vec<_> = sources
            .iter()
            .map(|(identity, text)| {
                let from = match *text {
                    "scope" => From::Scope(places.next().unwrap_or_default()),
                    text => From::Text(text.to_owned()),
                };
                Source { identity: *identity, from, after_json: false, is_secret: false }
            })
            .collect();
        let mut out = Event { environment: "before".to_owned(), ..Event::default() }.to_bytes();
        write(&sources, &Vec::new(), scope, &mut out);
        Event::from_bytes(&out).expect("an event")
    }

    #[test]
    fn the_first_source_with_a_value_is_believed() {
        let sources = [(Identity::User, "scope"), (Identity::User, "scope"), (Identity::User, "last")];
        assert_eq!(told(&sources, &[b"", b"ann"]).user_id, "ann");
    }

    #[test]
    fn tags_come_from_all_sources_and_are_bounded() {
        let many = "t,".repeat(100);
        let event = told(&[(Identity::Tag, "a, b"), (Identity::Tag, &many)], &[]);
        assert_eq!(event.tags.get(..3), Some(["a", "b", "t"].map(str::to_owned).as_slice()));
        assert_eq!(event.tags.len(), MAX_TAGS);
    }

    #[test]
    fn an_environment_gives_way_to_one_that_may_stand_there_only() {
        assert_eq!(told(&[(Identity::Environment, "staging")], &[]).environment, "staging");
        assert_eq!(told(&[(Identity::Environment, "Not One")], &[]).environment, "before");
    }

    #[test]
    fn what_is_too_long_is_no_user() {
        assert_eq!(told(&[(Identity::User, &"u".repeat(201))], &[]).user_id, "");
    }
}
