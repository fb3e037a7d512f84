//! How many megabytes a second a core reads of what models are asked and answer.
//!
//! Prints a small table. `enrich_rate [SECONDS]`, how long each line is measured, 1 unless told.

use std::io::Write as _;

use offpath_enrich::{Call, Text};
use serde_json::{Value, json};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const OPENAI: &str = "/v1/chat/completions";
const ANTHROPIC: &str = "/v1/messages";
const GEMINI: &str = "/v1beta/models/gemini-2.5-flash:streamGenerateContent";
const OLLAMA: &str = "/api/chat";

fn main() -> Result<(), Failed> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(1.0), |seconds| seconds.parse())?;
    let mut out = std::io::stdout();
    writeln!(out, "{:<36} {:>10} {:>10} {:>12}", "", "bytes", "MB/s", "exchanges/s")?;
    let asked = request(200);
    for (name, path, request, response) in [
        ("OpenAI, stream of 50 events", OPENAI, asked.clone(), openai(50)),
        ("OpenAI, stream of 1000 events", OPENAI, asked.clone(), openai(1000)),
        ("Anthropic, stream of 1000 events", ANTHROPIC, asked.clone(), anthropic(1000)),
        ("Gemini, stream of 1000 events", GEMINI, contents(), gemini(1000)),
        ("Ollama, 1000 lines", OLLAMA, asked.clone(), ollama(1000)),
        ("OpenAI, JSON", OPENAI, asked, answer(64 << 10)),
        ("OpenAI, messages", OPENAI, request(64 << 10), answer(200)),
    ] {
        let call = Call {
            host: "model.example",
            path,
            status: 200,
            request: Text::whole(&*request),
            response: Text::whole(&*response),
            ..Call::default()
        };
        let bytes = request.len() + response.len();
        let rate = rate(&call, seconds)?;
        writeln!(out, "{name:<36} {bytes:>10} {:>10.0} {rate:>12.0}", rate * bytes as f64 / 1e6)?;
    }
    Ok(())
}

/// Exchanges in a second of this thread's CPU time.
fn rate(call: &Call<'_>, seconds: f64) -> Result<f64, Failed> {
    let (started, mut count) = (cpu_seconds(), 0);
    while cpu_seconds() < started + seconds {
        for _ in 0..16 {
            let reading = offpath_enrich::read(call).ok_or("it is not read as a model's")?;
            std::hint::black_box(reading);
            count += 1;
        }
    }
    Ok(f64::from(count) / (cpu_seconds() - started))
}

/// What the kernel has counted for this thread.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

const PROSE: &str =
    "It was the best of times, it was the worst of times; in 1859 it was told in \"weekly parts\".\n";

fn word(number: usize) -> String {
    format!(" {}", PROSE.split(' ').nth(number % 20).unwrap_or_default())
}

/// A request to a model, of about so many bytes.
fn request(size: usize) -> String {
    let turn = |number: usize| {
        let role = if number.is_multiple_of(2) { "user" } else { "assistant" };
        json!({"role": role, "content": PROSE.repeat(number % 7 + 1)})
    };
    let messages: Vec<Value> = (0..=size / 420).map(turn).collect();
    json!({"model": "gpt-4o", "temperature": 0.7, "max_tokens": 1024, "stream": true, "messages": messages})
        .to_string()
}

fn contents() -> String {
    json!({"contents": [{"role": "user", "parts": [{"text": PROSE}]}], "generationConfig": {"temperature": 0.7}}).to_string()
}

fn openai(events: usize) -> String {
    let event = |number: usize| {
        let choice =
            json!({"index": 0, "delta": {"content": word(number)}, "logprobs": null, "finish_reason": null});
        let chunk = json!({
            "id": "chatcmpl-A1b2C3d4E5f6", "object": "chat.completion.chunk", "created": 1_763_625_600, "model": "gpt-4o",
            "system_fingerprint": "fp_44709d6fcb", "choices": [choice],
        });
        format!("data: {chunk}\n\n")
    };
    (0..events).map(event).collect::<String>() + "data: [DONE]\n\n"
}

fn anthropic(events: usize) -> String {
    let event = |name: &str, data: Value| format!("event: {name}\ndata: {data}\n\n");
    let message =
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": []});
    let delta = |number: usize| {
        let delta = json!({"type": "text_delta", "text": word(number)});
        event("content_block_delta", json!({"type": "content_block_delta", "index": 0, "delta": delta}))
    };
    let start = event("message_start", json!({"type": "message_start", "message": message}));
    let stop = event("message_stop", json!({"type": "message_stop"}));
    start + &(0..events).map(delta).collect::<String>() + &stop
}

fn gemini(events: usize) -> String {
    let event = |number: usize| {
        let content = json!({"parts": [{"text": word(number)}], "role": "model"});
        let usage =
            json!({"promptTokenCount": 8, "candidatesTokenCount": number, "totalTokenCount": 8 + number});
        let chunk = json!({
            "candidates": [{"content": content, "index": 0}], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash",
            "responseId": "A1b2C3d4E5f6",
        });
        format!("data: {chunk}\r\n\r\n")
    };
    (0..events).map(event).collect()
}

fn ollama(lines: usize) -> String {
    let line = |number: usize| {
        let message = json!({"role": "assistant", "content": word(number)});
        let line = json!({
            "model": "llama3.2", "created_at": "2026-01-02T03:04:05.123456789Z", "message": message, "done": false,
        });
        format!("{line}\n")
    };
    (0..lines).map(line).collect()
}

/// An answer in one piece, of about so many bytes.
fn answer(size: usize) -> String {
    let message = json!({"role": "assistant", "content": PROSE.repeat(size / PROSE.len())});
    json!({
        "id": "chatcmpl-A1b2C3d4E5f6", "object": "chat.completion", "model": "gpt-4o",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 9000, "total_tokens": 9020},
    })
    .to_string()
}
