//! `offpath try`: what the rules would keep of recorded exchanges.
//!
//! har/chromium.har was recorded by Playwright with Chromium over HTTP/2, har/firefox.har is what Firefox's network monitor
//! gave, har/mitmproxy.har what mitmdump saved of curl's requests: all of the same small app, and shortened.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Output,
};

use offpath_core::event::Kind;
use serde_json::{Value, json};

use crate::framework::{
    Place,
    events::{EVENT, exchange, write},
    eventually,
};

const RULES: &str = r#"
[capture]
headers = { allow = ["content-type", "authorization"] }
redact = { patterns = ["email", "card", "bearer", "provider_key"] }
json = { max_items = 20 }

[[rule]]
match = { path = ["/health", "/logo.png"] }
record = false

[[rule]]
name = "chat"
match = { path = "/v1/**", method = "POST" }
identity = { user = "json:user", tags = "text:llm" }

[[rule]]
name = "rare"
match = { path = ["/report", "/fail"] }
sample = { rate = 0.1, keep = "error" }
"#;

/// What clients and servers of both recordings sent, and nobody may read.
const SECRETS: [&str; 10] = [
    "horse",
    "hunter2",
    "at-0123456789",
    "s3cr3t",
    "tok-12345",
    "zzz",
    "k-987",
    "4111 1111",
    "sk-proj-",
    "ann@example.org",
];

fn har(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/har").join(name)
}

/// A place with these rules.
fn place(rules: &str) -> Place {
    let place = Place::new();
    fs::write(place.path().join("rules.toml"), rules).expect("written");
    place
}

fn run(place: &Place, arguments: &[&str]) -> Output {
    let all = ["try", "--config", "rules.toml"].iter().chain(arguments);
    place.command().args(all).output().expect("run")
}

fn told(place: &Place, arguments: &[&str]) -> String {
    let output = run(place, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn lines(place: &Place, inputs: &[&str]) -> Vec<Value> {
    let told = told(place, &[&["--json"], inputs].concat());
    told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A HAR of one entry.
fn one(place: &Place, entry: &Value) -> String {
    let path = place.path().join("one.har");
    fs::write(&path, json!({"log": {"entries": [entry]}}).to_string()).expect("written");
    "one.har".to_owned()
}

#[test]
fn each_exchange_of_a_recording_says_which_rule_matched_and_whether_it_is_kept() {
    let place = place(RULES);
    for (name, expected) in [
        (
            "chromium.har",
            json!([
                ["/logo.png", null, 0, false, false, null],
                ["/login", null, null, true, true, "always"],
                ["/v1/chat/completions", "chat", 1, true, true, "always"],
                ["/v1/chat/stream", "chat", 1, true, true, "always"],
                ["/report", "rare", 2, true, true, "rate"],
                ["/fail", "rare", 2, true, true, "error"],
                ["/health", null, 0, false, false, null],
                ["/ws", null, null, true, true, "always"],
            ]),
        ),
        (
            "firefox.har",
            json!([
                ["/logo.png", null, 0, false, false, null],
                ["/login", null, null, true, true, "always"],
                ["/v1/chat/completions", "chat", 1, true, true, "always"],
                ["/report", "rare", 2, true, true, "rate"],
                ["/fail", "rare", 2, true, true, "error"],
                ["/upload", null, null, true, true, "always"],
            ]),
        ),
        (
            "mitmproxy.har",
            json!([
                ["/report", "rare", 2, true, true, "rate"],
                ["/v1/chat/completions", "chat", 1, true, true, "always"],
                ["/login", null, null, true, true, "always"],
                ["/upload", null, null, true, true, "always"],
                ["/logo.png", null, 0, false, false, null],
                ["/fail", "rare", 2, true, true, "error"],
                ["/health", null, 0, false, false, null],
            ]),
        ),
    ] {
        let found: Vec<Value> = lines(&place, &[har(name).to_str().expect("text")])
            .iter()
            .map(|line| {
                let url = line["url"].as_str().expect("a URL");
                let path = url.split("shop.example").nth(1).and_then(|rest| rest.split('?').next());
                let rule = if line["rule"] == "rule[0]" { &Value::Null } else { &line["rule"] };
                let sampled = &line["sampled"];
                json!([path, rule, line["rule_index"], line["recorded"], sampled["kept"], sampled["because"]])
            })
            .collect();
        assert_eq!(Value::from(found), expected, "{name}");
    }
}

#[test]
fn what_would_be_stored_holds_no_secret_and_what_is_left_out_is_named() {
    let place = place(RULES);
    for name in ["chromium.har", "firefox.har", "mitmproxy.har"] {
        let path = har(name);
        let recording = fs::read_to_string(&path).expect("read");
        let lines = lines(&place, &[path.to_str().expect("text")]);
        let events: String = lines.iter().map(|line| line["event"].to_string()).collect();
        assert!(SECRETS.iter().filter(|secret| recording.contains(*secret)).count() >= 5);
        for secret in SECRETS {
            assert!(!events.contains(secret), "{secret} of {name} is in\n{events}");
        }
        let chat = lines.iter().find(|line| line["rule"] == "chat").expect("a chat");
        assert!(chat["masked"].as_u64() >= Some(4), "{chat}");
        assert_eq!(chat["event"]["tags"], json!(["llm"]));
        let left_out = chat["headers_left_out"].as_array().expect("a list");
        assert!(left_out.contains(&json!("content-length")) && !left_out.contains(&json!("authorization")));
        let report = lines.iter().find(|line| line["rule"] == "rare").expect("a report");
        assert!(
            report["cut"].as_u64() >= Some(1) || report["bytes_kept"].as_u64() < report["bytes"].as_u64()
        );
        assert_eq!(report["sampled"]["by_chance"], true);
    }
}

#[test]
fn people_see_a_diff_of_what_came_and_what_would_be_stored() {
    let place = place(RULES);
    let told = told(&place, &[har("mitmproxy.har").to_str().expect("text")]);
    for line in [
        "#2 POST http://shop.example/v1/chat/completions?api_key=zzz 200 2.6 ms",
        "    rule    chat (rule[1], rules.toml:11)",
        "    rule    rule[0] (rules.toml:7)",
        "    rule    [capture] alone: no rule matches",
        "    result  not recorded: the rule has record = false",
        "    result  recorded: sample 10%, kept here because of error, whatever its trace-id",
        "-  \"password\": \"hunter2\",",
        "+  \"password\": \"[redacted]\",",
        "-password=hunter2",
        "+password=[redacted]",
        "-vary: Accept-Encoding",
        "+authorization: [redacted]",
        "+    \"… 40 more items\"",
        "⋯ 190 more lines",
    ] {
        let is_there = told.lines().any(|found| found == line || found.trim_start_matches('-') == line);
        assert!(is_there, "{line}\nis not in\n{told}");
    }
    let summary = told.lines().last().expect("a summary");
    assert!(summary.starts_with("7 exchanges: 5 recorded, 2 left out; "), "{summary}");
    let kept: Vec<&str> = told.lines().filter(|line| line.starts_with('+')).collect();
    assert!(!kept.concat().contains("hunter2"));
}

#[test]
fn events_of_a_jsonl_file_of_a_store_and_of_standard_input_can_be_tried() {
    let place = place("[[rule]]\nname = \"all\"\nresponse_body = { head = 3, tail = 0 }\n");
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..4);
    ring.count_loss(offpath_ring::LossReason::Trap, 1);
    eventually("all is delivered", || place.stored().len() == 4 && place.listed().len() == 4);
    drop(exporter);

    let found = lines(&place, &["events.jsonl"]);
    assert_eq!(found.len(), 3);
    assert_eq!((&found[0]["rule"], &found[0]["event"]["source"]), (&json!("all"), &json!("asgi")));
    assert_eq!(found[0]["event"]["response"]["body"]["head"], "aaa");
    assert_eq!(found[0]["event"]["response"]["body"]["size"], 9_000);

    let newest = lines(&place, &["--limit", "2", "data/offpath.db"]);
    let same = |line: &Value| (line["url"].clone(), line["event"]["trace_id"].clone());
    assert_eq!(newest.iter().map(same).collect::<Vec<_>>(), found[1..].iter().map(same).collect::<Vec<_>>());

    let stdin = File::open(place.lines_file()).expect("opened");
    let output =
        place.command().args(["try", "--config", "rules.toml", "-"]).stdin(stdin).output().expect("run");
    let told = String::from_utf8(output.stdout).expect("text");
    assert_eq!(told.matches("these events were stored before").count(), 1);
    assert_eq!(told.matches("1 of another kind are left out").count(), 1);
    assert!(told.lines().last().is_some_and(|line| line.starts_with("3 exchanges: 3 recorded")), "{told}");
}

#[test]
fn a_trace_that_is_known_is_sampled_as_it_would_be() {
    let place = place("[capture]\nsample = 0.5\n");
    let because = |traceparent: &str| {
        let headers = json!([{"name": "traceparent", "value": traceparent}]);
        let entry = json!({"request": {"url": "http://a/", "headers": headers}, "response": {"status": 200}});
        let line = lines(&place, &[&one(&place, &entry)]).pop().expect("a line");
        assert_eq!(line["sampled"]["by_chance"], false);
        (line["sampled"]["kept"].clone(), line["sampled"]["rate"].clone())
    };
    assert_eq!(because("00-000000000000000000ffffffffffffff-0000000000000001-00"), (json!(true), json!(0.5)));
    assert_eq!(
        because("00-00000000000000010000000000000001-0000000000000001-01"),
        (json!(false), json!(0.5))
    );
}

#[test]
fn as_what_a_rule_has_the_bodies_read_is_shown() {
    let place = place("[[rule]]\nmatch = { path = \"/v1/chat/**\" }\nllm = \"openai.chat\"\n");
    let path = har("mitmproxy.har");
    let path = path.to_str().expect("text");
    let told = told(&place, &[path]);
    assert!(told.contains("    llm     openai.chat: the rule says so\n"), "{told}");
    for line in lines(&place, &[path]) {
        assert_eq!(line["llm"], if line["rule_index"] == 0 { "openai.chat" } else { "auto" }, "{line}");
    }
}

#[test]
fn what_a_stranger_sent_does_not_steer_the_terminal() {
    let place = place("[capture]\nheaders = { allow = [\"*\"] }\n");
    let nasty = "\u{1b}[2J\u{9b}31m\u{202e}x\r\u{7}";
    let entry = json!({
        "request": {
            "method": nasty, "url": format!("http://a/{nasty}"),
            "headers": [{"name": "x-a", "value": nasty}], "postData": {"text": nasty},
        },
        "response": {"status": 200, "content": {"text": format!("{{\"a\": \"{nasty}\"}}")}},
    });
    let name = one(&place, &entry);
    let told = told(&place, &["--color", "never", &name]);
    let is_steering = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!told.contains(is_steering), "{told:?}");
    assert!(told.contains("\\u{1b}[2J"), "{told}");
}

#[test]
fn there_are_colours_where_they_are_asked_for() {
    let place = place(RULES);
    let path = har("mitmproxy.har");
    let path = path.to_str().expect("text");
    assert!(!told(&place, &[path]).contains('\u{1b}'));
    assert!(told(&place, &["--color", "always", path]).contains("\u{1b}[31m"));
}

#[test]
fn envoy_s_json_can_be_tried_as_well() {
    let place = place("");
    fs::write(place.path().join("envoy.json"), "{\"rule\": [\n{\"record\": false}\n]}").expect("written");
    let path = har("mitmproxy.har");
    let output = place.command().args(["try", "--config", "envoy.json"]).arg(path).output().expect("run");
    let told = String::from_utf8(output.stdout).expect("text");
    assert!(told.contains("rule[0] (envoy.json:2)") && told.contains("7 left out"), "{told}");
}

#[test]
fn bad_configuration_and_input_that_is_none_exit_64_and_say_what_would_be_right() {
    let place = place("[capture]\n\nrecor = true\n");
    let path = har("mitmproxy.har");
    let output = run(&place, &[path.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(64));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("rules.toml:3: capture.recor: is unknown; did you mean \"record\"?"), "{told}");

    fs::write(place.path().join("rules.toml"), "").expect("written");
    for (text, expected) in [
        (
            "no json",
            "must be a HAR file, lines of JSON as the jsonl sink and `offpath tail --json` write them, or a store: line 1 is no event",
        ),
        ("{\"log\": {\"entries\": [", "is no HAR 1.2: EOF while parsing"),
        ("{\"log\": {\"entries\": [{}]}}", "is no HAR 1.2: missing field `request`"),
        ("SQLite format 3\0", "is no store of offpath's: "),
    ] {
        fs::write(place.path().join("input"), text).expect("written");
        let output = run(&place, &["input"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{told}");
        assert!(told.contains(expected), "{expected}\nis not in\n{told}");
    }
    assert_eq!(run(&place, &["gone.har"]).status.code(), Some(64));
}

#[test]
fn an_event_that_was_cut_when_it_was_stored_is_tried_with_what_is_there() {
    let place = place("");
    let mut event = exchange(1);
    if let Some(Kind::Exchange(exchange)) = &mut event.kind {
        exchange.route = "/v1/{name}".to_owned();
    }
    let exporter = place.run();
    place.ring(1 << 20).write(EVENT, &event.to_bytes()).expect("room");
    eventually("it is delivered", || place.listed().len() == 1);
    drop(exporter);
    let line = lines(&place, &["events.jsonl"]).pop().expect("a line");
    let body = &line["event"]["response"]["body"];
    assert_eq!((&body["size"], &body["kept"]), (&json!(9_000), &json!(256)));
    assert_eq!(line["event"]["route"], "/v1/{name}");
}
