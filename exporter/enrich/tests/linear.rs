//! Texts that are made to be slow to read. That they are read at all shows that no work grows with the square of what there
//! is: that would take minutes at least.

use std::fmt::Write as _;

use offpath_enrich::{Call, Format, Reading, Text};

/// Megabytes of one event.
const LARGE: usize = 100 << 20;

/// Many, of what there can be many of.
const MANY: usize = 100_000;

fn read_as(format: Format, request: Text<'_>, response: Text<'_>) -> Reading {
    let call =
        Call { path: "/model/x:y", status: 200, request, response, format: Some(format), ..Call::default() };
    offpath_enrich::read(&call).expect("a reading")
}

/// Reads a text as the request and the answer of formats, at whole and behind a gap.
fn read_as_each(formats: &[Format], text: &str) {
    for format in formats {
        read_as(*format, Text::whole(text), Text::whole(text));
        read_as(*format, Text::ends("{\"", text), Text::ends("data: {}\n\n{\"", text));
    }
}

/// Formats whose answers come as events, as the items of an array, and as lines.
const SHAPES: [Format; 3] = [Format::OpenAiChat, Format::GeminiGenerate, Format::OllamaChat];

fn chunk(text: &str) -> String {
    format!(r#"data: {{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}{}"#, "\n\n")
}

#[test]
fn one_event_of_100_megabytes() {
    let text = chunk(&"x".repeat(LARGE));
    let reading = read_as(Format::OpenAiChat, Text::default(), Text::whole(&*text));
    assert!(reading.generation.output.len() > LARGE);
    // The same without its end, and with nothing but escapes in it.
    read_as(Format::OpenAiChat, Text::default(), Text::whole(&text[..text.len() - 9]));
    read_as(Format::OpenAiChat, Text::default(), Text::whole(&text[6..text.len() - 9]));
    read_as(Format::OpenAiChat, Text::default(), Text::whole(chunk(&"\\n".repeat(LARGE / 4))));
}

#[test]
fn a_million_tiny_events() {
    let reading = read_as(Format::OpenAiChat, Text::default(), Text::whole(chunk("x").repeat(1_000_000)));
    assert!(reading.generation.output.len() > 1_000_000);
}

#[test]
fn many_events_and_lines_that_say_nothing() {
    for text in
        ["data:{}\n\n", "data:\n\n", "data\n", "\n", "\r", "event:x\n", "{}\n", "{\n", "[]\n", "[DONE]\n"]
    {
        read_as_each(&SHAPES, &text.repeat(MANY));
        read_as_each(&SHAPES, &format!("data: {{}}\n\n{}", text.repeat(MANY)));
    }
}

#[test]
fn deep_nesting() {
    for text in ["[", "{\"a\":", "{\"a\":[", "[{", "data: [\n", "\\", "\"", "[[]"] {
        read_as_each(&SHAPES, &text.repeat(MANY));
        read_as_each(&SHAPES, &format!("{{\"messages\":{}", text.repeat(MANY)));
    }
}

/// What APIs have lists of.
const LISTS: [(Format, &str); 14] = [
    (Format::OpenAiChat, "messages"),
    (Format::OpenAiChat, "choices"),
    (Format::OpenAiResponses, "input"),
    (Format::OpenAiResponses, "output"),
    (Format::OpenAiCompletions, "choices"),
    (Format::AnthropicMessages, "messages"),
    (Format::AnthropicMessages, "content"),
    (Format::GeminiGenerate, "contents"),
    (Format::GeminiGenerate, "candidates"),
    (Format::GeminiEmbed, "requests"),
    (Format::BedrockConverse, "messages"),
    (Format::CohereChat, "messages"),
    (Format::CohereRerank, "documents"),
    (Format::OllamaChat, "messages"),
];

#[test]
fn many_items() {
    const ITEM: &str =
        r#"{"role":"user","index":7,"content":"x","parts":[{"text":"y"},{"functionCall":{}}],"message":{}}"#;
    let items = [ITEM; MANY / 4].join(",");
    for (format, member) in LISTS {
        read_as_each(&[format], &format!(r#"{{"{member}":[{items}]}}"#));
    }
    read_as_each(&SHAPES, &format!("[{items}]"));
    // All of one message, of one answer.
    let parts = format!(r#"{{"role":"user","content":[{items}],"parts":[{items}]}}"#);
    for member in ["messages", "contents", "candidates"] {
        read_as_each(&SHAPES, &format!(r#"{{"{member}":[{parts}]}}"#));
    }
}

#[test]
fn repeated_keys() {
    let members = LISTS.map(|(_, member)| format!(r#""{member}":{{"a":1,"b":"x"}}"#)).join(",");
    let members = vec![&*members; MANY / 20].join(",");
    read_as_each(&Format::ALL, &format!("{{{members}}}"));
    // Behind a gap, where none has an end.
    let keys = r#""usage":"finish_reason":"model":"finishReason":"done":"#.repeat(MANY / 5);
    read_as_each(&Format::ALL, &keys);
}

#[test]
fn many_members_and_answers_that_are_all_different() {
    let (mut members, mut choices) = (String::from("{\"a\":0"), String::new());
    for number in 0..MANY {
        write!(members, ",\"k{number}\":{number}").expect("a text");
        let choice =
            format!(r#"{{"index":{number},"delta":{{"content":"x","tool_calls":[{{"index":{number}}}]}}}}"#);
        write!(choices, "data: {{\"choices\":[{choice}]}}\n\n").expect("a text");
    }
    read_as_each(&SHAPES, &format!("{members}}}"));
    read_as_each(&SHAPES, &format!(r#"{{"options":{members}}},"generationConfig":{members}}}}}"#));
    let reading = read_as(Format::OpenAiChat, Text::default(), Text::whole(choices));
    assert!(reading.generation.output.len() > MANY);
}

#[test]
fn numbers_of_many_digits() {
    for digits in ["1", "0.1", "1e1", "-"] {
        read_as_each(&SHAPES, &format!("{{\"seed\":{}}}", digits.repeat(1 << 20)));
    }
}
