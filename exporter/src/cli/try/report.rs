//! What people see of a tried exchange: what it was, what became of it and why, and what that changes.

use std::{fmt::Write as _, time::Duration};

use anstyle::{AnsiColor, Style};
use offpath_core::event::Event;

use super::{
    diff,
    outcome::{Counts, headers_left_out},
    recorded::Recorded,
    replay::{Sampling, Verdict, exchange},
    text::{self, grouped},
};
use crate::{
    cli::style::{BAD, FAINT, GOOD, STRONG, WARN, plain},
    config::Rules,
};

const METHOD: Style = AnsiColor::Blue.on_default().bold();

/// What is the same for all exchanges.
#[derive(Debug)]
pub(super) struct Report<'r> {
    pub(super) rules: &'r Rules,
    /// How the configuration is called.
    pub(super) file: String,
    /// Columns of the terminal.
    pub(super) width: usize,
}

impl Report<'_> {
    /// Appends an exchange.
    pub(super) fn exchange(&self, number: u64, recorded: &Recorded, verdict: &Verdict, out: &mut String) {
        title(number, recorded, out);
        let _ = writeln!(out, "    {FAINT}rule{FAINT:#}    {}", self.rule(verdict.rule));
        let _ = writeln!(out, "    {FAINT}result{FAINT:#}  {}", fate(verdict));
        let Some(event) = &verdict.event else {
            out.push('\n');
            return;
        };
        let Some(kept) = exchange(event) else { return };
        let _ = writeln!(out, "    {FAINT}kept{FAINT:#}    {}", changes(recorded, verdict));
        if !verdict.llm.is_empty() {
            let _ = writeln!(out, "    {FAINT}llm{FAINT:#}     {}: the rule says so", verdict.llm);
        }
        let whose = identity(event);
        if !whose.is_empty() {
            let _ = writeln!(out, "    {FAINT}whose{FAINT:#}   {whose}");
        }
        let (before, after) = (text::before(recorded), text::after(kept));
        diff::write("request", &before.request, &after.request, self.width, out);
        diff::write("response", &before.response, &after.response, self.width, out);
        out.push('\n');
    }

    /// The rule's name and place, and the line on which it begins.
    fn rule(&self, rule: Option<usize>) -> String {
        let Some(index) = rule else { return format!("{STRONG}[capture]{STRONG:#} alone: no rule matches") };
        let place = format!("rule[{index}]");
        let line = self.rules.line(&place).map(|line| format!(", {}:{line}", self.file)).unwrap_or_default();
        match self.rules.config.rule_names().nth(index).filter(|name| *name != place) {
            Some(name) => format!("{STRONG}{}{STRONG:#} {FAINT}({place}{line}){FAINT:#}", plain(name)),
            None => format!("{STRONG}{place}{STRONG:#} {FAINT}({}){FAINT:#}", line.trim_start_matches(", ")),
        }
    }

    /// Appends the sums.
    pub(super) fn summary(&self, sums: &Sums, out: &mut String) {
        let Sums { exchanges, kept, counts } = sums;
        let _ = writeln!(
            out,
            "{STRONG}{}{STRONG:#}: {GOOD}{kept} recorded{GOOD:#}, {} left out; {WARN}{} masked{WARN:#}; \
             {} of {} bytes of bodies kept {FAINT}(rules {} of {}){FAINT:#}",
            count(*exchanges, "exchange"),
            exchanges - kept,
            count(counts.masked, "value"),
            grouped(counts.kept),
            grouped(counts.came),
            self.rules.config.version(),
            self.file,
        );
    }
}

/// Of all exchanges.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) exchanges: u64,
    pub(super) kept: u64,
    pub(super) counts: Counts,
}

fn title(number: u64, recorded: &Recorded, out: &mut String) {
    let status = match recorded.status {
        Some(status @ ..400) => format!("{GOOD}{status}{GOOD:#}"),
        Some(status @ 400..500) => format!("{WARN}{status}{WARN:#}"),
        Some(status) => format!("{BAD}{status}{BAD:#}"),
        None => format!("{BAD}no response{BAD:#}"),
    };
    let _ = writeln!(
        out,
        "{STRONG}#{number}{STRONG:#} {METHOD}{}{METHOD:#} {STRONG}{}{STRONG:#} {status} {FAINT}{}{FAINT:#}",
        plain(&recorded.method),
        plain(&recorded.url()),
        duration(recorded.duration_ns),
    );
}

/// Whether it is kept, and why.
fn fate(verdict: &Verdict) -> String {
    if !verdict.recorded {
        return format!("{BAD}not recorded{BAD:#}: the rule has record = false");
    }
    let Sampling { rate, by_caller, trace_known, whatever, because } = &verdict.sampling;
    let sample = format!("sample {}%", percent(*rate));
    match (whatever.as_deref(), because.as_deref()) {
        (Some("always"), _) => format!("{GOOD}recorded{GOOD:#}"),
        (Some("parent"), _) => format!("{GOOD}recorded{GOOD:#}: its caller's trace is sampled"),
        (Some(keep), _) => {
            format!("{GOOD}recorded{GOOD:#}: {sample}, kept here because of {keep}, whatever its trace-id")
        }
        (None, Some("rate")) if !trace_known => {
            format!(
                "{WARN}recorded or not{WARN:#}: {sample}, by the trace-id that it gets; below, as if it is kept"
            )
        }
        (None, None) if *rate >= 1.0 && !by_caller => {
            format!("{BAD}not recorded{BAD:#}: it is longer than an event may be")
        }
        (None, None) if *by_caller => format!("{BAD}not recorded{BAD:#}: its caller's trace is not sampled"),
        (None, Some(_)) => format!("{GOOD}recorded{GOOD:#}: {sample}, kept by its trace-id"),
        (None, None) if *trace_known => {
            format!("{BAD}not recorded{BAD:#}: {sample}, left out by its trace-id")
        }
        (None, None) => format!("{BAD}not recorded{BAD:#}: {sample}"),
    }
}

/// In numbers.
fn changes(recorded: &Recorded, verdict: &Verdict) -> String {
    let Counts { came, kept, masked, cut } = Counts::of(recorded, verdict);
    let mut told = match came {
        0 => "no bodies".to_owned(),
        _ if came == kept => format!("{} bytes of bodies", grouped(came)),
        _ => format!("{} of {} bytes of bodies", grouped(kept), grouped(came)),
    };
    if masked > 0 {
        let _ = write!(told, ", {WARN}{} masked{WARN:#}", count(masked, "value"));
    }
    if cut > 0 {
        let _ = write!(told, ", {WARN}{} cut{WARN:#}", grouped(cut));
    }
    let headers = headers_left_out(recorded, verdict).len() as u64;
    if headers > 0 {
        let _ = write!(told, ", {} left out", count(headers, "header"));
    }
    told
}

fn identity(event: &Event) -> String {
    let mut told = Vec::new();
    for (name, value) in [("user", &event.user_id), ("session", &event.session_id)] {
        if !value.is_empty() {
            told.push(format!("{name} {}", plain(value)));
        }
    }
    if !event.tags.is_empty() {
        told.push(format!("tags {}", plain(&event.tags.join(", "))));
    }
    told.join(", ")
}

fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Without more digits than it needs: `10`, `0.5`.
fn percent(rate: f64) -> String {
    let text = format!("{:.4}", rate * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn duration(nanos: u64) -> String {
    match Duration::from_nanos(nanos).as_secs_f64() {
        0.0 => String::new(),
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}
