//! By which names the exporter may be asked for.

use std::net::{IpAddr, SocketAddr};

use crate::config::Live;

#[derive(Debug)]
pub(super) struct Hosts {
    listening: IpAddr,
    settings: Live,
}

impl Hosts {
    /// Those of the address, and of `exporter.hosts` as it is at the time.
    pub(super) fn new(address: SocketAddr, settings: Live) -> Self {
        Self { listening: address.ip(), settings }
    }

    /// Whether a `Host` header is one of ours: a loopback name, the address that is listened on, or, when
    /// that is all of the machine's, any address, for an address is no name that an attacker could point
    /// here.
    pub(super) fn allow(&self, header: &str) -> bool {
        let name = without_port(header);
        if name.eq_ignore_ascii_case("localhost")
            || self.settings.get().hosts.iter().any(|ours| ours.eq_ignore_ascii_case(name))
        {
            return true;
        }
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        address.is_ok_and(|address| {
            address.is_loopback() || address == self.listening || self.listening.is_unspecified()
        })
    }
}

fn without_port(header: &str) -> &str {
    match header.rsplit_once(':') {
        // In `[::1]` the last colon is part of the address.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => header,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn allows(listening: &str, header: &str) -> bool {
        let address = format!("{listening}:8790").parse().expect("an address");
        let json = serde_json::json!({"exporter": {"hosts": ["offpath.internal"]}});
        let settings = Settings::from_json(&json, &|_| None).expect("valid");
        Hosts::new(address, Live::new(settings)).allow(header)
    }

    #[test]
    fn loopback_the_listening_address_and_configured_names_are_allowed() {
        for header in [
            "localhost",
            "LOCALHOST:8790",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:8790",
            "10.0.0.7",
            "offpath.internal:80",
        ] {
            assert!(allows("10.0.0.7", header), "{header}");
        }
    }

    #[test]
    fn other_names_and_addresses_are_refused() {
        for header in
            ["evil.example", "127.0.0.1.evil.example", "10.0.0.8", "", ":8790", "localhost.evil.example:8790"]
        {
            assert!(!allows("10.0.0.7", header), "{header}");
        }
    }

    #[test]
    fn who_listens_on_all_addresses_is_reached_by_any_address_but_no_name() {
        assert!(allows("0.0.0.0", "10.0.0.8:8790"));
        assert!(!allows("0.0.0.0", "evil.example:8790"));
    }
}
