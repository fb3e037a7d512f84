//! Whose an event is, as its request's JSON says. What the core found stays where it stood before the fields of JSON.

use offpath_core::{
    event::Event,
    treatment::{Identity, JsonField, MAX_TAGS},
};

/// Writes into the event what the fields say, but for what was `told` for good. Of several that say the same, the first
/// is believed.
pub(super) fn tell(event: &mut Event, mut told: u32, fields: &[JsonField], found: &[(usize, String)]) {
    for (index, field) in fields.iter().enumerate() {
        let Ok(identity) = Identity::try_from(field.identity) else { continue };
        let values = found.iter().filter(|(of, _)| *of == index);
        for value in values.filter_map(|(_, value)| identity.accepted(value)) {
            let place = match identity {
                Identity::Tag => {
                    add(&mut event.tags, value);
                    continue;
                }
                Identity::User => &mut event.user_id,
                Identity::Session => &mut event.session_id,
                Identity::Environment => &mut event.environment,
                Identity::Release => &mut event.release,
            };
            if told & identity.bit() == 0 {
                told |= identity.bit();
                value.clone_into(place);
            }
        }
    }
}

fn add(tags: &mut Vec<String>, value: &str) {
    if tags.len() < MAX_TAGS && !tags.iter().any(|tag| tag == value) {
        tags.push(value.to_owned());
    }
}
