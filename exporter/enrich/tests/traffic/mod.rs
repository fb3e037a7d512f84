//! Real traffic for the tests: the corpus, as far as its bodies are text.

use std::{
    fs,
    path::{Path, PathBuf},
};

use offpath_enrich::{Call, Ending, Format, Reading, Text};
use serde_json::Value;

/// One exchange.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) status: u32,
    pub(crate) request: String,
    pub(crate) response: String,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/llm/corpus")
}

/// All that are read as exchanges with models.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for family in fs::read_dir(corpus()).expect("the corpus") {
        for path in fs::read_dir(family.expect("a family").path()).expect("a folder") {
            let path = path.expect("a case").path();
            let told: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
            let is_read = |case: &Case| case.read(&case.response).is_some();
            cases.extend(case(path.to_string_lossy().into_owned(), &told).filter(is_read));
        }
    }
    cases.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(!cases.is_empty());
    cases
}

/// `None`: a body is no text.
fn case(name: String, told: &Value) -> Option<Case> {
    let (request, response) = (&told["request"], &told["response"]);
    let chunks = response["chunks"].as_array().expect("chunks").iter().map(Value::as_str);
    Some(Case {
        name,
        host: request["host"].as_str().unwrap_or_default().to_owned(),
        path: request["path"].as_str().expect("a path").to_owned(),
        status: u32::try_from(response["status"].as_u64().unwrap_or(0)).expect("a status"),
        request: request["body"].as_str()?.to_owned(),
        response: chunks.collect::<Option<String>>()?,
    })
}

impl Case {
    /// Reads it with another answer, which broke off unless it is the one that came.
    pub(crate) fn read(&self, response: &str) -> Option<Reading> {
        let ending = if *response == self.response { Ending::Whole } else { Ending::BrokenOff };
        self.read_as(Text::whole(&*self.request), Text::whole(response), ending, None)
    }

    pub(crate) fn read_as(
        &self,
        request: Text<'_>,
        response: Text<'_>,
        ending: Ending,
        format: Option<Format>,
    ) -> Option<Reading> {
        let Self { host, path, status, .. } = self;
        let call = Call { host, path, query: "", status: *status, request, response, ending, format };
        offpath_enrich::read(&call)
    }
}

/// All places to cut a text in, or, of a longer one, those near its ends, and some between.
pub(crate) fn places(text: &str, longest: usize) -> impl Iterator<Item = usize> + '_ {
    let step = if text.len() <= longest { 1 } else { text.len() / 40 + 1 };
    let is_taken = move |at: &usize| at.is_multiple_of(step) || *at < 100 || text.len() - at < 100;
    (0..=text.len()).filter(is_taken).filter(|at| text.is_char_boundary(*at))
}

/// What is said in a message.
#[derive(Debug)]
pub(crate) struct Said {
    /// Text, reasoning, refusal.
    pub(crate) texts: [String; 3],
    /// What each tool is called with.
    pub(crate) calls: Vec<String>,
}

/// What is said in each message of an answer.
pub(crate) fn said(reading: &Reading) -> Vec<Said> {
    let output = &reading.generation.output;
    if output.is_empty() {
        return Vec::new();
    }
    let messages: Vec<Value> = serde_json::from_str(output).expect("messages");
    let texts = |message| [content(message), text(message, "reasoning"), text(message, "refusal")];
    messages.iter().map(|message| Said { texts: texts(message), calls: calls(message) }).collect()
}

fn text(message: &Value, key: &str) -> String {
    message[key].as_str().unwrap_or_default().to_owned()
}

fn content(message: &Value) -> String {
    let parts = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    text(message, "content") + &texts
}

fn calls(message: &Value) -> Vec<String> {
    let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    calls.iter().filter_map(|call| call["function"]["arguments"].as_str()).map(str::to_owned).collect()
}
