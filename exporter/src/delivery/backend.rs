//! What a sink over HTTP knows, and delivery does not.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use offpath_core::event::Event;
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, LOCATION},
};

use super::retry;

/// The other end of a sink that sends HTTP requests.
pub trait Backend: Send + Sync + fmt::Debug {
    /// The requests that carry these events. Each event is in one of them, or in none if the backend has no place for its
    /// kind. The same events give the same bytes, whenever they are sent again.
    fn requests(&self, events: &[Event]) -> Vec<Request>;

    /// Whether an event that is in no request is one that another sink sends.
    fn is_for_another(&self, event: &Event) -> bool {
        let _ = event;
        false
    }

    /// What an answer means.
    fn judge(&self, answer: &Answer<'_>) -> Verdict {
        Verdict::by_status(answer)
    }

    /// Whether who is asked reads compressed bodies, if the settings want them so.
    fn takes_gzip(&self, request: &Request) -> bool {
        let _ = request;
        true
    }
}

/// A request, to be sent with POST.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where it goes: absolute, `http` or `https`.
    pub url: String,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// Headers beside `Content-Type` and what the sink's settings add.
    pub headers: Vec<(&'static str, String)>,
    /// The body, not compressed.
    pub body: Vec<u8>,
    /// Which of the events are in it, by their place, in ascending order.
    pub events: Vec<usize>,
}

/// What came back for a request.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// The body, as far as it is worth reading.
    pub body: &'a [u8],
    /// What it answers. Its body is gone by now.
    pub request: &'a Request,
}

/// What becomes of the events of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The backend has them.
    Delivered,
    /// It took the request, but not so many of the events, and does not say which. Sending them again is forbidden, or of
    /// no use.
    Partly {
        /// How many it did not take.
        rejected: u64,
        /// What it says.
        why: String,
    },
    /// Later it may take them.
    Retry {
        /// The label that metrics use.
        kind: &'static str,
        /// What it says.
        why: String,
        /// When it asks to be left alone for so long.
        after: Option<Duration>,
    },
    /// Something has to be put right first: the keys, the address. Until then none is taken, and none is lost.
    Blocked {
        /// The label that metrics use.
        kind: &'static str,
        /// What it says, and what to do.
        why: String,
    },
    /// At least one of them is wrong, and holds up the others.
    Refused {
        /// What it says.
        why: String,
    },
    /// The request is too large.
    TooLarge {
        /// What it says.
        why: String,
    },
}

impl Verdict {
    /// What an answer means where its status says it all.
    #[must_use]
    pub fn by_status(answer: &Answer<'_>) -> Self {
        let why = || answer.to_string();
        let retry =
            |kind| Self::Retry { kind, why: why(), after: retry::asked(answer.headers, SystemTime::now()) };
        let blocked = |kind, advice: &str| Self::Blocked { kind, why: format!("{}; {advice}", why()) };
        match answer.status {
            200..=299 => Self::Delivered,
            300..=399 => Self::Blocked { kind: "redirect", why: redirected(answer) },
            401 | 403 | 407 => blocked("auth", "check the keys of this sink, and what they may do"),
            404 | 405 | 410 | 421 | 501 => blocked("address", "check the address of this sink"),
            408 | 425 => retry("timeout"),
            413 => Self::TooLarge { why: why() },
            429 => retry("throttled"),
            505 => blocked("address", "check that the address of this sink is one of HTTP"),
            500..=599 => retry("server"),
            400..=499 => Self::Refused { why: why() },
            _ => Self::Retry { kind: "garbage", why: why(), after: None },
        }
    }

    /// A success whose body `whose` backend never sends. It comes from something else that says 200 to all, as a page to log
    /// in does: then nothing was stored.
    #[must_use]
    pub fn of_another(answer: &Answer<'_>, whose: &str) -> Self {
        const LONGEST: usize = 80;
        let what = match answer.content_type() {
            "" => "something without a type",
            named => named,
        };
        let start: String = String::from_utf8_lossy(answer.body).chars().take(LONGEST).collect();
        let why = format!(
            "answered {} with {what} that is no answer of {whose}, so nothing was stored; check the endpoint, and what \
             stands before it: {start:?}",
            answer.status,
        );
        Self::Blocked { kind: "answer", why }
    }
}

impl<'a> Answer<'a> {
    /// What the body says it is; empty if it does not.
    pub(crate) fn content_type(&self) -> &'a str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = StatusCode::from_u16(self.status).ok();
        let reason = status.and_then(|status| status.canonical_reason()).unwrap_or_default();
        write!(f, "the backend answers {} {reason}", self.status)?;
        let said = String::from_utf8_lossy(self.body);
        let said = said.trim();
        if said.is_empty() { Ok(()) } else { write!(f, ": {said}") }
    }
}

/// Not followed: what is sent, and the keys with it, is meant for the host that was named.
fn redirected(answer: &Answer<'_>) -> String {
    let to = answer.headers.get(LOCATION).map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
    // What follows may hold a token.
    let to = to.as_deref().and_then(|to| to.split(['?', '#']).next());
    format!(
        "the backend answers {} with a redirect to {}, which is not followed; if that is right, make it the address of \
         this sink",
        answer.status,
        to.unwrap_or("nowhere"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, headers: &[(&'static str, &str)], body: &str) -> Verdict {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
        let request = Request {
            url: "https://host/".to_owned(),
            content_type: "text/plain",
            headers: Vec::new(),
            body: Vec::new(),
            events: vec![0],
        };
        Verdict::by_status(&Answer {
            status,
            headers: &headers.collect(),
            body: body.as_bytes(),
            request: &request,
        })
    }

    fn kind(status: u16) -> &'static str {
        match judge(status, &[], "") {
            Verdict::Delivered => "delivered",
            Verdict::Retry { kind, .. } | Verdict::Blocked { kind, .. } => kind,
            Verdict::Refused { .. } => "refused",
            Verdict::TooLarge { .. } => "too_large",
            Verdict::Partly { .. } => "partly",
        }
    }

    #[test]
    fn each_status_has_its_meaning() {
        for (expected, statuses) in [
            ("delivered", &[200, 202, 204][..]),
            ("redirect", &[301, 302, 307, 308]),
            ("refused", &[400, 422, 409, 415, 431, 451]),
            ("auth", &[401, 403, 407]),
            ("address", &[404, 405, 410, 421, 501, 505]),
            ("timeout", &[408, 425]),
            ("too_large", &[413]),
            ("throttled", &[429]),
            ("server", &[500, 502, 503, 504, 507, 520, 599]),
            ("garbage", &[999]),
        ] {
            for status in statuses {
                assert_eq!(kind(*status), expected, "{status}");
            }
        }
    }

    #[test]
    fn a_backend_that_says_when_is_left_alone_until_then() {
        let Verdict::Retry { after, .. } = judge(503, &[("retry-after", "7")], "") else {
            panic!("no retry")
        };
        assert_eq!(after, Some(std::time::Duration::from_secs(7)));
    }

    #[test]
    fn a_redirect_is_told_without_what_may_be_a_token() {
        let Verdict::Blocked { why, .. } = judge(302, &[("location", "https://login/?token=sk-1")], "")
        else {
            panic!("not blocked")
        };
        assert!(why.contains("https://login/,") && !why.contains("sk-1"), "{why}");
    }

    #[test]
    fn what_the_backend_says_is_passed_on() {
        let refused = Verdict::Refused { why: "the backend answers 400 Bad Request: no span id".to_owned() };
        assert_eq!(judge(400, &[], " no span id\n"), refused);
    }
}
