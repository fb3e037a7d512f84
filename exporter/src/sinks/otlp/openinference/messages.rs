//! What was said, by OpenInference's names: each member of a message is an attribute of its own, with its place in the name.
//! Source: <https://github.com/Arize-ai/openinference/blob/main/spec/multimodal_attributes.md>.

use offpath_core::event::Generation;

use super::super::{
    attributes::Attributes,
    messages::{self, Media, Message, Part},
};

/// So that an event stays one: of more messages, the first, which mostly is the system's, and the newest are told. All of
/// them are in `input.value`.
const MOST_MESSAGES: usize = 128;
/// Parts of a message, and calls of tools in it.
const MOST_PARTS: usize = 32;

pub(super) fn add(attributes: &mut Attributes, generation: &Generation) {
    for (list, text) in
        [("llm.input_messages", &generation.input), ("llm.output_messages", &generation.output)]
    {
        for (place, message) in bounded(&messages::read(text)).enumerate() {
            add_message(attributes, &format!("{list}.{place}.message"), message);
        }
    }
}

/// Of an embedding: each text that was embedded. Vectors are left out.
pub(super) fn add_embedded(attributes: &mut Attributes, generation: &Generation) {
    for (place, message) in messages::read(&generation.input).iter().take(MOST_MESSAGES).enumerate() {
        if let [Part::Text(text)] = &message.content[..] {
            attributes.text(format!("embedding.embeddings.{place}.embedding.text"), text.as_ref());
        }
    }
}

fn bounded<'m, 'a>(all: &'m [Message<'a>]) -> impl Iterator<Item = &'m Message<'a>> {
    let over = all.len().saturating_sub(MOST_MESSAGES);
    let first = usize::from(over > 0);
    all[..first].iter().chain(&all[over + first..])
}

fn add_message(attributes: &mut Attributes, at: &str, message: &Message<'_>) {
    attributes.text(format!("{at}.role"), message.role.as_ref());
    attributes.text(format!("{at}.name"), message.name.as_ref());
    attributes.text(format!("{at}.tool_call_id"), message.tool_call_id.as_ref());
    add_content(attributes, at, message);
    for (place, call) in message.tool_calls.iter().take(MOST_PARTS).enumerate() {
        let at = format!("{at}.tool_calls.{place}.tool_call");
        attributes.text(format!("{at}.id"), call.id.as_ref());
        attributes.text(format!("{at}.function.name"), call.function.name.as_ref());
        attributes.text(format!("{at}.function.arguments"), call.function.arguments.as_ref());
    }
}

/// A text alone is `message.content`; anything beside it, reasoning too, makes parts of all of it.
fn add_content(attributes: &mut Attributes, at: &str, message: &Message<'_>) {
    let refusal = Some(&message.refusal).filter(|refusal| !refusal.is_empty());
    let has_reasoning = !message.reasoning.is_empty();
    match (&message.content[..], refusal) {
        ([Part::Text(text)], None) if !has_reasoning => {
            return attributes.text(format!("{at}.content"), text.as_ref());
        }
        ([], Some(refusal)) if !has_reasoning => {
            return attributes.text(format!("{at}.content"), refusal.as_ref());
        }
        _ => {}
    }
    let part = |place: usize| format!("{at}.contents.{place}.message_content");
    let mut add_text = |place: usize, kind: &str, text: &str| {
        attributes.text(format!("{}.type", part(place)), kind);
        attributes.text(format!("{}.text", part(place)), text);
    };
    if has_reasoning {
        add_text(0, "reasoning", &message.reasoning);
    }
    let first = usize::from(has_reasoning);
    let said = &message.content[..message.content.len().min(MOST_PARTS)];
    if let Some(refusal) = refusal {
        add_text(first + said.len(), "text", refusal);
    }
    for (place, said) in (first..).zip(said) {
        add_part(attributes, &part(place), said);
    }
}

fn add_part(attributes: &mut Attributes, at: &str, part: &Part<'_>) {
    match part {
        Part::Text(text) => {
            attributes.text(format!("{at}.type"), "text");
            attributes.text(format!("{at}.text"), text.as_ref());
        }
        Part::Media(kind, media) => add_media(attributes, at, kind, media),
        Part::Other(value) => {
            attributes.text(format!("{at}.type"), value["type"].as_str().unwrap_or("other"));
            attributes.text(format!("{at}.text"), value.to_string());
        }
    }
}

fn add_media(attributes: &mut Attributes, at: &str, kind: &str, media: &Media) {
    let kind = if kind == "file" { "document" } else { kind };
    attributes.text(format!("{at}.type"), kind);
    let at = format!("{at}.{kind}.{kind}");
    attributes.text(format!("{at}.url"), media.address());
    if matches!(kind, "audio" | "document") {
        attributes.text(format!("{at}.mime_type"), media.media_type.as_str());
    }
    if kind == "document" {
        attributes.text(format!("{at}.id"), media.id.as_str());
        attributes.text(format!("{at}.name"), media.name.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_messages_the_first_and_the_newest_are_told() {
        let message = |number: usize| format!(r#"{{"role":"user","content":"{number}"}}"#);
        let told = |count: usize| {
            let text = format!("[{}]", (0..count).map(message).collect::<Vec<_>>().join(","));
            let all = messages::read(&text);
            let said = bounded(&all).map(|message| match &message.content[..] {
                [Part::Text(text)] => text.parse().expect("a number"),
                other => panic!("{other:?}"),
            });
            said.collect::<Vec<usize>>()
        };
        assert_eq!(told(0), Vec::<usize>::new());
        assert_eq!(told(MOST_MESSAGES), (0..MOST_MESSAGES).collect::<Vec<_>>());
        let expected: Vec<usize> = std::iter::once(0).chain(73..200).collect();
        assert_eq!((told(200), expected.len()), (expected, MOST_MESSAGES));
    }
}
