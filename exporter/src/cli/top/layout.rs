//! The lines: of the exporter as a whole, then a table of its sinks, each with its problem under it.

mod table;

use anstyle::Style;

use self::table::Notes;
use super::{
    line::Line,
    rates::Rates,
    status::{Status, sum},
};
use crate::cli::{
    amount,
    fit::width,
    style::{BAD, FAINT, GOOD, STRONG, WARN, plain},
};

const PLAIN: Style = Style::new();

/// Columns of the names that lines begin with.
const NAME: usize = 9;

/// Columns of the first rate of a line.
const RATE: usize = 8;

/// Part of a ring or of the spool from which on it may soon be full.
const NEARLY_FULL: f64 = 0.8;

/// Columns of a bar.
const BAR: usize = 20;

/// All of it in so many rows. Where these are few, less is told of each sink; what has no room then is counted.
pub(super) fn all(status: &Status, rates: &Rates, address: &str, columns: usize, rows: usize) -> Vec<Line> {
    let of = |notes| lines(status, rates, address, columns, notes);
    let fits = |notes: &Notes| of(*notes).len() <= rows;
    within(of([Notes::Whole, Notes::OneLine].into_iter().find(fits).unwrap_or(Notes::None)), rows)
}

fn lines(status: &Status, rates: &Rates, address: &str, columns: usize, notes: Notes) -> Vec<Line> {
    let mut lines = vec![head(status, address)];
    lines.extend(problems(status));
    lines.push(Line::default());
    lines.push(events(status, rates));
    lines.push(dropped(status, rates));
    lines.push(rings(status, columns));
    lines.push(spool(status, columns));
    lines.push(Line::default());
    lines.extend(table::of(status, rates, columns, notes));
    lines
}

/// When nobody answers.
pub(super) fn nobody(address: &str, problem: &str, columns: usize, rows: usize) -> Vec<Line> {
    let title = Line::of(STRONG, "offpath").and(PLAIN, &format!("  {address}  ")).and(BAD, "not there");
    let mut lines = vec![title, Line::default()];
    lines.extend(wrapped(problem, columns, rows).iter().map(|text| Line::of(PLAIN, text)));
    lines.push(Line::default());
    lines.push(Line::of(FAINT, "trying again; q ends"));
    lines
}

fn within(mut lines: Vec<Line>, rows: usize) -> Vec<Line> {
    if lines.len() > rows {
        let more = lines.len() - rows + 1;
        lines.truncate(rows.saturating_sub(1));
        lines.push(Line::of(FAINT, &format!("… {more} more lines")));
    }
    lines
}

fn head(status: &Status, address: &str) -> Line {
    let line = Line::of(STRONG, "offpath").and(PLAIN, &format!(" {}  {address}  ", status.version));
    let line = line.and(PLAIN, &format!("up {}  ", amount::time(status.uptime_seconds)));
    match status.ready {
        true => line.and(GOOD, "ready"),
        false => line.and(BAD, "not ready"),
    }
}

/// What is wrong beside the sinks, which tell of themselves.
fn problems(status: &Status) -> Vec<Line> {
    let others = status.problems.iter().filter(|problem| !problem.starts_with("sink "));
    let mut lines: Vec<Line> = others.map(|problem| Line::of(BAD, &format!("! {problem}"))).collect();
    if !status.config.ok {
        let told = "! the configuration file has errors, and the one before is in force: see the log, or `offpath check`";
        lines.push(Line::of(WARN, told));
    }
    lines
}

fn events(status: &Status, rates: &Rates) -> Line {
    let by_source = rates.events();
    let line = name("events").left(STRONG, &per_second(by_source.values().sum()), RATE);
    let line = by_source.iter().fold(line, |line, (source, rate)| {
        line.and(FAINT, &format!("  {source} ")).and(PLAIN, &per_second(*rate))
    });
    line.and(FAINT, &format!("  {} in all", amount::count(sum(&status.events))))
}

fn dropped(status: &Status, rates: &Rates) -> Line {
    let rates = rates.dropped();
    let rate = rates.values().sum();
    let line = name("dropped").left(if rate > 0.0 { BAD } else { PLAIN }, &per_second(rate), RATE);
    let line = line.and(FAINT, &format!("  {} in all", amount::count(sum(&status.dropped))));
    let some = status.dropped.iter().filter(|(_, count)| **count > 0);
    some.fold(line, |line, (reason, count)| {
        let is_rising = rates.get(reason.as_str()).is_some_and(|rate| *rate > 0.0);
        let style = if is_rising { BAD } else { WARN };
        line.and(FAINT, &format!("  {reason} ")).and(style, &amount::count(*count))
    })
}

fn per_second(rate: f64) -> String {
    format!("{}/s", amount::rate(rate))
}

fn rings(status: &Status, columns: usize) -> Line {
    let line = name("rings");
    let fullest = status.producers.iter().max_by(|one, other| one.used_ratio.total_cmp(&other.used_ratio));
    let Some(fullest) = fullest else { return line.and(FAINT, "none: no app writes to a ring here") };
    let line = bar(line, fullest.used_ratio, columns);
    let (rings, whose) = match status.producers.len() {
        1 => ("1 ring".to_owned(), "that of process"),
        rings => (format!("{rings} rings"), "the fullest that of process"),
    };
    line.and(PLAIN, &format!("  {rings}")).and(FAINT, &format!(", {whose} {}", fullest.name))
}

fn spool(status: &Status, columns: usize) -> Line {
    let spool = &status.spool;
    let ratio = if spool.max_bytes > 0 { spool.bytes as f64 / spool.max_bytes as f64 } else { 0.0 };
    let line = bar(name("spool"), ratio, columns);
    let line = line.and(PLAIN, &format!("  {}", amount::bytes(spool.bytes)));
    let line = line.and(FAINT, &format!(" of {}", amount::bytes(spool.max_bytes)));
    let line = match spool.oldest_seconds {
        Some(age) if spool.records > 0 => line.and(FAINT, ", oldest ").and(PLAIN, &amount::time(age)),
        _ => line,
    };
    line.and(FAINT, &format!(", {} records", amount::count(spool.records)))
}

fn name(name: &str) -> Line {
    Line::default().left(FAINT, name, NAME)
}

/// How full something is, in eighths of a column; on a narrow terminal the number alone.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of a number from 0 to 160")]
fn bar(line: Line, ratio: f64, columns: usize) -> Line {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let style = if ratio >= NEARLY_FULL { BAD } else { PLAIN };
    let percent = format!("{:.0}%", (ratio * 100.0).clamp(0.0, 999.0));
    if columns < 80 {
        return line.right(style, &percent, 4);
    }
    let eighths = (ratio.clamp(0.0, 1.0) * (BAR * 8) as f64).ceil() as usize;
    let drawn = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    line.and(FAINT, "▕")
        .left(if ratio >= NEARLY_FULL { BAD } else { GOOD }, &drawn, BAR)
        .and(FAINT, "▏")
        .right(style, &percent, 4)
}

/// The words of a text in lines of at most so many columns. What is too long for all lines ends with an ellipsis.
fn wrapped(text: &str, columns: usize, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let text = plain(text);
    for word in text.split_whitespace() {
        let is_last = lines.len() == most;
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if is_last || width(line) + 1 + width(word) <= columns => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
