//! What is known so far of what a model did, while its request and its answer are read.

use std::{borrow::Cow, collections::BTreeMap, ops::RangeBounds};

use offpath_core::event::{Cost, Generation};

use crate::{
    json::{self, Ask as _, Given, Json},
    message::{Message, Part, ToolCall},
    usage::Usage,
};

/// What was read of an exchange.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// What the model did. Times are not known here.
    pub generation: Generation,
    /// What the provider says went wrong.
    pub failure: Option<Failure>,
    /// Whether the answer was there to its end, whatever became of the connection.
    pub has_ended: bool,
    /// Of an answer that came as a stream, how many ends of lines stand before the end of the first event with something
    /// that the model generated.
    pub first_token_line: Option<u64>,
}

/// What a provider says went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is; see `docs/llm.md`.
    pub kind: &'static str,
    /// The provider's own code, or type; empty if it says none.
    pub r#type: String,
    /// The provider's own words.
    pub message: String,
}

/// What is known so far.
#[derive(Debug, Default)]
pub(crate) struct Draft<'t> {
    pub(crate) system: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) request_model: Cow<'t, str>,
    pub(crate) response_model: String,
    pub(crate) response_id: String,
    /// Whether it was asked for, or came, in parts.
    pub(crate) stream: bool,
    /// Whether it was asked for what the model thinks.
    pub(crate) asks_for_thoughts: bool,
    pub(crate) input: Vec<Message<'t>>,
    pub(crate) usage: Usage,
    /// What the provider says that it cost, in US dollars.
    pub(crate) cost_usd: Option<f64>,
    pub(crate) failure: Option<Failure>,
    /// The answer's end marker was there.
    pub(crate) has_ended: bool,
    /// A part of the answer is missing.
    pub(crate) partial: bool,
    /// The answers are the parts of one, in their order.
    pub(crate) is_one: bool,
    parameters: Vec<(Cow<'t, str>, String)>,
    answers: BTreeMap<u64, Answer>,
    has_output: bool,
}

/// One of the answers.
#[derive(Debug, Default)]
struct Answer {
    role: Option<String>,
    content: Option<String>,
    parts: Vec<Part<'static>>,
    reasoning: String,
    refusal: String,
    calls: BTreeMap<u64, Call>,
    finish_reason: Option<String>,
}

/// A tool call while it comes.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// Of a parameter's JSON, in bytes: what is longer is content.
const LONGEST_PARAMETER: usize = 200;

impl<'t> Draft<'t> {
    /// Whose API is asked for what.
    pub(crate) fn new(system: &'static str, operation: &'static str) -> Self {
        Self { system, operation, ..Self::default() }
    }

    /// Takes the members of an object as parameters that are a number, a truth value, a short text, or a short list of them;
    /// but for those that are told elsewhere.
    pub(crate) fn parameters(&mut self, object: &Json<'t>, told: &[&str]) {
        let is_simple = |value: &Json<'_>| value.is_there() && !value.is_object() && value.items().is_empty();
        for (name, value) in object.members() {
            let is_list = !value.items().is_empty() && value.items().iter().all(is_simple);
            if (is_simple(value) || is_list) && !told.contains(&name.as_ref()) {
                let value = json::to_string(&Given(value));
                if value.len() <= LONGEST_PARAMETER {
                    self.parameters.push((name.clone(), value));
                }
            }
        }
    }

    /// Adds to what answer number `index` says.
    pub(crate) fn say(&mut self, index: u64, text: &str) {
        self.has_output |= !text.is_empty();
        self.answer(index).content.get_or_insert_default().push_str(text);
    }

    /// Adds to what it thinks.
    pub(crate) fn think(&mut self, index: u64, text: &str) {
        self.has_output |= !text.is_empty();
        self.answer(index).reasoning.push_str(text);
    }

    /// Whether it has said what it thinks.
    pub(crate) fn has_thought(&mut self, index: u64) -> bool {
        !self.answer(index).reasoning.is_empty()
    }

    /// Adds to why it does not answer.
    pub(crate) fn refuse(&mut self, index: u64, text: &str) {
        self.has_output |= !text.is_empty();
        self.answer(index).refusal.push_str(text);
    }

    /// Adds what is no text; what is shown again is the same.
    pub(crate) fn show(&mut self, index: u64, part: Part<'static>) {
        self.has_output = true;
        let parts = &mut self.answer(index).parts;
        if parts.last() != Some(&part) {
            parts.push(part);
        }
    }

    /// Forgets what these answers say: it is said again, as a whole.
    pub(crate) fn forget(&mut self, indices: impl RangeBounds<u64>) {
        let known: Vec<u64> = self.answers.range(indices).map(|(index, _)| *index).collect();
        for index in known {
            self.answers.remove(&index);
        }
    }

    /// The tool call of this number, to be added to.
    pub(crate) fn call(&mut self, index: u64, number: u64) -> &mut Call {
        self.has_output = true;
        self.answer(index).calls.entry(number).or_default()
    }

    /// The tool call of this number, if it has begun.
    pub(crate) fn begun(&mut self, index: u64, number: u64) -> Option<&mut Call> {
        self.answers.get_mut(&index)?.calls.get_mut(&number)
    }

    /// How many tool calls an answer has so far: the number of the next.
    pub(crate) fn calls(&mut self, index: u64) -> u64 {
        self.answer(index).next_call()
    }

    /// Whose words they are; without that, an assistant's.
    pub(crate) fn role(&mut self, index: u64, role: &str) {
        if !role.is_empty() {
            self.answer(index).role = Some(role.to_owned());
        }
    }

    /// Why the answer ends, in the API's own words; empty: it does not say.
    pub(crate) fn finish(&mut self, index: u64, reason: &str) {
        if !reason.is_empty() {
            self.answer(index).finish_reason = Some(reason.to_owned());
        }
    }

    /// The model that answers, and the answer's id, unless they are known.
    pub(crate) fn identify(&mut self, id: &Json<'_>, model: &Json<'_>) {
        for (known, told) in [(&mut self.response_id, id), (&mut self.response_model, model)] {
            if known.is_empty() {
                told.words().clone_into(known);
            }
        }
    }

    /// The first failure is the one that matters.
    pub(crate) fn fail(&mut self, failure: Option<Failure>) {
        if self.failure.is_none() {
            self.failure = failure;
        }
    }

    /// Whether the model has generated something.
    pub(crate) fn has_output(&self) -> bool {
        self.has_output
    }

    /// Whether all answers that have begun say why they ended.
    pub(crate) fn has_finished(&self) -> bool {
        if self.is_one {
            return self.answers.values().any(|answer| answer.finish_reason.is_some());
        }
        !self.answers.is_empty() && self.answers.values().all(|answer| answer.finish_reason.is_some())
    }

    fn answer(&mut self, index: u64) -> &mut Answer {
        self.answers.entry(index).or_default()
    }

    /// What it comes to.
    pub(crate) fn read(mut self) -> Generation {
        if self.is_one {
            let one = std::mem::take(&mut self.answers).into_values().reduce(Answer::and);
            self.answers = one.map(|answer| (0, answer)).into_iter().collect();
        }
        let finish_reasons =
            self.answers.values().filter_map(|answer| answer.finish_reason.clone()).collect();
        let output: Vec<Message<'_>> = self.answers.into_values().filter_map(Answer::into_message).collect();
        let or_nothing = |messages: &[Message<'_>]| {
            if messages.is_empty() { String::new() } else { json::to_string(&messages) }
        };
        let cost = self.cost_usd.filter(|usd| usd.is_finite() && *usd >= 0.0);
        Generation {
            system: self.system.to_owned(),
            operation: self.operation.to_owned(),
            request_model: self.request_model.into_owned(),
            response_model: self.response_model,
            response_id: self.response_id,
            stream: self.stream,
            parameters: parameters(&self.parameters),
            input: or_nothing(&self.input),
            output: or_nothing(&output),
            usage: self.usage.tokens(),
            cost: cost.map(|usd| Cost { kind: "total".to_owned(), usd }).into_iter().collect(),
            finish_reasons,
            partial: self.partial,
            ..Generation::default()
        }
    }
}

/// An object of values that are JSON.
fn parameters(parameters: &[(Cow<'_, str>, String)]) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    let members = parameters.iter().map(|(name, value)| format!("{}:{value}", json::to_string(name)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

impl Answer {
    fn next_call(&self) -> u64 {
        self.calls.last_key_value().map_or(0, |(number, _)| number.saturating_add(1))
    }

    /// It, and what it goes on with.
    fn and(mut self, next: Self) -> Self {
        if let Some(content) = next.content {
            self.content.get_or_insert_default().push_str(&content);
        }
        if !self.reasoning.is_empty() && !next.reasoning.is_empty() {
            self.reasoning.push_str("\n\n");
        }
        self.reasoning.push_str(&next.reasoning);
        self.refusal.push_str(&next.refusal);
        self.parts.extend(next.parts);
        self.calls.extend((self.next_call()..).zip(next.calls.into_values()));
        self.role = self.role.or(next.role);
        self.finish_reason = next.finish_reason.or(self.finish_reason);
        self
    }

    /// `None`: nothing was said at all.
    fn into_message(self) -> Option<Message<'static>> {
        let says_nothing = self.content.is_none() && self.parts.is_empty() && self.calls.is_empty();
        if says_nothing && self.reasoning.is_empty() && self.refusal.is_empty() {
            return None;
        }
        let role = self.role.unwrap_or_else(|| "assistant".to_owned());
        let mut message =
            Message { reasoning: self.reasoning.into(), refusal: self.refusal.into(), ..Message::new(role) };
        // Nothing said beside something else is nothing.
        let is_beside = !self.calls.is_empty() || !self.parts.is_empty() || !message.refusal.is_empty();
        if let Some(content) = self.content.filter(|content| !content.is_empty() || !is_beside) {
            message.content.say(content);
        }
        self.parts.into_iter().for_each(|part| message.content.push(part));
        let calls = self.calls.into_values();
        message.tool_calls = calls.map(|call| ToolCall::new(call.id, call.name, call.arguments)).collect();
        Some(message)
    }
}
