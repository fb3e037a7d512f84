//! When a rule is for an exchange: `[[rule]] match`.
//!
//! What a condition looks at is known at different times. [`Conditions::fit_request`] decides what the request's head
//! tells; status and content type of the response, and the route, come later.

use crate::{
    glob::Glob,
    text::percent_decoded,
    wanted::{Found, Slot},
};
use std::{borrow::Cow, ops::RangeInclusive};

/// All of them must hold. A list that is empty holds for everything; of others one entry must fit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) paths: Vec<Glob>,
    /// In upper case.
    pub(crate) methods: Vec<Vec<u8>>,
    pub(crate) hosts: Vec<Glob>,
    pub(crate) content_types: Vec<Glob>,
    pub(crate) headers: Vec<HeaderCondition>,
    pub(crate) statuses: Vec<RangeInclusive<u16>>,
    pub(crate) response_types: Vec<Glob>,
    pub(crate) routes: Vec<Glob>,
}

/// What must hold of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderCondition {
    pub(crate) slot: Slot,
    pub(crate) test: HeaderTest,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderTest {
    Present,
    Absent,
    Fits(Glob),
}

/// What a request's head tells, made ready once for all rules.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    method: &'a [u8],
    /// Decoded, so that `/he%61lth` is `/health`.
    path: Cow<'a, [u8]>,
    /// In lower case, without the port.
    host: Vec<u8>,
    content_type: Vec<u8>,
    found: Option<&'a Found<'a>>,
}

impl<'a> Request<'a> {
    /// `found` is looked into only by rules that have conditions on headers.
    pub(crate) fn new(
        method: &'a [u8],
        path: &'a [u8],
        authority: &[u8],
        found: Option<&'a Found<'a>>,
    ) -> Self {
        Self {
            method,
            path: percent_decoded(path),
            host: found
                .map(|found| host_name(found.host().unwrap_or(authority)).to_ascii_lowercase())
                .unwrap_or_default(),
            content_type: found.map(|found| media_type(found.content_type())).unwrap_or_default(),
            found,
        }
    }
}

impl Request<'_> {
    pub(crate) fn method(&self) -> &[u8] {
        self.method
    }

    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    pub(crate) fn host(&self) -> &[u8] {
        &self.host
    }

    pub(crate) fn content_type(&self) -> &[u8] {
        &self.content_type
    }

    /// A bit for each slot that has a value.
    pub(crate) fn headers_present(&self) -> u32 {
        self.found.map_or(0, Found::present)
    }
}

/// The media type of a `Content-Type`, without its parameters, in lower case (RFC 9110, section 8.3.1).
pub(crate) fn media_type(value: &[u8]) -> Vec<u8> {
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    value.get(..end).unwrap_or_default().trim_ascii().to_ascii_lowercase()
}

/// The host of an authority, without its port (RFC 3986, section 3.2).
fn host_name(authority: &[u8]) -> &[u8] {
    let port = authority.iter().rposition(|byte| *byte == b':');
    let is_port = |at: &usize| {
        authority.get(at.saturating_add(1)..).is_some_and(|port| port.iter().all(u8::is_ascii_digit))
    };
    port.filter(is_port).and_then(|at| authority.get(..at)).unwrap_or(authority)
}

impl Conditions {
    /// Whether headers are needed to tell.
    pub(crate) fn need_headers(&self) -> bool {
        !(self.hosts.is_empty() && self.content_types.is_empty() && self.headers.is_empty())
    }

    /// Whether the request alone does not tell.
    pub(crate) fn need_response(&self) -> bool {
        !(self.statuses.is_empty() && self.response_types.is_empty())
    }

    /// Whether only the end tells.
    pub(crate) fn need_route(&self) -> bool {
        !self.routes.is_empty()
    }

    pub(crate) fn fit_request(&self, request: &Request<'_>) -> bool {
        (self.methods.is_empty() || self.methods.iter().any(|method| method == request.method))
            && any(&self.paths, &request.path)
            && any(&self.hosts, &request.host)
            && any(&self.content_types, &request.content_type)
            && self.headers.iter().all(|condition| request.found.is_some_and(|found| condition.holds(found)))
    }

    pub(crate) fn fit_response(&self, status: u16, media_type: &[u8]) -> bool {
        (self.statuses.is_empty() || self.statuses.iter().any(|range| range.contains(&status)))
            && any(&self.response_types, media_type)
    }

    pub(crate) fn fit_route(&self, route: &[u8]) -> bool {
        any(&self.routes, route)
    }

    /// Whether every exchange that fits `other` fits these. Where it says no, that may still be so.
    pub(crate) fn cover(&self, other: &Self) -> bool {
        let methods = self.methods.is_empty()
            || (!other.methods.is_empty()
                && other.methods.iter().all(|method| self.methods.contains(method)));
        let statuses = self.statuses.is_empty()
            || (!other.statuses.is_empty()
                && other.statuses.iter().all(|narrow| {
                    self.statuses
                        .iter()
                        .any(|wide| wide.contains(narrow.start()) && wide.contains(narrow.end()))
                }));
        methods
            && statuses
            && self.headers.iter().all(|condition| other.headers.contains(condition))
            && [
                (&self.paths, &other.paths),
                (&self.hosts, &other.hosts),
                (&self.content_types, &other.content_types),
                (&self.response_types, &other.response_types),
                (&self.routes, &other.routes),
            ]
            .iter()
            .all(|(wide, narrow)| cover(wide, narrow))
    }
}

impl HeaderCondition {
    pub(crate) fn holds(&self, found: &Found<'_>) -> bool {
        match (&self.test, found.get(self.slot)) {
            (HeaderTest::Present, value) => value.is_some(),
            (HeaderTest::Absent, value) => value.is_none(),
            (HeaderTest::Fits(glob), Some(value)) => glob.matches(value),
            (HeaderTest::Fits(_), None) => false,
        }
    }
}

fn any(globs: &[Glob], text: &[u8]) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.matches(text))
}

fn cover(wide: &[Glob], narrow: &[Glob]) -> bool {
    wide.is_empty()
        || (!narrow.is_empty() && narrow.iter().all(|narrow| wide.iter().any(|wide| wide.covers(narrow))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_without_parameters() {
        assert_eq!(media_type(b" Application/JSON ; charset=utf-8"), b"application/json");
    }

    #[test]
    fn a_host_is_without_its_port() {
        for (authority, host) in [
            ("api.example:8080", "api.example"),
            ("api.example", "api.example"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(host_name(authority.as_bytes()), host.as_bytes());
        }
    }
}
