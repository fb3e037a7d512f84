//! Messages in one form, whatever API they are of: see `docs/llm.md`.

use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeSeq as _};

use crate::json::{Ask as _, Given, Json};

/// One message.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Message<'t> {
    pub(crate) role: Cow<'t, str>,
    /// `null` where nothing was said beside tool calls.
    pub(crate) content: Content<'t>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) name: Cow<'t, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) reasoning: Cow<'t, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) refusal: Cow<'t, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) tool_call_id: Cow<'t, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tool_calls: Vec<ToolCall<'t>>,
}

/// What a message says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content<'t>(Vec<Part<'t>>);

/// A part of what a message says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Part<'t> {
    Text {
        text: Cow<'t, str>,
    },
    Image(Media<'t>),
    Audio(Media<'t>),
    Video(Media<'t>),
    File(Media<'t>),
    /// What this version has no name for, as it came.
    #[serde(untagged)]
    Other(#[serde(serialize_with = "as_given")] Json<'t>),
}

/// An image and the like, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Media<'t> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) url: Cow<'t, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) media_type: Cow<'t, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) id: Cow<'t, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) name: Cow<'t, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) data: Cow<'t, str>,
}

/// A call of a tool that the model asks for.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct ToolCall<'t> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) id: Cow<'t, str>,
    r#type: Function,
    pub(crate) function: Called<'t>,
}

/// The only type there is.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "lowercase")]
enum Function {
    #[default]
    Function,
}

/// Which tool, with what.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Called<'t> {
    pub(crate) name: Cow<'t, str>,
    /// As the model wrote it.
    pub(crate) arguments: Cow<'t, str>,
}

impl<'t> Message<'t> {
    pub(crate) fn new(role: impl Into<Cow<'t, str>>) -> Self {
        Self { role: role.into(), ..Self::default() }
    }

    /// A message that says this.
    pub(crate) fn saying(role: impl Into<Cow<'t, str>>, text: impl Into<Cow<'t, str>>) -> Self {
        let mut message = Self::new(role);
        message.content.say(text);
        message
    }

    /// What a message of blocks comes to. `add` adds a block to the message, or makes one of its own of the result of a tool.
    pub(crate) fn of_blocks(
        role: &Cow<'t, str>,
        blocks: &[Json<'t>],
        add: impl Fn(&Json<'t>, &mut Self) -> Option<Self>,
    ) -> Vec<Self> {
        let (mut messages, mut message) = (Vec::new(), Self::new(role.clone()));
        for block in blocks {
            if let Some(result) = add(block, &mut message) {
                if message.says_something() {
                    messages.push(std::mem::replace(&mut message, Self::new(role.clone())));
                }
                messages.push(result);
            }
        }
        if message.says_something() || messages.is_empty() {
            messages.push(message);
        }
        messages
    }

    fn says_something(&self) -> bool {
        !self.content.is_empty() || !self.reasoning.is_empty() || !self.tool_calls.is_empty()
    }

    /// The result of a tool.
    pub(crate) fn of_tool(id: impl Into<Cow<'t, str>>, name: impl Into<Cow<'t, str>>) -> Self {
        Self { tool_call_id: id.into(), name: name.into(), ..Self::new("tool") }
    }
}

impl<'t> Content<'t> {
    pub(crate) fn push(&mut self, part: Part<'t>) {
        self.0.push(part);
    }

    pub(crate) fn extend(&mut self, parts: impl IntoIterator<Item = Part<'t>>) {
        self.0.extend(parts);
    }

    /// Says something; an empty text is something said.
    pub(crate) fn say(&mut self, text: impl Into<Cow<'t, str>>) {
        self.0.push(Part::Text { text: text.into() });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |part: &Part<'_>| if let Part::Text { .. } = part { Some(()) } else { None };
        match self.0.as_slice() {
            [] => serializer.serialize_none(),
            [Part::Text { text }] => serializer.serialize_str(text),
            parts if parts.iter().all(|part| text(part).is_some()) => {
                let all = parts.iter().filter_map(|part| match part {
                    Part::Text { text } => Some(text.as_ref()),
                    _ => None,
                });
                serializer.serialize_str(&all.collect::<String>())
            }
            parts => {
                let mut seq = serializer.serialize_seq(Some(parts.len()))?;
                for part in parts {
                    seq.serialize_element(part)?;
                }
                seq.end()
            }
        }
    }
}

impl<'t> Media<'t> {
    /// What is at an address, which may hold the data itself (RFC 2397).
    pub(crate) fn at(url: &Json<'t>) -> Self {
        Self { url: text(url), ..Self::default() }
    }
}

impl Media<'_> {
    /// The same, apart from the text.
    pub(crate) fn into_static(self) -> Media<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let Self { url, media_type, id, name, data } = self;
        Media {
            url: owned(url),
            media_type: owned(media_type),
            id: owned(id),
            name: owned(name),
            data: owned(data),
        }
    }
}

impl<'t> ToolCall<'t> {
    pub(crate) fn new(
        id: impl Into<Cow<'t, str>>,
        name: impl Into<Cow<'t, str>>,
        arguments: impl Into<Cow<'t, str>>,
    ) -> Self {
        let function = Called { name: name.into(), arguments: arguments.into() };
        Self { id: id.into(), function, ..Self::default() }
    }
}

/// A text, borrowed where it can be; empty if it is none.
pub(crate) fn text<'t>(value: &Json<'t>) -> Cow<'t, str> {
    if let Json::Str(text) = value { text.clone() } else { Cow::Borrowed("") }
}

/// A text as it is, all else as JSON; empty if it is not there.
pub(crate) fn text_or_json<'t>(value: &Json<'t>) -> Cow<'t, str> {
    match value {
        Json::Str(text) => text.clone(),
        value if value.is_there() => crate::json::to_string(&Given(value)).into(),
        _ => Cow::Borrowed(""),
    }
}

fn as_given<S: Serializer>(value: &Json<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    Given(value).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(message: &Message<'_>) -> String {
        crate::json::to_string(message)
    }

    #[test]
    fn what_says_nothing_is_not_there_and_texts_are_one() {
        let mut message = Message::new("assistant");
        assert_eq!(json(&message), r#"{"role":"assistant","content":null}"#);
        message.content.say("a");
        message.content.say("b");
        assert_eq!(json(&message), r#"{"role":"assistant","content":"ab"}"#);
        message.content.push(Part::Image(Media { url: "https://x/y.png".into(), ..Media::default() }));
        let parts = r#"[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"image","url":"https://x/y.png"}]"#;
        assert_eq!(json(&message), format!(r#"{{"role":"assistant","content":{parts}}}"#));
    }

    #[test]
    fn tool_calls_have_the_form_of_openai() {
        let mut message = Message::new("assistant");
        message.tool_calls.push(ToolCall::new("1", "f", "{}"));
        let call = r#"{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}"#;
        assert_eq!(json(&message), format!(r#"{{"role":"assistant","content":null,"tool_calls":[{call}]}}"#));
    }
}
