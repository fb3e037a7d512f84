//! Whose an event is, as its request's JSON says. What the core found in headers and elsewhere is believed first.

use offpath_core::{
    event::Event,
    treatment::{Identity, JsonField, MAX_TAGS},
};

/// Writes into the event what the fields say. Of several that say the same, the first is believed.
pub(super) fn tell(event: &mut Event, fields: &[JsonField], found: &[(usize, String)]) {
    let mut replaced = [false; 2];
    for (index, field) in fields.iter().enumerate() {
        let Ok(identity) = Identity::try_from(field.identity) else { continue };
        let values = found.iter().filter(|(of, _)| *of == index);
        for value in values.filter_map(|(_, value)| identity.accepted(value)) {
            match identity {
                Identity::User => first(&mut event.user_id, value),
                Identity::Session => first(&mut event.session_id, value),
                Identity::Tag => add(&mut event.tags, value),
                Identity::Environment => replace(&mut event.environment, value, &mut replaced[0]),
                Identity::Release => replace(&mut event.release, value, &mut replaced[1]),
            }
        }
    }
}

fn first(known: &mut String, value: &str) {
    if known.is_empty() {
        value.clone_into(known);
    }
}

fn add(tags: &mut Vec<String>, value: &str) {
    if tags.len() < MAX_TAGS && !tags.iter().any(|tag| tag == value) {
        tags.push(value.to_owned());
    }
}

/// What is there is the service's.
fn replace(known: &mut String, value: &str, is_replaced: &mut bool) {
    if !std::mem::replace(is_replaced, true) {
        value.clone_into(known);
    }
}
