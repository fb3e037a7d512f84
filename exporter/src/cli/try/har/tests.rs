//! What HAR files hold and lack.

use super::*;
use serde_json::json;

fn one(entry: &serde_json::Value) -> Recorded {
    let har: Har = serde_json::from_value(json!({"log": {"entries": [entry]}})).expect("a HAR");
    har.exchanges().0.pop().expect("an exchange")
}

#[test]
fn a_time_may_have_an_offset() {
    let expected = Some(1_795_161_600_123_000_000);
    for text in
        ["2026-11-20T08:00:00.123Z", "2026-11-20T09:30:00.123+01:30", "2026-11-20T03:00:00.123000-05:00"]
    {
        assert_eq!(unix_ns(text), expected, "{text}");
    }
    for text in ["", "yesterday", "2026-11-20T08:00:00", "2026-11-20T08:00:00é+01:00"] {
        assert_eq!(unix_ns(text), None, "{text}");
    }
}

#[test]
fn an_entry_with_nothing_but_a_url_is_an_exchange() {
    let recorded = one(&json!({"request": {"url": "https://user:pw@api.example?x=1#top"}}));
    assert_eq!(recorded.url(), "https://api.example/?x=1");
    assert_eq!((recorded.status, recorded.duration_ns, recorded.request.size()), (None, 0, 0));
}

#[test]
fn what_is_null_is_missing() {
    let recorded = one(&json!({
        "startedDateTime": null, "time": null, "timings": null, "_webSocketMessages": null,
        "request": {
            "method": null, "url": "http://a/", "httpVersion": null, "postData": null, "bodySize": null,
            "headers": [{"name": "x", "value": null}],
        },
        "response": {"status": null, "headers": null, "content": {"size": null, "text": null}, "_error": null},
    }));
    assert_eq!(recorded.request.headers, [("x".to_owned(), String::new())]);
    assert_eq!(one(&json!({"request": {"url": "http://a/"}, "response": null})).status, None);
}

#[test]
fn pseudo_headers_are_none_and_minus_one_is_no_size() {
    let recorded = one(&json!({
        "time": -1,
        "request": {
            "method": "GET", "url": "https://ip/", "httpVersion": "h2", "bodySize": -1,
            "headers": [{"name": ":authority", "value": "api.example"}, {"name": "accept", "value": "*/*"}],
        },
        "response": {"status": 200, "content": {"size": -1}},
    }));
    assert_eq!((recorded.authority.as_str(), recorded.http_version.as_str()), ("api.example", "2"));
    assert_eq!(recorded.request.headers, [("accept".to_owned(), "*/*".to_owned())]);
    assert_eq!(recorded.response.size(), 0);
}

#[test]
fn a_body_that_was_not_saved_still_has_its_size() {
    let recorded =
        one(&json!({"request": {"url": "http://a/"}, "response": {"status": 200, "content": {"size": 7}}}));
    assert_eq!(recorded.response.parts, [Part::unknown(7)]);
}

#[test]
fn a_form_without_its_text_is_made_of_its_parameters() {
    let form = |kind: &str, param: serde_json::Value| {
        let data = json!({"mimeType": kind, "params": [param]});
        let recorded = one(&json!({"request": {"url": "http://a/", "postData": data}}));
        String::from_utf8(recorded.request.parts[0].head.clone()).expect("text")
    };
    let urlencoded = form("application/x-www-form-urlencoded", json!({"name": "a", "value": "b%20c"}));
    assert_eq!(urlencoded, "a=b%20c");
    let file = json!({"name": "f", "fileName": "x.png", "contentType": "image/png"});
    let expected = "--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\n\r\n--X--\r\n";
    assert_eq!(form("multipart/form-data; boundary=X", file), expected);
}

#[test]
fn a_decoded_body_has_no_encoding() {
    let recorded = one(&json!({
        "request": {"url": "http://a/"},
        "response": {
            "status": 200, "headers": [{"name": "Content-Encoding", "value": "gzip"}],
            "content": {"text": "aGk=", "encoding": "base64"},
        },
    }));
    assert_eq!(
        (recorded.response.parts[0].head.as_slice(), recorded.response.headers.len()),
        (&b"hi"[..], 0)
    );
}

#[test]
fn messages_of_a_websocket_go_each_their_way() {
    let recorded = one(&json!({
        "request": {"url": "wss://a/ws"}, "response": {"status": 101},
        "_webSocketMessages": [
            {"type": "send", "opcode": 1, "data": "ping"}, {"type": "receive", "opcode": 2, "data": "aGk="},
        ],
    }));
    assert!(recorded.is_websocket());
    assert_eq!(recorded.request.parts, [Part::whole(b"ping".to_vec())]);
    assert_eq!(recorded.response.parts, [Part::whole(b"hi".to_vec())]);
}

#[test]
fn what_is_no_http_is_no_exchange() {
    let entries = ["data:text/plain,x", "blob:https://a/1", "chrome-extension://abc/x.js", "about:blank"]
        .map(|url| json!({"request": {"url": url}}));
    let har: Har = serde_json::from_value(json!({"log": {"entries": entries}})).expect("a HAR");
    assert_eq!(har.exchanges().1, 4);
}
