//! Ollama's own API; what it speaks of OpenAI's is read as that.
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md>.
//!
//! Many an app of one's own has a path `/api/chat` or `/api/generate`. Ollama is told from them by its answers, each line of
//! which names the model and says whether it is `done`; where there is none, by what nobody else asks in this way.

pub(crate) mod chat;
pub(crate) mod embed;
pub(crate) mod generate;

use crate::{
    api::failure,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Content, Media, Part, ToolCall, text, text_or_json},
    usage::Usage,
};

/// Whether an answer is one of Ollama's, to a request that has its shape or not.
fn speaks(has_shape: bool, request: &Document<'_>, answer: &Document<'_>) -> bool {
    let answers = answer.value.get("model").text().is_some();
    let tells_end = matches!(answer.value.get("done"), Json::Bool(_));
    let is_cut = !answer.is_whole && answers;
    let is_error =
        matches!(answer.value.members(), [(name, told)] if name == "error" && told.text().is_some());
    let marks = ["options", "keep_alive", "think", "format"].into_iter().map(|key| request.value.get(key));
    let is_marked =
        matches!(request.value.get("stream"), Json::Bool(_)) || marks.into_iter().any(Json::is_there);
    answers && tells_end || has_shape && (is_cut || is_marked && (is_error || answer.is_missing))
}

/// What requests have in common: the model, whether a stream is wanted, which is so unless they say no, and parameters.
fn request<'t>(request: &Document<'t>, told: &[&str], draft: &mut Draft<'t>) {
    draft.request_model = text(&request.get("model"));
    draft.stream = !matches!(request.get("stream"), Json::Bool(false));
    draft.parameters(&request.value, told);
    draft.parameters(&request.get("options"), &[]);
}

/// What the last line says, and a line that tells of an error.
fn end(line: &Json<'_>, draft: &mut Draft<'_>) {
    draft.has_ended |= line.get("done").is_true();
    draft.finish(0, line.get("done_reason").words());
    learn(line.get("prompt_eval_count"), line.get("eval_count"), draft);
    if line.get("error").is_there() {
        draft.fail(Some(failure::told(line, 0)));
    }
}

/// The same of an answer in one piece, which may be the only line of a stream that was left.
fn end_of(answer: &Document<'_>, draft: &mut Draft<'_>) {
    end(&answer.value, draft);
    draft.has_ended = answer.get("done").is_true();
    draft.partial |= !draft.has_ended;
    draft.finish(0, answer.behind("done_reason").unwrap_or(Json::Null).words());
    learn(&answer.get("prompt_eval_count"), &answer.get("eval_count"), draft);
}

fn learn(input: &Json<'_>, output: &Json<'_>, draft: &mut Draft<'_>) {
    draft.usage.learn(&Usage { input: input.count(), output: output.count(), ..Usage::default() });
}

/// Images are base64 without a type.
fn add_images<'t>(images: &Json<'t>, content: &mut Content<'t>) {
    for image in images.items().iter().filter(|image| image.text().is_some()) {
        content.push(Part::Image(Media { data: text(image), ..Media::default() }));
    }
}

/// A tool call, of which only newer versions tell an id.
fn tool_call<'t>(call: &Json<'t>) -> ToolCall<'t> {
    let function = call.get("function");
    ToolCall::new(text(call.get("id")), text(function.get("name")), text_or_json(function.get("arguments")))
}

#[cfg(test)]
mod tests {
    use crate::{Call, Reading, Text};

    fn read(path: &str, request: &str, response: &str) -> Option<Reading> {
        let (request, response) = (Text::whole(request), Text::whole(response));
        crate::read(&Call { path, status: 200, request, response, ..Call::default() })
    }

    const ASKED: &str = r#"{"model":"llama3.2","messages":[{"role":"user","content":"Hello"}]}"#;

    #[test]
    fn apps_of_one_s_own_are_left_alone() {
        for (path, request, response) in [
            // As chats in the browser ask their own servers.
            ("/api/chat", ASKED, "data: {\"type\":\"text-delta\",\"delta\":\"Hi\"}\n\n"),
            ("/api/chat", ASKED, "Hi!"),
            ("/api/chat", ASKED, r#"{"message":"Hi!","model":"gpt-4o"}"#),
            ("/api/chat", ASKED, r#"{"error":"Who are you?"}"#),
            ("/api/chat", ASKED, ""),
            ("/api/chat", r#"{"id":"7","messages":[{"role":"user","parts":[]}],"stream":true}"#, ""),
            ("/api/generate", r#"{"model":"Model S","prompt":"red"}"#, r#"{"image":"aGk="}"#),
            ("/api/generate", r#"{"prompt":"A poem"}"#, r#"{"response":"Roses","done":true}"#),
            ("/api/embed", r#"{"url":"https://x/"}"#, r#"{"html":""}"#),
        ] {
            assert_eq!(read(path, request, response), None, "{path} {request} {response}");
        }
    }

    #[test]
    fn what_was_cut_or_failed_is_still_known() {
        let streamed = ASKED.replace("\"model\"", "\"stream\":true,\"model\"");
        for (request, response) in [
            (ASKED, r#"{"model":"llama3.2","created_at":"20"#),
            (ASKED, "{\"model\":\"llama3.2\",\"message\":{\"content\":\"Hi\"},\"done\":false}\n{\"mod"),
            (
                r#"{"model":"llama3.2","mess"#,
                r#"{"model":"llama3.2","message":{"content":"Hi"},"done":true}"#,
            ),
            (&streamed, ""),
            (&streamed, r#"{"error":"model \"llama3.2\" not found"}"#),
        ] {
            let reading = read("/api/chat", request, response).expect("a reading");
            assert_eq!(reading.generation.request_model, "llama3.2", "{request} {response}");
        }
    }

    #[test]
    fn a_stream_that_ends_after_its_first_line_is_not_all() {
        let line = r#"{"model":"llama3.2","message":{"role":"assistant","content":"Hi"},"done":false}"#;
        let reading = read("/api/chat", ASKED, &format!("{line}\n")).expect("a reading");
        assert!(reading.generation.partial && !reading.has_ended && reading.generation.stream);
        let reading = read("/api/chat", ASKED, &line.replace("false", "true")).expect("a reading");
        assert!(!reading.generation.partial && reading.has_ended);
    }
}
