//! Exchanges that are cut, or of which members are something else than they should be: what is sound is kept.

mod exchange;

use exchange::{events, heard, json, lines};
use offpath_enrich::{Call, Ending, Reading, Text};
use serde_json::Value;

/// What is asked, and the parts of what is answered; a document has one.
struct Said {
    path: &'static str,
    asked: &'static str,
    answered: &'static [&'static str],
    is_lines: bool,
}

impl Said {
    fn with(&self, answered: &[&str]) -> String {
        match answered {
            [document] => (*document).to_owned(),
            parts if self.is_lines => lines(parts),
            parts => events(parts),
        }
    }
}

const ANTHROPIC: &str = r#"{"model":"claude-x","max_tokens":9,"stream":true,"system":[{"type":"text","text":"Be brief."}],"messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"Hm."},{"type":"tool_use","id":"t","name":"f","input":{"x":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"7"}]}]}]}"#;
const CONVERSE: &str = r#"{"system":[{"text":"Be brief."}],"messages":[{"role":"user","content":[{"text":"Hi"},{"image":{"format":"png","source":{"bytes":"AA=="}}}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"t","name":"f","input":{"x":1}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"json":{"y":2}}]}}]}],"inferenceConfig":{"maxTokens":9}}"#;
const COHERE: &str = r#"{"model":"command-a","stream":true,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]},{"role":"assistant","tool_plan":"Hm.","tool_calls":[{"id":"t","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"t","content":[{"type":"document","document":{"data":{"y":2}}}]}]}"#;
const COHERE_V1: &str = r#"{"model":"command-r","message":"Hi","preamble":"Be brief.","chat_history":[{"role":"USER","message":"A"},{"role":"CHATBOT","tool_calls":[{"name":"f","parameters":{}}]},{"role":"TOOL","tool_results":[{"call":{"name":"f"},"outputs":[{}]}]}]}"#;

const SAID: [Said; 9] = [
    Said {
        path: "/v1/messages",
        asked: ANTHROPIC,
        is_lines: false,
        answered: &[
            r#"{"type":"message_start","message":{"id":"i","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":7,"cache_read_input_tokens":3,"output_tokens":1}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Grüß "}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{}}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Gott"}}"#,
            r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#,
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1}"}}"#,
            r#"{"type":"content_block_stop","index":2}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null,"stop_details":{"explanation":"No."}},"usage":{"output_tokens":5,"output_tokens_details":{"thinking_tokens":2}}}"#,
            r#"{"type":"message_stop"}"#,
        ],
    },
    Said {
        path: "/v1/messages",
        asked: ANTHROPIC,
        is_lines: false,
        answered: &[
            r#"{"id":"i","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"Grüß Gott"},{"type":"tool_use","id":"t","name":"f","input":{"x":1}}],"stop_reason":"tool_use","usage":{"input_tokens":7,"cache_creation_input_tokens":2,"output_tokens":5}}"#,
        ],
    },
    Said {
        path: "/model/m/converse-stream",
        asked: CONVERSE,
        is_lines: true,
        answered: &[
            r#"{"messageStart":{"role":"assistant"}}"#,
            r#"{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm."}}}}"#,
            r#"{"contentBlockDelta":{"contentBlockIndex":1,"delta":{"text":"Grüß Gott"}}}"#,
            r#"{"contentBlockStart":{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}}"#,
            r#"{"contentBlockDelta":{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{}"}}}}"#,
            r#"{"contentBlockStop":{"contentBlockIndex":2}}"#,
            r#"{"messageStop":{"stopReason":"tool_use"}}"#,
            r#"{"metadata":{"usage":{"inputTokens":7,"outputTokens":5,"totalTokens":12,"cacheWriteInputTokens":0},"trace":{"promptRouter":{"invokedModelId":"n"}}}}"#,
            r#"{"exception":{"type":"throttlingException","message":"Too many tokens"}}"#,
        ],
    },
    Said {
        path: "/model/m/converse",
        asked: CONVERSE,
        is_lines: false,
        answered: &[
            r#"{"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"Hm."}}},{"text":"Grüß Gott"},{"toolUse":{"toolUseId":"t","name":"f","input":{"x":1}}}]}},"stopReason":"tool_use","usage":{"inputTokens":7,"outputTokens":5,"totalTokens":12}}"#,
        ],
    },
    Said {
        path: "/model/m/invoke-with-response-stream",
        asked: r#"{"prompt":"Hi","max_gen_len":9}"#,
        is_lines: true,
        answered: &[
            r#"{"chunk":{"generation":"Grüß ","prompt_token_count":7,"generation_token_count":1,"stop_reason":null}}"#,
            r#"{"chunk":{"generation":"Gott","prompt_token_count":null,"generation_token_count":2,"stop_reason":"stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":7,"outputTokenCount":2}}}"#,
        ],
    },
    Said {
        path: "/model/titan-text/invoke",
        asked: r#"{"inputText":"Hi","textGenerationConfig":{"maxTokenCount":9}}"#,
        is_lines: false,
        answered: &[
            r#"{"inputTextTokenCount":7,"results":[{"tokenCount":5,"outputText":"Grüß Gott","completionReason":"FINISH"}]}"#,
        ],
    },
    Said {
        path: "/v2/chat",
        asked: COHERE,
        is_lines: false,
        answered: &[
            r#"{"id":"i","type":"message-start","delta":{"message":{"role":"assistant","content":[]}}}"#,
            r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"Hm."}}}"#,
            r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
            r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Grüß Gott"}}}}"#,
            r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","function":{"name":"f","arguments":""}}}}}"#,
            r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{}"}}}}}"#,
            r#"{"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":7,"output_tokens":5}}}}"#,
        ],
    },
    Said {
        path: "/v2/chat",
        asked: COHERE,
        is_lines: false,
        answered: &[
            r#"{"id":"i","finish_reason":"TOOL_CALL","message":{"role":"assistant","tool_plan":"Hm.","content":[{"type":"text","text":"Grüß Gott"}],"tool_calls":[{"id":"t","function":{"name":"f","arguments":"{}"}}]},"usage":{"tokens":{"input_tokens":7,"output_tokens":5}}}"#,
        ],
    },
    Said {
        path: "/v1/chat",
        asked: COHERE_V1,
        is_lines: true,
        answered: &[
            r#"{"event_type":"stream-start","generation_id":"g"}"#,
            r#"{"event_type":"text-generation","text":"Grüß "}"#,
            r#"{"event_type":"tool-calls-chunk","text":"Gott","tool_call_delta":{"index":0,"name":"f","parameters":"{"}}"#,
            r#"{"event_type":"tool-calls-generation","tool_calls":[{"name":"f","parameters":{"x":1}}]}"#,
            r#"{"event_type":"stream-end","finish_reason":"COMPLETE","response":{"response_id":"r","text":"Grüß Gott","tool_calls":[{"name":"f","parameters":{"x":1}}],"meta":{"billed_units":{"input_tokens":7,"output_tokens":5}}}}"#,
        ],
    },
];

/// All that come of a value when one of its members, or of their members, is something else.
fn otherwise(value: &Value, place: &str) -> Vec<Value> {
    let here = value.pointer(place).expect("a place");
    let mut all = Vec::new();
    for other in
        ["null", "true", "-7", "1e99", "123456789012345678901234567890", "\"\"", "[[]]", "{\"x\":{}}"]
    {
        let mut changed = value.clone();
        *changed.pointer_mut(place).expect("a place") = serde_json::from_str(other).expect("JSON");
        all.push(changed);
    }
    let members = match here {
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    };
    all.extend(members.iter().flat_map(|member| otherwise(value, &format!("{place}/{member}"))));
    all
}

/// What cannot be told of anything.
fn check(reading: &Reading, of: &str) {
    let generation = &reading.generation;
    for text in [&generation.input, &generation.output, &generation.parameters] {
        assert!(text.is_empty() || serde_json::from_str::<Value>(text).is_ok(), "{of}: {text}");
    }
    let count = |kind: &str| generation.usage.iter().find(|told| told.kind == kind).map(|told| told.count);
    assert!(count("total").is_none_or(|total| total >= count("input").unwrap_or(0)), "{of}");
}

#[test]
fn a_member_of_another_type_is_none() {
    for said in &SAID {
        let answered = said.with(said.answered);
        for asked in otherwise(&json(said.asked), "") {
            if let Some(reading) = heard(said.path, &asked.to_string(), Text::whole(answered.as_str())) {
                check(&reading, &asked.to_string());
            }
        }
        for (index, part) in said.answered.iter().enumerate() {
            for other in otherwise(&json(part), "").iter().map(Value::to_string) {
                let mut parts = said.answered.to_vec();
                parts[index] = &other;
                let reading = heard(said.path, said.asked, Text::whole(said.with(&parts)));
                if let Some(reading) = reading {
                    check(&reading, &other);
                    assert!(!reading.generation.input.is_empty(), "{other}");
                }
            }
        }
    }
}

#[test]
fn what_had_come_of_an_answer_that_is_cut_is_there() {
    for said in &SAID {
        let answered = said.with(said.answered);
        let words = |reading: &Reading| {
            let output = json(&reading.generation.output);
            output.pointer("/0/content").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let mut known = String::new();
        for (cut, _) in answered.char_indices() {
            let (head, tail) = answered.split_at(cut);
            let (request, response) = (Text::whole(said.asked), Text::whole(head));
            let call = Call {
                path: said.path,
                status: 200,
                request,
                response,
                ending: Ending::BrokenOff,
                ..Call::default()
            };
            let reading = offpath_enrich::read(&call).unwrap_or_else(|| panic!("{}: {head}", said.path));
            check(&reading, head);
            let words = words(&reading);
            assert!("Grüß Gott".starts_with(&words), "{head}");
            assert!(words.starts_with(&known), "{head}");
            known = words;
            // And with what stands behind a gap.
            if let Some(reading) = heard(said.path, said.asked, Text::ends(head, tail)) {
                check(&reading, head);
                assert!(reading.generation.partial, "{head}");
            }
        }
        assert_eq!(known, "Grüß Gott", "{}", said.path);
    }
}

#[test]
fn what_had_come_of_a_request_that_is_cut_is_there() {
    for said in &SAID {
        let answered = said.with(said.answered);
        for (cut, _) in said.asked.char_indices() {
            let (head, tail) = said.asked.split_at(cut);
            for request in [Text::whole(head), Text::ends(head, tail)] {
                let response = Text::whole(answered.as_str());
                let call = Call { path: said.path, status: 200, request, response, ..Call::default() };
                let reading = offpath_enrich::read(&call).unwrap_or_else(|| panic!("{}: {head}", said.path));
                check(&reading, head);
                assert!(!reading.generation.partial || said.path.ends_with("converse-stream"), "{head}");
            }
        }
    }
}
