//! `[outbound]`: to which hosts calls take a `traceparent` along. To no other, because it tells a stranger which of the
//! calls that it gets belong together.

use super::check::{Table, Value};

const MOST_HOSTS: usize = 1000;
/// Of a name in DNS (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;
const HOST: &str = "must be hosts without scheme, port or path, such as \"api.internal\", or \"*.example.com\" for all \
                    below one";

/// Reads it; `None` if nothing is said.
pub(super) fn read(mut table: Table<'_, '_>) -> Option<Vec<String>> {
    let hosts = table.texts("propagate");
    for host in hosts.iter().flatten().filter(|host| !is_host(host)) {
        table.refuse("propagate", HOST, Some(&Value::from(host.as_str())));
    }
    if hosts.as_ref().is_some_and(|hosts| hosts.len() > MOST_HOSTS) {
        table.refuse("propagate", &format!("must be at most {MOST_HOSTS} hosts"), None);
    }
    table.finish();
    hosts.map(|hosts| hosts.iter().map(|host| host.to_ascii_lowercase()).collect())
}

fn is_host(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let has_length = (1..=LONGEST).contains(&name.len());
    has_length && (is_name(name) || (name.len() == host.len() && is_ipv6(name)))
}

/// Names of hosts, and IPv4 addresses. Those with other letters are written as DNS has them, `xn--…`.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.split('.').all(is_label)
}

/// Without brackets. One colon would be that of a port.
fn is_ipv6(name: &str) -> bool {
    let colons = name.bytes().filter(|byte| *byte == b':').count();
    colons > 1 && name.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_addresses_and_all_below_a_name() {
        for good in [
            "localhost",
            "api.internal",
            "*.example.com",
            "my_service",
            "10.0.0.7",
            "::1",
            "xn--bcher-kva.example",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "*.",
            "a.*.b",
            "**.a",
            "http://a",
            "a/b",
            "a:8080",
            "a..b",
            "a b",
            "bücher.example",
            "*.::1",
            "[::1]",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
