//! Which format a scraper gets, by what its `Accept` header prefers (RFC 9110, section 12.5.1).

/// How metrics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Prometheus' own messages, each with its length before it: the only one that has native histograms.
    /// <https://github.com/prometheus/prometheus/blob/main/prompb/io/prometheus/client/metrics.proto>
    Protobuf,
    /// OpenMetrics 1.0.0. <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>
    OpenMetrics,
    /// Prometheus' text format 0.0.4, which everything reads; what those get that ask for nothing in particular.
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/>
    Text,
}

impl Format {
    /// The `Content-Type` of it.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The format that is preferred; of several that are preferred alike, the first.
pub(super) fn format(accept: &str) -> Format {
    let known = accept.split(',').filter_map(range);
    let best = known.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or(Format::Text, |(format, _)| format)
}

/// What a media range asks for, and how much it is wanted. `None` for one that is not known, or not wanted.
fn range(range: &str) -> Option<(Format, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next()?.to_ascii_lowercase();
    let (mut wanted, mut version, mut proto, mut encoding) = (1.0, None, None, None);
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => wanted = value.parse().unwrap_or(0.0),
            "version" => version = Some(value),
            "proto" => proto = Some(value),
            "encoding" => encoding = Some(value),
            _ => {}
        }
    }
    let format = match media_type.as_str() {
        "application/vnd.google.protobuf"
            if proto == Some("io.prometheus.client.MetricFamily") && encoding == Some("delimited") =>
        {
            Format::Protobuf
        }
        "application/openmetrics-text" if version.is_none_or(|version| version == "1.0.0") => {
            Format::OpenMetrics
        }
        "text/plain" if version.is_none_or(|version| version == "0.0.4") => Format::Text,
        "*/*" | "text/*" => Format::Text,
        _ => return None,
    };
    (wanted > 0.0).then_some((format, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prometheus_of_any_age_gets_the_best_that_it_reads() {
        let native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
            application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,\
            text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(format(native), Format::Protobuf);
        let classic = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
            text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(format(classic), Format::OpenMetrics);
        let three = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
            application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
            text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        assert_eq!(format(three), Format::Protobuf);
    }

    #[test]
    fn who_asks_for_nothing_known_gets_text() {
        for accept in
            ["", "*/*", "text/html, */*;q=0.8", "application/json", "text/plain; version=\"0.0.4\"", ";;,q"]
        {
            assert_eq!(format(accept), Format::Text, "{accept}");
        }
        assert_eq!(format("application/openmetrics-text;q=0, text/plain;q=0.1"), Format::Text);
        assert_eq!(format("application/vnd.google.protobuf, text/plain;q=0.1"), Format::Text);
    }
}
