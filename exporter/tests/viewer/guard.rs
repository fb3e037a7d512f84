use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
};

use super::{STORE, ask};
use crate::framework::{Place, Running, eventually, get};

const TOKEN: &str = "a-token-of-24-characters";
const LOOPBACK: &str = "127.0.0.1:0";

/// The head of the answer to a GET with this header beside Host.
fn head(exporter: &Running, path: &str, header: &str) -> String {
    let mut stream = TcpStream::connect(exporter.address()).expect("connected");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n{header}\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("received");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase()
}

fn status(exporter: &Running, path: &str, header: &str) -> u16 {
    head(exporter, path, header)[9..12].parse().expect("a status")
}

/// Writes the configuration anew, with where to listen.
fn configure(place: &Place, listen: &str, exporter: &str) {
    let data = place.data().display().to_string();
    let text = format!("[exporter]\nlisten = \"{listen}\"\ndata_dir = \"{data}\"\n{exporter}\n{STORE}");
    fs::write(place.config(), text).expect("written");
}

fn with(listen: &str, exporter: &str) -> (Place, Running) {
    let place = Place::with("");
    configure(&place, listen, exporter);
    let running = place.run();
    eventually("there is a store", || place.data().join("offpath.db-wal").exists());
    (place, running)
}

#[test]
fn pages_of_other_sites_get_nothing_whatever_the_host_is_called() {
    let (_place, exporter) = with(LOOPBACK, "");
    for site in ["cross-site", "same-site"] {
        for path in ["/api/v1/events", "/api/v1/status", "/api/tail"] {
            assert_eq!(status(&exporter, path, &format!("Sec-Fetch-Site: {site}")), 403, "{path} {site}");
        }
    }
    assert_eq!(status(&exporter, "/api/v1/status", "Sec-Fetch-Site: same-origin"), 200);
    assert_eq!(get(&exporter.address(), "/api/v1/events", "evil.example").0, 403);
}

#[test]
fn browsers_are_told_that_nothing_but_the_page_s_own_files_may_run_or_be_asked() {
    let (_place, exporter) = with(LOOPBACK, "");
    for path in ["/", "/traces/7", "/api/v1/events", "/nothing"] {
        let head = head(&exporter, path, "Accept: */*");
        for told in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "nosniff",
            "no-referrer",
            "same-origin",
        ] {
            assert!(head.contains(told), "{path} {told}: {head}");
        }
    }
    assert!(head(&exporter, "/api/v1/events", "Accept: */*").contains("cache-control: no-store"));
}

#[test]
fn where_a_token_is_set_nothing_recorded_is_shown_without_it() {
    let (_place, exporter) = with(LOOPBACK, &format!("token = \"{TOKEN}\""));
    for path in ["/api/v1/events", "/api/v1/status", "/api/v1/openapi.json", "/api/tail"] {
        assert_eq!(status(&exporter, path, "Accept: */*"), 401, "{path}");
        assert_eq!(status(&exporter, path, "Authorization: Bearer b-token-of-24-characters"), 401, "{path}");
    }
    assert!(head(&exporter, "/api/v1/events", "Accept: */*").contains("www-authenticate: bearer"));
    assert_eq!(status(&exporter, "/api/v1/events", &format!("Authorization: Bearer {TOKEN}")), 200);
    for path in ["/healthz", "/metrics", "/api/status"] {
        assert_eq!(status(&exporter, path, "Accept: */*"), 200, "{path}");
    }
}

#[test]
fn beyond_loopback_nobody_sees_what_is_recorded_until_there_is_a_token() {
    let (place, exporter) = with("0.0.0.0:0", "");
    let (refused, answer) = ask(&exporter, "events");
    assert_eq!(refused, 403);
    assert!(answer["detail"].as_str().expect("a text").contains("set exporter.token"), "{answer}");
    configure(&place, "0.0.0.0:0", "token = \"0123456789abcdef\"");
    eventually("the token is asked for", || ask(&exporter, "events").0 == 401);
    assert!(!exporter.log().contains("when the exporter is restarted"));
    assert_eq!(status(&exporter, "/api/v1/events", "Authorization: Bearer 0123456789abcdef"), 200);
}

#[test]
fn nothing_is_changed_by_any_method() {
    let (_place, exporter) = with(LOOPBACK, "");
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/", "/api/v1/events", "/api/v1/events/7", "/api/v1/traces/7"] {
            let mut stream = TcpStream::connect(exporter.address()).expect("connected");
            write!(stream, "{method} {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("received");
            assert!(answer[..12].ends_with("405"), "{method} {path}: {answer}");
            let is_problem = answer.contains("content-type: application/problem+json");
            assert_eq!(is_problem, path.starts_with("/api"), "{method} {path}: {answer}");
        }
    }
}

#[test]
fn tail_brings_the_token_or_says_that_it_needs_one() {
    let (place, exporter) = with(LOOPBACK, &format!("token = \"{TOKEN}\""));
    let stranger = Place::with("");
    configure(&stranger, &exporter.address(), "");
    let refused = stranger.command().arg("tail").output().expect("run");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("to nobody without its token"), "{said}");
    let mut ring = place.ring(1 << 20);
    let (_tail, _, _) = crate::http::tail(&place, &mut ring, &["--json"]);
}
