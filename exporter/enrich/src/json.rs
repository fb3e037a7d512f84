//! JSON of strangers: borrowed from the text, and read as far as it is sound.

use std::{borrow::Cow, sync::Arc};

use jiter::{JsonErrorType, JsonValue, PartialMode};
use memchr::memmem;
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::Text;

/// A value.
pub(crate) type Json<'t> = JsonValue<'t>;

/// A member that is not there.
const NULL: Json<'static> = JsonValue::Null;

/// What is asked of a value. One of another type says nothing.
pub(crate) trait Ask<'t> {
    /// A member of an object; `null` if there is none.
    fn get(&self, key: &str) -> &Json<'t>;
    /// The members of an object.
    fn members(&self) -> &[(Cow<'t, str>, Json<'t>)];
    /// The items of an array.
    fn items(&self) -> &[Json<'t>];
    /// A text.
    fn text(&self) -> Option<&str>;
    /// A number that counts something.
    fn count(&self) -> Option<u64>;
    /// Any number.
    fn number(&self) -> Option<f64>;

    /// A text; empty if it is none.
    fn words(&self) -> &str {
        self.text().unwrap_or_default()
    }

    /// Whether it is `true`.
    fn is_true(&self) -> bool;
    /// Whether it is neither `null` nor missing.
    fn is_there(&self) -> bool;
    /// Whether it is an object.
    fn is_object(&self) -> bool;
}

impl<'t> Ask<'t> for Json<'t> {
    fn get(&self, key: &str) -> &Json<'t> {
        let member = self.members().iter().find(|(name, _)| name == key);
        member.map_or(const { &NULL }, |(_, value)| value)
    }

    fn members(&self) -> &[(Cow<'t, str>, Json<'t>)] {
        if let JsonValue::Object(members) = self { members } else { &[] }
    }

    fn items(&self) -> &[Json<'t>] {
        if let JsonValue::Array(items) = self { items } else { &[] }
    }

    fn text(&self) -> Option<&str> {
        if let JsonValue::Str(text) = self { Some(text) } else { None }
    }

    fn count(&self) -> Option<u64> {
        match self {
            JsonValue::Int(count) => u64::try_from(*count).ok(),
            // Some APIs count in floating point.
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range is checked"
            )]
            JsonValue::Float(count) if (0.0..9e15).contains(count) => Some(*count as u64),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            #[allow(clippy::cast_precision_loss, reason = "amounts are far below that")]
            JsonValue::Int(number) => Some(*number as f64),
            JsonValue::Float(number) => Some(*number),
            _ => None,
        }
    }

    fn is_true(&self) -> bool {
        matches!(self, JsonValue::Bool(true))
    }

    fn is_there(&self) -> bool {
        !matches!(self, JsonValue::Null)
    }

    fn is_object(&self) -> bool {
        matches!(self, JsonValue::Object(_))
    }
}

/// Reads a document that is to be whole.
pub(crate) fn whole(text: &str) -> Option<Json<'_>> {
    JsonValue::parse(text.as_bytes(), false).ok()
}

/// The same, apart from the text.
pub(crate) fn owned(text: &str) -> Option<Json<'static>> {
    whole(text).map(Json::into_static)
}

/// Reads a document as far as it goes; `true`: to its end.
fn sound(text: &str) -> (Json<'_>, bool) {
    let error = match JsonValue::parse(text.as_bytes(), false) {
        Ok(value) => return (value, true),
        Err(error) => error,
    };
    // It breaks off there, or goes wrong.
    let sound = text.as_bytes().get(..error.index).unwrap_or_default();
    let value = cut(text.as_bytes(), &error.error_type).or_else(|| {
        let error = JsonValue::parse(sound, false).err()?;
        cut(sound, &error.error_type)
    });
    (value.unwrap_or(JsonValue::Null), false)
}

/// Reads a document that breaks off, for which there is an error. Of a text that it breaks off in, the beginning is kept, but for
/// names: half of a model's is that of another. A number at the end may go on.
fn cut<'t>(text: &'t [u8], error: &JsonErrorType) -> Option<Json<'t>> {
    let parse = |mode| JsonValue::parse_with_config(text, false, mode).ok();
    let mut value = parse(PartialMode::TrailingStrings)?;
    let is_in_string = matches!(error, JsonErrorType::EofWhileParsingString);
    // In a string that is a key there is nothing yet.
    if is_in_string && parse(PartialMode::On).as_ref() != Some(&value) {
        drop_last(&mut value, |name, value| matches!(value, JsonValue::Str(_)) && is_name(name));
    } else if !is_in_string
        && text.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
    {
        drop_last(&mut value, |_, value| matches!(value, JsonValue::Int(_) | JsonValue::Float(_)));
    }
    Some(value)
}

/// Whether a member of this name tells which or what something is, rather than what is said.
fn is_name(member: &str) -> bool {
    const ENDS: [&str; 9] = ["id", "model", "role", "name", "type", "reason", "version", "status", "object"];
    let ends_with = |end: &&str| {
        let begins = member.len().checked_sub(end.len());
        begins.and_then(|begins| member.get(begins..)).is_some_and(|rest| rest.eq_ignore_ascii_case(end))
    };
    ENDS.iter().any(ends_with)
}

/// Drops the last member that a document has, however deep it is in it, if it is to go.
fn drop_last(mut value: &mut Json<'_>, is_to_go: impl Fn(&str, &Json<'_>) -> bool) {
    loop {
        value = match value {
            JsonValue::Object(members) => {
                let Some(members) = Arc::get_mut(members) else { return };
                if members.last().is_some_and(|(name, value)| is_to_go(name, value)) {
                    members.pop();
                    return;
                }
                let Some((_, value)) = members.last_mut() else { return };
                value
            }
            JsonValue::Array(items) => {
                let Some(value) = Arc::get_mut(items).and_then(|items| items.last_mut()) else { return };
                value
            }
            _ => return,
        };
    }
}

/// A document of which the middle may be missing.
#[derive(Debug, Clone)]
pub(crate) struct Document<'t> {
    /// It, or what stands before the gap.
    pub(crate) value: Json<'t>,
    /// Whether nothing of it is missing.
    pub(crate) is_whole: bool,
    /// Whether there is nothing at all of it.
    pub(crate) is_missing: bool,
    /// What stands behind the gap.
    tail: &'t str,
}

impl<'t> Document<'t> {
    pub(crate) fn read(text: &'t Text<'_>) -> Self {
        let (value, is_whole) = sound(text.head.trim_start_matches('\u{feff}'));
        Self { value, is_whole: is_whole && !text.has_gap, is_missing: text.is_empty(), tail: &text.tail }
    }

    pub(crate) fn whole(value: Json<'t>) -> Self {
        Self { value, is_whole: true, is_missing: false, tail: "" }
    }

    /// Nothing at all.
    pub(crate) fn missing() -> Self {
        Self { value: JsonValue::Null, is_whole: true, is_missing: true, tail: "" }
    }

    /// The items of an array that are whole, and the one that it breaks off in, with what stands behind the gap.
    pub(crate) fn items(&self) -> (&[Json<'t>], Option<Self>) {
        let items = self.value.items();
        if self.is_whole {
            return (items, None);
        }
        let (last, whole) =
            items.split_last().map_or((JsonValue::Null, items), |(last, whole)| (last.clone(), whole));
        (whole, Some(Self { value: last, ..self.clone() }))
    }

    /// What stands behind a gap, and no more of it.
    pub(crate) fn rest(tail: &'t str) -> Self {
        Self { value: JsonValue::Null, is_whole: false, is_missing: false, tail }
    }

    /// A member, wherever it stands: of the outermost object, or, whatever it is in, behind the gap.
    pub(crate) fn get(&self, key: &str) -> Json<'t> {
        let member = self.value.get(key);
        if member.is_there() { member.clone() } else { self.behind(key).unwrap_or(JsonValue::Null) }
    }

    /// The last member of this name behind the gap.
    pub(crate) fn behind(&self, key: &str) -> Option<Json<'t>> {
        if self.tail.is_empty() {
            return None;
        }
        // Within a text, quotation marks are escaped: one that is not, before a name and a colon, begins a key.
        let quoted = format!("\"{key}\"");
        let places = memmem::rfind_iter(self.tail.as_bytes(), quoted.as_bytes());
        places.take(MOST_TRIES).find_map(|at| {
            let value = self.tail.get(at + quoted.len()..)?.trim_start().strip_prefix(':')?;
            let is_key = !self.tail.get(..at)?.ends_with('\\');
            is_key.then(|| first_value(value)).flatten()
        })
    }
}

/// How many members of one name behind a gap are tried: one that is not whole is read to the end of the text.
const MOST_TRIES: usize = 8;

/// The value that a text begins with, if it is there to its end.
fn first_value(text: &str) -> Option<Json<'_>> {
    let mut parser = jiter::Jiter::new(text.as_bytes());
    let start = text.len() - text.trim_start().len();
    parser.next_skip().ok()?;
    let end = parser.current_index();
    let value = text.get(start..end)?;
    // A number that nothing follows may go on.
    let may_go_on = end == text.len() && value.ends_with(|last: char| last.is_ascii_digit());
    if may_go_on { None } else { whole(value) }
}

/// A value as it is, for whoever writes JSON.
#[derive(Debug)]
pub(crate) struct Given<'v, 't>(pub(crate) &'v Json<'t>);

impl Serialize for Given<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            JsonValue::Null => serializer.serialize_unit(),
            JsonValue::Bool(truth) => serializer.serialize_bool(*truth),
            JsonValue::Int(number) => serializer.serialize_i64(*number),
            // What is too large for other readers is a text for them.
            JsonValue::BigInt(number) => serializer.collect_str(number),
            JsonValue::Float(number) => serializer.serialize_f64(*number),
            JsonValue::Str(text) => serializer.serialize_str(text),
            JsonValue::Array(items) => serializer.collect_seq(items.iter().map(Given)),
            JsonValue::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members.iter() {
                    map.serialize_entry(name, &Given(value))?;
                }
                map.end()
            }
        }
    }
}

/// A value as JSON.
pub(crate) fn to_string(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_off_is_what_it_was_up_to_there() {
        let text = Text::whole(r#"{"a": 1, "b": [{"c": "de"#);
        let document = Document::read(&text);
        assert!(!document.is_whole);
        assert_eq!(document.get("a").count(), Some(1));
        assert_eq!(document.get("b").items()[0].get("c").text(), Some("de"));
    }

    #[test]
    fn of_names_and_numbers_no_half_is_kept() {
        let value = |text| sound(text).0;
        assert_eq!(value(r#"{"a": [1, {"model": "gpt-4"#), value(r#"{"a": [1, {}]}"#));
        assert_eq!(value(r#"{"model": "gpt-4", "finish"#), value(r#"{"model": "gpt-4"}"#));
        assert_eq!(value(r#"{"finishReason": "STO"#), value("{}"));
        assert_eq!(value(r#"{"a": 1, "b": 12"#), value(r#"{"a": 1}"#));
        assert_eq!(value(r#"{"a": 1, "b2"#), value(r#"{"a": 1}"#));
        assert_eq!(value(r#"{"a": "x1"#), value(r#"{"a": "x1"}"#));
    }

    #[test]
    fn what_goes_wrong_is_kept_up_to_there() {
        let text = Text::whole(r#"{"a": 1, "b": ?, "c": 3}"#);
        let document = Document::read(&text);
        assert_eq!((document.get("a").count(), document.get("c").count()), (Some(1), None));
    }

    #[test]
    fn members_behind_a_gap_are_found_and_texts_that_look_like_them_are_not() {
        let tail = r#"say \"usage\": {\"x\": 1}", "usage" : {"total": 7}, "model": "m"}"#;
        let text = Text::ends(r#"{"messages": ["#, tail);
        let document = Document::read(&text);
        assert_eq!(document.get("usage").get("total").count(), Some(7));
        assert_eq!(document.get("model").text(), Some("m"));
        assert_eq!(document.get("none"), JsonValue::Null);
    }

    #[test]
    fn depth_beyond_bounds_ends_the_document() {
        let text = Text::whole(format!("{{\"model\": \"m\", \"a\": {}", "[".repeat(100_000)));
        assert_eq!(Document::read(&text).get("model").text(), Some("m"));
    }
}
