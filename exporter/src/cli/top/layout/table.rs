//! The table of sinks. On a narrow terminal the columns go that matter least; problems are told in words below.

use anstyle::Style;

use super::{PLAIN, wrapped};
use crate::cli::{
    amount,
    fit::width,
    style::{BAD, FAINT, GOOD, STRONG, WARN},
    top::{
        line::Line,
        rates::Rates,
        status::{Sink, Status, seconds},
    },
};

/// Columns between two.
const GAP: usize = 2;

/// A name may be longer than all else together.
const MAX_NAME: usize = 24;

/// Why events become dead letters, by which they count as dropped as well.
const SET_ASIDE: [&str; 3] = ["refused", "too_large", "rejected"];

/// How much is told of each sink below its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notes {
    /// Problems in up to three lines.
    Whole,
    /// Problems in one line.
    OneLine,
    /// Nothing.
    None,
}

/// A column.
struct Column {
    title: &'static str,
    /// Those with the largest go first.
    matters_least: u8,
    is_text: bool,
    cell: fn(&Sink, &Rates) -> (Style, String),
}

const COLUMNS: [Column; 10] = [
    Column { title: "SINK", matters_least: 0, is_text: true, cell: |sink, _| (STRONG, sink.name.clone()) },
    Column { title: "TYPE", matters_least: 4, is_text: true, cell: |sink, _| (FAINT, sink.r#type.clone()) },
    Column {
        title: "STATE",
        matters_least: 0,
        is_text: true,
        cell: |sink, _| (of_state(sink), sink.state.clone()),
    },
    Column {
        title: "SENT/S",
        matters_least: 0,
        is_text: false,
        cell: |sink, rates| (PLAIN, amount::rate(rates.sent(&sink.name))),
    },
    Column {
        title: "LAG",
        matters_least: 0,
        is_text: false,
        cell: |sink, _| (PLAIN, amount::time(sink.lag_seconds)),
    },
    Column {
        title: "BACKLOG",
        matters_least: 1,
        is_text: false,
        cell: |sink, _| (PLAIN, amount::count(sink.backlog_events)),
    },
    Column {
        title: "ERRORS/S",
        matters_least: 3,
        is_text: false,
        cell: |sink, rates| {
            let rate = rates.errors(&sink.name);
            (if rate > 0.0 { BAD } else { PLAIN }, amount::rate(rate))
        },
    },
    Column {
        title: "DROPPED",
        matters_least: 2,
        is_text: false,
        cell: |sink, _| lost(dropped(sink).map(|(_, count)| count).sum()),
    },
    Column { title: "DEAD", matters_least: 2, is_text: false, cell: |sink, _| lost(sink.dead_letters) },
    Column { title: "IN FLIGHT", matters_least: 5, is_text: false, cell: in_flight },
];

fn of_state(sink: &Sink) -> Style {
    match sink.state.as_str() {
        "ok" => GOOD,
        "starting" => FAINT,
        "retrying" => WARN,
        _ => BAD,
    }
}

fn lost(count: u64) -> (Style, String) {
    (if count > 0 { BAD } else { PLAIN }, amount::count(count))
}

fn in_flight(sink: &Sink, _: &Rates) -> (Style, String) {
    match sink.concurrency {
        0 => (FAINT, "-".to_owned()),
        most => (PLAIN, format!("{}/{most}", sink.in_flight)),
    }
}

/// Its lines.
pub(super) fn of(status: &Status, rates: &Rates, columns: usize, told: Notes) -> Vec<Line> {
    let mut sinks: Vec<&Sink> = status.sinks.iter().collect();
    // Those that somebody has to look after come first.
    sinks.sort_by_key(|sink| !matches!(sink.state.as_str(), "blocked" | "retrying"));
    let cells: Vec<Vec<(Style, String)>> =
        sinks.iter().map(|sink| COLUMNS.iter().map(|column| (column.cell)(sink, rates)).collect()).collect();
    let wide = |index: usize, column: &Column| {
        let widest = cells.iter().map(|row| width(&row[index].1)).max().unwrap_or(0);
        widest.clamp(width(column.title), MAX_NAME)
    };
    let widths: Vec<usize> = COLUMNS.iter().enumerate().map(|(index, column)| wide(index, column)).collect();
    let shown = that_fit(&widths, columns);
    let line = |cell: &dyn Fn(usize) -> (Style, String)| {
        shown.iter().fold(Line::default(), |line, &index| {
            let (style, text) = cell(index);
            let gap = if index == 0 { 0 } else { GAP };
            let line = line.and(PLAIN, &" ".repeat(gap));
            match COLUMNS[index].is_text {
                true => line.left(style, &text, widths[index]),
                false => line.right(style, &text, widths[index]),
            }
        })
    };
    let mut lines = vec![line(&|index| (FAINT, COLUMNS[index].title.to_owned()))];
    for (sink, row) in sinks.iter().zip(&cells) {
        lines.push(line(&|index| row[index].clone()));
        match told {
            Notes::Whole => lines.extend(notes(sink, &status.at, columns, 3)),
            Notes::OneLine => lines.extend(notes(sink, &status.at, columns, 1)),
            Notes::None => {}
        }
    }
    lines
}

/// Which columns there is room for.
fn that_fit(widths: &[usize], columns: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..widths.len()).collect();
    loop {
        let taken: usize = shown.iter().map(|index| widths[*index] + GAP).sum::<usize>() - GAP;
        let least = shown.iter().rposition(|index| {
            COLUMNS[*index].matters_least
                == shown.iter().map(|index| COLUMNS[*index].matters_least).max().unwrap_or(0)
        });
        match least {
            Some(least) if taken > columns && COLUMNS[shown[least]].matters_least > 0 => shown.remove(least),
            _ => return shown,
        };
    }
}

/// What is wrong with a sink, and what it lost, in words.
fn notes(sink: &Sink, at: &str, columns: usize, most: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(problem) = &sink.problem {
        let since = sink.since.as_deref().and_then(|since| seconds(since, at));
        let again = sink.retry_at.as_deref().and_then(|again| seconds(at, again));
        let mut when = since.map_or(String::new(), |since| format!("for {}", amount::time(since)));
        if let Some(again) = again.filter(|again| *again > 0.0) {
            when.push_str(&format!(", again in {}", amount::time(again)));
        }
        let told = wrapped(&format!("{when}: {problem}"), columns.saturating_sub(2), most);
        lines.extend(told.iter().map(|text| Line::of(of_state(sink), &format!("  {text}"))));
    }
    let lost: Vec<String> =
        dropped(sink).map(|(reason, count)| format!("{reason} {}", amount::count(count))).collect();
    if !lost.is_empty() {
        lines.push(Line::of(BAD, &format!("  dropped: {}", lost.join(", "))));
    }
    if sink.dead_letters > 0 {
        let told = format!("  {}", some(sink.dead_letters, "dead letter"));
        lines.push(Line::of(BAD, &told).and(FAINT, ": `offpath dead-letters list` says why"));
    }
    if sink.parcels > 0 {
        lines.push(Line::of(
            FAINT,
            &format!("  {} of events still to be sent again", some(sink.parcels, "parcel")),
        ));
    }
    lines
}

/// What will not come any more, by reason. What is set aside as dead letters may.
fn dropped(sink: &Sink) -> impl Iterator<Item = (&str, u64)> {
    let is_lost = |(reason, count): &(&str, u64)| *count > 0 && !SET_ASIDE.contains(reason);
    sink.dropped.iter().map(|(reason, count)| (reason.as_str(), *count)).filter(is_lost)
}

fn some(count: u64, what: &str) -> String {
    format!("{} {what}{}", amount::count(count), if count == 1 { "" } else { "s" })
}
