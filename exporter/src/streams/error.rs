//! What Redis, or the way to it, has against a command: whether it passes by itself, and what to do if not.

use redis::{ErrorKind, RedisError};

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    /// The label that metrics use.
    pub kind: &'static str,
    /// Whether somebody has to put something right.
    pub is_blocked: bool,
    text: String,
}

/// What errors of the server begin with, the metric's label, and what to do; with nothing to do, it passes by itself.
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>
const CODES: [(&str, &str, &str); 20] = [
    ("OOM", "redis_memory", ""),
    ("LOADING", "redis_loading", ""),
    ("READONLY", "redis_replica", ""),
    ("MASTERDOWN", "redis_replica", ""),
    ("NOREPLICAS", "redis_replica", ""),
    ("MISCONF", "redis_disk", ""),
    ("BUSY", "redis_busy", ""),
    ("TRYAGAIN", "redis_busy", ""),
    ("CLUSTERDOWN", "redis_busy", ""),
    ("NOSCRIPT", "redis_restarted", ""),
    ("NOGROUP", "redis_restarted", ""),
    ("NOAUTH", "auth", "give a name and a password, in url or as username and password"),
    ("WRONGPASS", "auth", "put the name and the password right"),
    (
        "NOPERM",
        "auth",
        "let this user run EVALSHA, SCRIPT LOAD, the commands of streams and of hashes, MEMORY USAGE and TIME",
    ),
    ("WRONGTYPE", "wrong_type", "a key of that name holds something else; name another stream"),
    ("MOVED", "cluster", "another server of the cluster has this stream; name that one in url"),
    ("ASK", "cluster", "another server of the cluster has this stream; name that one in url"),
    ("CROSSSLOT", "cluster", "name a stream without braces"),
    ("Unknown Redis command", "version", "a Redis of 6.2 or later is needed"),
    ("unknown command", "version", "a Redis of 6.2 or later is needed"),
];

impl Error {
    /// One that passes by itself.
    #[must_use]
    pub fn passing(kind: &'static str, text: String) -> Self {
        Self { kind, is_blocked: false, text }
    }

    /// One that somebody has to put right.
    #[must_use]
    pub fn blocking(kind: &'static str, text: String) -> Self {
        Self { kind, is_blocked: true, text }
    }

    fn of_server(text: String) -> Self {
        // Before Redis 7, what fails in a script has its code behind other words.
        let found = CODES.iter().find(|(code, _, _)| {
            text.split_once(code).is_some_and(|(before, after)| {
                let is_apart = |byte: Option<u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
                is_apart(before.bytes().next_back()) && is_apart(after.bytes().next())
            })
        });
        match found {
            Some((_, kind, "")) => Self::passing(kind, text),
            Some((_, kind, advice)) => Self::blocking(kind, format!("{text}; {advice}")),
            None => Self::passing("redis", text),
        }
    }
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        let text = error.to_string();
        match error.kind() {
            ErrorKind::AuthenticationFailed => {
                Self::blocking("auth", format!("{text}; put the name and the password right"))
            }
            ErrorKind::InvalidClientConfig => Self::blocking("config", text),
            ErrorKind::Io if error.is_timeout() => Self::passing("timeout", text),
            // What the certificate says does not change by asking again.
            ErrorKind::Io if text.contains("certificate") => Self::blocking("tls", text),
            ErrorKind::Io => Self::passing("connect", text),
            ErrorKind::Server(_) | ErrorKind::Extension => {
                let code = error.code().unwrap_or_default();
                Self::of_server(format!("{code} {}", error.detail().unwrap_or_default()).trim().to_owned())
            }
            _ => Self::passing("redis", text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_has_to_put_right_is_told_from_what_passes() {
        for (text, kind, is_blocked) in [
            ("OOM command not allowed when used memory > 'maxmemory'.", "redis_memory", false),
            (
                "ERR Error running script (call to f_1): @user_script:3: OOM command not allowed",
                "redis_memory",
                false,
            ),
            ("LOADING Redis is loading the dataset in memory", "redis_loading", false),
            ("NOAUTH Authentication required.", "auth", true),
            ("NOPERM this user has no permissions to run the 'evalsha' command", "auth", true),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", "wrong_type", true),
            ("MOVED 3999 127.0.0.1:6381", "cluster", true),
            ("ERR max number of clients reached", "redis", false),
            ("BUSYGROUP Consumer Group name already exists", "redis", false),
        ] {
            let error = Error::of_server(text.to_owned());
            assert_eq!((error.kind, error.is_blocked), (kind, is_blocked), "{text}");
        }
    }
}
