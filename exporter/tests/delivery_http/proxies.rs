use std::fs;

use super::{arrives, others_get, says, sinks, sinks_without_an_address, written};
use crate::framework::{Place, authority::Authority, eventually, receiver::Receiver, tunnel::Tunnel};

#[test]
fn a_proxy_that_is_named_is_used() {
    let proxy = Receiver::start();
    let place = Place::with(&sinks_without_an_address(&format!("proxy = \"http://{}\"", proxy.address())));
    let _exporter = place.run();
    let _ring = written(&place, 1..11);
    arrives(&proxy, 1..11);
    assert!(proxy.heads()[0].starts_with("post http://aaaa"), "{:?}", proxy.heads());
}

#[test]
fn a_proxy_of_the_environment_is_used_and_none_where_that_is_said() {
    let proxy = Receiver::start();
    for (more, is_used) in [("", true), ("proxy = \"none\"", false)] {
        let place = Place::with(&sinks_without_an_address(more));
        let mut command = place.command();
        command.arg("run").env("HTTP_PROXY", format!("http://{}", proxy.address()));
        let exporter = place.spawn(command);
        let _ring = written(&place, 1..11);
        if is_used {
            arrives(&proxy, 1..11);
        } else {
            says(&exporter, "retrying", "dns");
        }
    }
}

/// A backend that speaks TLS, and a place whose sink reaches it through a proxy at this address.
fn behind(proxy: &str) -> (Receiver, Place) {
    let authority = Authority::new();
    let receiver = Receiver::start_with(Some(authority.server(None)));
    let more = format!("proxy = \"{proxy}\"\ntls.ca = \"ca.pem\"\n");
    let sinks = sinks(receiver.address(), &more);
    let place = Place::with(&sinks.replace("endpoint = \"http:", "endpoint = \"https:"));
    fs::write(place.path().join("ca.pem"), authority.pem()).expect("written");
    (receiver, place)
}

#[test]
fn what_goes_over_tls_goes_through_a_proxy_unread() {
    let proxy = Tunnel::start();
    let (receiver, place) = behind(&format!("http://{}", proxy.address()));
    let _exporter = place.run();
    let _ring = written(&place, 1..11);
    arrives(&receiver, 1..11);
    let asked = format!("CONNECT {} HTTP/1.1\r\n", receiver.address());
    let heads = proxy.heads();
    assert!(!heads.is_empty() && heads.iter().all(|head| head.starts_with(&asked)), "{heads:?}");
}

#[test]
fn a_proxy_is_told_who_asks() {
    // me:secret-1
    let proxy = Tunnel::for_whom("Basic bWU6c2VjcmV0LTE=");
    let (receiver, place) = behind(&format!("http://me:secret-1@{}", proxy.address()));
    let _exporter = place.run();
    let _ring = written(&place, 1..11);
    arrives(&receiver, 1..11);
}

#[test]
fn a_proxy_that_wants_other_credentials_blocks_the_sink_and_they_are_not_shown() {
    let proxy = Tunnel::for_whom("Basic bWU6c2VjcmV0LTE=");
    let (receiver, place) = behind(&format!("http://me:secret-2@{}", proxy.address()));
    let exporter = place.run();
    let _ring = written(&place, 1..11);
    says(&exporter, "blocked", "auth");
    let told = exporter.get("/readyz").1 + &exporter.log();
    assert!(told.contains("the proxy wants other credentials") && !told.contains("secret-2"), "{told}");
    others_get(&place, 1..11);
    assert_eq!(receiver.requests(), 0);
}

#[test]
fn a_proxy_that_cannot_reach_the_backend_is_asked_again() {
    let proxy = Tunnel::that_refuses(502);
    let (receiver, place) = behind(&format!("http://{}", proxy.address()));
    let exporter = place.run();
    let _ring = written(&place, 1..11);
    says(&exporter, "retrying", "connect");
    let told = exporter.get("/readyz").1;
    assert!(told.contains("the proxy makes no connection to it"), "{told}");
    eventually("it is asked again", || proxy.heads().len() > 2);
    assert_eq!(receiver.requests(), 0);
}
