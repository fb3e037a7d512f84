//! How a stream ended, by what Envoy knows of it in `on_log`.

use super::{
    Content, Recording, SWITCHING_PROTOCOLS,
    attributes::Attributes,
    head::{version, without_port},
};
use crate::abi::host;
use offpath_core::{End, Finished, Proxy, event::Outcome};

/// What is to blame, where a stream did not go as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blame {
    /// Nobody: the client got a whole answer, from Envoy itself or in spite of the flag.
    Nobody,
    Client,
    Upstream,
    /// Envoy cut it off.
    Envoy,
}

/// Envoy's response flags in the order of their bits: `CoreResponseFlag` in envoy/stream_info/stream_info.h of Envoy 1.40,
/// whose names are those of its access log.
/// <https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/observability/access_log/usage#response-flags>
const FLAGS: [(&str, &str, Blame); 30] = [
    ("LH", "FailedLocalHealthCheck", Blame::Upstream),
    ("UH", "NoHealthyUpstream", Blame::Upstream),
    ("UT", "UpstreamRequestTimeout", Blame::Upstream),
    ("LR", "LocalReset", Blame::Envoy),
    ("UR", "UpstreamRemoteReset", Blame::Upstream),
    ("UF", "UpstreamConnectionFailure", Blame::Upstream),
    ("UC", "UpstreamConnectionTermination", Blame::Upstream),
    ("UO", "UpstreamOverflow", Blame::Upstream),
    ("NR", "NoRouteFound", Blame::Nobody),
    ("DI", "DelayInjected", Blame::Nobody),
    ("FI", "FaultInjected", Blame::Nobody),
    ("RL", "RateLimited", Blame::Nobody),
    ("UAEX", "UnauthorizedExternalService", Blame::Nobody),
    ("RLSE", "RateLimitServiceError", Blame::Nobody),
    ("DC", "DownstreamConnectionTermination", Blame::Client),
    ("URX", "UpstreamRetryLimitExceeded", Blame::Upstream),
    ("SI", "StreamIdleTimeout", Blame::Envoy),
    ("IH", "InvalidEnvoyRequestHeaders", Blame::Nobody),
    ("DPE", "DownstreamProtocolError", Blame::Client),
    ("UMSDR", "UpstreamMaxStreamDurationReached", Blame::Upstream),
    ("RFCF", "ResponseFromCacheFilter", Blame::Nobody),
    ("NFCF", "NoFilterConfigFound", Blame::Nobody),
    ("DT", "DurationTimeout", Blame::Envoy),
    ("UPE", "UpstreamProtocolError", Blame::Upstream),
    ("NC", "NoClusterFound", Blame::Upstream),
    ("OM", "OverloadManagerTerminated", Blame::Envoy),
    ("DF", "DnsResolutionFailed", Blame::Upstream),
    ("DO", "DropOverload", Blame::Upstream),
    ("DR", "DownstreamRemoteReset", Blame::Client),
    ("UDO", "UnconditionalDropOverload", Blame::Upstream),
];

/// Where a response came from that an upstream made.
const VIA_UPSTREAM: &[u8] = b"via_upstream";

/// Where it went, if Envoy followed the redirect that it was: the request that came of it is a stream of its own.
const INTERNAL_REDIRECT: &[u8] = b"internal_redirect";

fn flags(bits: u64) -> impl Iterator<Item = &'static (&'static str, &'static str, Blame)> {
    FLAGS.iter().zip(0_u32..).filter(move |(_, bit)| bits >> bit & 1 == 1).map(|(flag, _)| flag)
}

/// How it ended, and the flag that says so.
fn outcome(bits: u64, details: &[u8], complete: bool) -> (Outcome, Option<&'static str>) {
    // A disconnect behind the last byte, or a retry that was one too many: the client has the upstream's whole answer.
    if complete && details == VIA_UPSTREAM {
        return (Outcome::Completed, None);
    }
    let blamed = |blame| flags(bits).find(|(.., blamed)| *blamed == blame).map(|(_, name, _)| *name);
    if let Some(name) = blamed(Blame::Upstream) {
        (Outcome::UpstreamError, Some(name))
    } else if let (Some(name), false) = (blamed(Blame::Client), complete) {
        (Outcome::ClientDisconnected, Some(name))
    } else if let Some(name) = blamed(Blame::Envoy) {
        (Outcome::Reset, Some(name))
    } else if complete || details == INTERNAL_REDIRECT {
        (Outcome::Completed, None)
    } else {
        // There are ends that Envoy has no flag for: the longest duration of a stream within its response, say.
        (Outcome::Reset, Some("StreamReset"))
    }
}

impl Recording {
    /// Ends the exchange.
    pub(super) fn finish(mut self, known: &Attributes<'_>, longest_event: usize) -> Finished {
        let elapsed_ns = self.elapsed_ns();
        self.exchange.connection(version(known.protocol), without_port(known.client));
        let short_names: Vec<&str> = flags(known.flags).map(|(short, ..)| *short).collect();
        if self.status.is_none() {
            self.describe_status_alone();
        }
        let close_code = self.request.frames.close_code().or(self.response.frames.close_code());
        let (outcome, flag) = if self.was_closed(close_code) {
            (Outcome::Completed, None)
        } else {
            outcome(known.flags, known.details, self.complete)
        };
        let failed = flag.filter(|_| outcome != Outcome::ClientDisconnected);
        let end = End {
            elapsed_ns,
            outcome,
            route: known.route,
            error: failed.map(|name| (name.as_bytes(), known.details)),
            websocket: Some((close_code.unwrap_or(0), &self.subprotocol)),
            // Of a response that is not whole, Envoy derives one from the status of HTTP.
            grpc_status: if self.is_grpc && self.complete { grpc_status() } else { None },
            proxy: Some(Proxy {
                upstream_cluster: known.cluster,
                upstream_host: known.upstream,
                attempts: u32::try_from(known.attempts).unwrap_or(u32::MAX),
                response_flags: &short_names,
                response_code_details: known.details,
            }),
            // Of an ASGI app.
            scope: &[],
        };
        self.exchange.finish(&end, longest_event)
    }

    /// Whether it ended as sessions do, though Envoy knows but of a connection that broke: a websocket with a close
    /// frame, a tunnel by either side (RFC 9110, section 9.3.6).
    fn was_closed(&self, close_code: Option<u16>) -> bool {
        match self.content {
            Content::Body => false,
            Content::WebSocket => close_code.is_some(),
            Content::Opaque => matches!(self.status, Some(SWITCHING_PROTOCOLS | 200..300)),
        }
    }

    /// Envoy knows a status though no head of a response passed this filter.
    fn describe_status_alone(&mut self) {
        let status = host::number("response\0code").and_then(|code| u16::try_from(code).ok());
        if let Some(status) = status.filter(|status| *status != 0) {
            self.exchange.response_head(status, std::iter::empty());
        }
    }
}

fn grpc_status() -> Option<u32> {
    host::number("response\0grpc_status").and_then(|status| u32::try_from(status).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(names: &[&str]) -> u64 {
        FLAGS
            .iter()
            .zip(0..)
            .filter(|((short, ..), _)| names.contains(short))
            .map(|(_, bit)| 1_u64 << bit)
            .sum()
    }

    #[test]
    fn flags_have_the_names_of_the_access_log() {
        assert_eq!(bits(&["UF", "URX"]), 0x8020);
        assert_eq!(flags(0x8020).map(|(short, ..)| *short).collect::<Vec<_>>(), ["UF", "URX"]);
        assert_eq!(flags(u64::MAX).count(), FLAGS.len());
    }

    #[test]
    fn an_outcome_is_who_is_to_blame() {
        for (names, details, complete, expected) in [
            (vec![], "via_upstream", true, Outcome::Completed),
            (vec!["NR"], "route_not_found", true, Outcome::Completed),
            (
                vec!["UF", "URX"],
                "upstream_reset_before_response_started{connection_failure}",
                true,
                Outcome::UpstreamError,
            ),
            (vec!["URX"], "via_upstream", true, Outcome::Completed),
            (
                vec!["UR"],
                "upstream_reset_after_response_started{remote_reset}",
                false,
                Outcome::UpstreamError,
            ),
            (vec!["DC"], "downstream_remote_disconnect", false, Outcome::ClientDisconnected),
            (vec!["DC"], "via_upstream", true, Outcome::Completed),
            (vec!["DR"], "http2.remote_reset", false, Outcome::ClientDisconnected),
            (vec!["SI"], "stream_idle_timeout", false, Outcome::Reset),
            (vec!["UT"], "response_timeout", true, Outcome::UpstreamError),
            (vec![], "max_duration_timeout", false, Outcome::Reset),
            (vec![], "internal_redirect", false, Outcome::Completed),
        ] {
            let found = outcome(bits(&names), details.as_bytes(), complete).0;
            assert_eq!(found, expected, "{names:?} {details}");
        }
    }
}
