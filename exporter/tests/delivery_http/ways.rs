use super::{all, arrives, letters, place, says, sinks, written};
use crate::framework::{
    Place,
    events::exchange,
    eventually,
    receiver::{Receiver, Reply},
};

/// A place whose backend cannot be reached but through a proxy.
fn unreachable(more: &str) -> Place {
    let sinks = sinks("127.0.0.1:1".parse().expect("an address"), more);
    Place::with(&sinks.replace("127.0.0.1:1/", "nowhere.invalid/"))
}

#[test]
fn a_proxy_that_is_named_is_used() {
    let proxy = Receiver::start();
    let place = unreachable(&format!("proxy = \"http://{}\"", proxy.address()));
    let _exporter = place.run();
    let _ring = written(&place, 1..11);
    arrives(&proxy, 1..11);
    assert!(proxy.heads()[0].starts_with("post http://nowhere.invalid/v1/traces "));
}

#[test]
fn a_proxy_of_the_environment_is_used_and_none_where_that_is_said() {
    let proxy = Receiver::start();
    for (more, is_used) in [("", true), ("proxy = \"none\"", false)] {
        let place = unreachable(more);
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

#[test]
fn what_is_to_be_sent_again_is_sent_between_what_is_new() {
    let receiver = Receiver::start();
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..11);
    let mut packer = offpath_exporter::resend::Packer::new(&place.data(), "web");
    for id in 11..21 {
        packer.add(&exchange(id).to_bytes()).expect("packed");
    }
    packer.finish().expect("handed over");
    arrives(&receiver, 1..21);
    let parcels = || std::fs::read_dir(place.data().join("resend/web")).expect("a directory").count();
    eventually("the parcel is gone", || parcels() == 0);
    assert!(exporter.stop().success());
    let _exporter = place.run();
    assert_eq!(receiver.taken(), all(1..21));
}

#[test]
fn an_event_that_cannot_be_set_aside_is_held_until_it_can() {
    let receiver = Receiver::start();
    receiver.answers(|ids| if ids.contains(&3) { Reply::status(400) } else { Reply::Taken });
    let place = place(receiver.address(), "");
    let exporter = place.run();
    exporter.address();
    // Nothing can be written below a file.
    let blocker = place.data().join("dead-letters");
    std::fs::write(&blocker, "").expect("written");
    let _ring = written(&place, 1..11);
    says(&exporter, "retrying", "dead_letters");
    std::fs::remove_file(&blocker).expect("removed");
    eventually("it is set aside", || letters(&place) == [3]);
    eventually("the others arrive", || receiver.taken().len() == 9);
}
