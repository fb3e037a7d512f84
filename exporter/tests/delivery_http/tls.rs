use std::{fs, time::Duration};

use super::{arrives, says, written};
use crate::framework::{Place, authority::Authority, receiver::Receiver};

/// A place whose sink sends over TLS, and trusts the authority as well if that is named.
fn place(receiver: &Receiver, trusted: Option<&Authority>) -> Place {
    let place = Place::with("");
    let ca = place.path().join("ca.pem");
    let tls = trusted.map_or(String::new(), |authority| {
        fs::write(&ca, authority.pem()).expect("written");
        format!("tls.ca = \"{}\"\n", ca.display())
    });
    let address = receiver.address();
    let sinks = format!(
        "[sinks.web]\ntype = \"otlp\"\nendpoint = \"https://{address}/v1/traces\"\n{tls}\
         [sinks.lines]\ntype = \"jsonl\"\npath = \"${{LINES}}\"\n"
    );
    place.configure("", &sinks);
    place
}

#[test]
fn a_backend_of_an_authority_of_one_s_own_is_trusted_when_that_is_named() {
    let authority = Authority::new();
    let receiver = Receiver::start_with(Some(authority.server(None)));
    let place = place(&receiver, Some(&authority));
    let _exporter = place.run();
    let _ring = written(&place, 1..11);
    arrives(&receiver, 1..11);
}

#[test]
fn a_backend_of_an_unknown_authority_gets_nothing_and_what_to_do_is_told() {
    let receiver = Receiver::start_with(Some(Authority::new().server(None)));
    let place = place(&receiver, None);
    let exporter = place.run();
    let _ring = written(&place, 1..2);
    says(&exporter, "retrying", "tls");
    assert!(exporter.log().contains("tls.ca"));
    assert_eq!(receiver.requests(), 0);
}

#[test]
fn a_backend_whose_certificate_has_expired_gets_nothing() {
    let authority = Authority::new();
    let receiver = Receiver::start_with(Some(authority.server(Some(Duration::from_hours(24)))));
    let place = place(&receiver, Some(&authority));
    let exporter = place.run();
    let _ring = written(&place, 1..2);
    says(&exporter, "retrying", "tls");
    assert!(exporter.get("/readyz").1.contains("has expired"));
    assert_eq!(receiver.requests(), 0);
}

#[test]
fn a_backend_that_wants_to_know_who_we_are_is_told() {
    let authority = Authority::new();
    let receiver = Receiver::start_with(Some(authority.server_for_clients()));
    let place = place(&receiver, Some(&authority));
    let (certificate, key) = authority.client();
    let path = |name: &str| place.path().join(name).display().to_string();
    fs::write(path("cert.pem"), certificate).expect("written");
    fs::write(path("key.pem"), key).expect("written");
    let text = fs::read_to_string(place.config()).expect("read");
    let named = format!(
        "tls.client_cert = \"{}\"\ntls.client_key = \"{}\"\ntls.ca",
        path("cert.pem"),
        path("key.pem")
    );
    fs::write(place.config(), text.replace("tls.ca", &named)).expect("written");
    let _exporter = place.run();
    let _ring = written(&place, 1..11);
    arrives(&receiver, 1..11);
}

#[test]
fn a_backend_that_wants_to_know_who_we_are_and_is_not_told_is_waited_for() {
    let authority = Authority::new();
    let receiver = Receiver::start_with(Some(authority.server_for_clients()));
    let place = place(&receiver, Some(&authority));
    let exporter = place.run();
    let _ring = written(&place, 1..2);
    says(&exporter, "retrying", "tls");
    assert!(exporter.get("/readyz").1.contains("tls.client_cert"));
}

#[test]
fn a_file_that_is_no_certificate_is_named() {
    let receiver = Receiver::start();
    let authority = Authority::new();
    let place = place(&receiver, Some(&authority));
    fs::write(place.path().join("ca.pem"), "x").expect("written");
    let exporter = place.run();
    let _ring = written(&place, 1..2);
    says(&exporter, "blocked", "tls");
    assert!(exporter.get("/readyz").1.contains("tls.ca: "));
}
