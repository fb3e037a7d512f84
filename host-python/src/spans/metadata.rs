//! Metadata: members that later updates add to or replace, each as JSON.

use super::{body, json, text};
use crate::sandbox::SpanSettings;
use pyo3::{
    prelude::*,
    types::{PyDict, PyString},
};

/// Most members, over all updates; of more, the first are kept.
const MOST: usize = 200;
/// Longest key, in characters.
const LONGEST_KEY: usize = 200;

/// Keys and their JSON. What is no mapping is under no key.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata(Vec<(String, Vec<u8>)>);

impl Metadata {
    /// Reads what an app says. Members that are None say nothing, as in Langfuse's SDK.
    pub(super) fn read(value: &Bound<'_, PyAny>, settings: &SpanSettings) -> Self {
        let mut left = usize::try_from(settings.metadata).unwrap_or(usize::MAX);
        let mut read = |key: String, value: &Bound<'_, PyAny>| {
            let mut json = Vec::new();
            let limits = json::Limits { bytes: left, ..body::limits(settings, settings.metadata) };
            json::write(&mut json, value, limits);
            left = left.saturating_sub(json.len() + key.len());
            (key, json)
        };
        let Ok(members) = value.cast::<PyDict>() else { return Self(vec![read(String::new(), value)]) };
        // Taken out first: what is read may run code that changes it.
        let members: Vec<_> = members.iter().filter(|(_, value)| !value.is_none()).take(MOST).collect();
        let named = |(key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| Some(read(name(&key)?, &value));
        Self(members.into_iter().filter_map(named).collect())
    }

    /// Takes over what is said later.
    pub(super) fn merge(&mut self, later: &Self) {
        for (key, json) in &later.0 {
            let has_room = self.0.len() < MOST;
            match self.0.iter_mut().find(|(known, _)| known == key) {
                Some((_, known)) => known.clone_from(json),
                None if has_room => self.0.push((key.clone(), json.clone())),
                None => {}
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An object of all members; the one value, where there is no key.
    pub(super) fn json(&self) -> Vec<u8> {
        if let [(key, json)] = self.0.as_slice()
            && key.is_empty()
        {
            return json.clone();
        }
        let mut out = vec![b'{'];
        for (index, (key, json)) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let key = if key.is_empty() { "metadata" } else { key };
            out.push(b'"');
            json::escape(&mut out, key);
            out.extend_from_slice(b"\":");
            out.extend_from_slice(json);
        }
        out.push(b'}');
        out
    }
}

fn name(key: &Bound<'_, PyAny>) -> Option<String> {
    match key.cast::<PyString>() {
        Ok(key) => Some(text::short(key, LONGEST_KEY)),
        // Numbers and the like.
        Err(_) => {
            let mut shown = Vec::new();
            let limits =
                json::Limits { bytes: LONGEST_KEY, max_string: LONGEST_KEY, max_items: 8, max_depth: 1 };
            json::write(&mut shown, key, limits);
            String::from_utf8(shown).ok()
        }
    }
}
