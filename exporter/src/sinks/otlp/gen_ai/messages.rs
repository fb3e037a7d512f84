//! What was said, by the schemas of the conventions: messages of a role and parts.
//! Source: `model/gen-ai/gen-ai-{input-messages,output-messages,system-instructions}.json` of
//! <https://github.com/open-telemetry/semantic-conventions-genai>.

use std::borrow::Cow;

use offpath_core::event::Generation;
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::{
    attributes::Attributes,
    messages::{self, Media, Message, Part, ToolCall},
};

/// Those whose API takes instructions apart from the messages. What others take among them stays there.
const APART: [&str; 5] = ["anthropic", "aws.bedrock", "gcp.gemini", "gcp.gen_ai", "gcp.vertex_ai"];

#[derive(Serialize)]
struct Told<'a> {
    role: &'a str,
    parts: Vec<ToldPart<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ToldPart<'a> {
    Text {
        content: &'a str,
    },
    Reasoning {
        content: &'a str,
    },
    /// The schema takes any type; there is none for it.
    Refusal {
        content: &'a str,
    },
    ToolCall {
        id: Option<&'a str>,
        name: &'a str,
        arguments: Arguments<'a>,
    },
    ToolCallResponse {
        id: Option<&'a str>,
        response: Response<'a>,
    },
    Blob {
        mime_type: Option<&'a str>,
        modality: &'a str,
        content: &'a str,
    },
    Uri {
        mime_type: Option<&'a str>,
        modality: &'a str,
        uri: &'a str,
    },
    File {
        mime_type: Option<&'a str>,
        modality: &'a str,
        file_id: &'a str,
    },
    /// Something of which only the kind is known.
    Media {
        modality: &'a str,
    },
    #[serde(untagged)]
    Other(Cow<'a, serde_json::Value>),
}

/// JSON where they are, else the text that they are.
#[derive(Serialize)]
#[serde(untagged)]
enum Arguments<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Response<'a> {
    Text(&'a str),
    Parts(Vec<ToldPart<'a>>),
}

/// Of an embedding the conventions tell no messages.
pub(in super::super) fn add(attributes: &mut Attributes, generation: &Generation) {
    if generation.operation == "embeddings" {
        return;
    }
    let (input, output) = (messages::read(&generation.input), messages::read(&generation.output));
    let is_apart = APART.contains(&generation.system.as_str());
    let instructions = input.iter().take_while(|message| is_apart && message.role == "system").count();
    let (instructions, input) = input.split_at(instructions);
    let parts: Vec<ToldPart<'_>> = instructions.iter().flat_map(parts_of).collect();
    attributes.text("gen_ai.system_instructions", json(&parts));
    let input: Vec<Told<'_>> = input.iter().map(|message| told(message, None)).collect();
    attributes.text("gen_ai.input.messages", json(&input));
    // Which choice a reason is of is only known where each has one.
    let is_known = generation.finish_reasons.len() == output.len();
    let reason = |place: usize| generation.finish_reasons.get(place).filter(|_| is_known);
    let output: Vec<Told<'_>> = output
        .iter()
        .enumerate()
        .map(|(place, message)| told(message, reason(place).map(String::as_str)))
        .collect();
    attributes.text("gen_ai.output.messages", json(&output));
}

/// Empty if there are none.
fn json<T: Serialize>(all: &[T]) -> String {
    // Writing to memory does not fail, and keys are strings.
    if all.is_empty() { String::new() } else { serde_json::to_string(all).unwrap_or_default() }
}

fn told<'a>(message: &'a Message<'_>, finish_reason: Option<&'a str>) -> Told<'a> {
    Told { role: &message.role, parts: parts_of(message), name: &message.name, finish_reason }
}

/// In the order in which a model writes them.
fn parts_of<'a>(message: &'a Message<'_>) -> Vec<ToldPart<'a>> {
    if message.role == "tool" {
        return vec![ToldPart::ToolCallResponse {
            id: known(&message.tool_call_id),
            response: response(message),
        }];
    }
    let reasoning = known(&message.reasoning).map(|content| ToldPart::Reasoning { content });
    let refusal = known(&message.refusal).map(|content| ToldPart::Refusal { content });
    let said = message.content.iter().map(part);
    reasoning.into_iter().chain(said).chain(refusal).chain(message.tool_calls.iter().map(call)).collect()
}

fn response<'a>(message: &'a Message<'_>) -> Response<'a> {
    match &message.content[..] {
        [] => Response::Text(""),
        [Part::Text(text)] => Response::Text(text),
        parts => Response::Parts(parts.iter().map(part).collect()),
    }
}

fn call<'a>(call: &'a ToolCall<'_>) -> ToldPart<'a> {
    let arguments = &*call.function.arguments;
    let arguments = serde_json::from_str(arguments).map_or(Arguments::Text(arguments), Arguments::Json);
    ToldPart::ToolCall { id: known(&call.id), name: &call.function.name, arguments }
}

fn part<'a>(part: &'a Part<'_>) -> ToldPart<'a> {
    match part {
        Part::Text(content) => ToldPart::Text { content },
        Part::Media(kind, media) => media_part(kind, media),
        // A part has a type, whatever else it has.
        Part::Other(value) if value["type"].is_string() => ToldPart::Other(Cow::Borrowed(value)),
        Part::Other(value) => {
            ToldPart::Other(Cow::Owned(serde_json::json!({"type": "other", "content": value})))
        }
    }
}

fn media_part<'a>(kind: &'a str, media: &'a Media) -> ToldPart<'a> {
    let modality = if kind == "file" { "document" } else { kind };
    if let Some((mime_type, content)) = media.inline() {
        return ToldPart::Blob { mime_type: known(mime_type), modality, content };
    }
    let mime_type = known(&media.media_type);
    match (media.url.as_str(), media.id.as_str()) {
        ("", "") => ToldPart::Media { modality },
        ("", file_id) => ToldPart::File { mime_type, modality, file_id },
        (uri, _) => ToldPart::Uri { mime_type, modality, uri },
    }
}

fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
