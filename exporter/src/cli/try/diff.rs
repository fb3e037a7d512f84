//! Two texts as one unified diff: what only the first has in red, what only the second has in green.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anstyle::{AnsiColor, Effects, Style};
use similar::{ChangeTag, DiffOp, TextDiff};

use super::text::{grouped, middle_out};
use crate::cli::style::{FAINT, plain};

/// Unchanged lines that are shown around a change.
const CONTEXT: usize = 3;
/// Of more lines than this that go in a row, only the first and last few are shown.
const LONGEST_RUN: usize = 40;
const ENDS_OF_RUN: usize = 5;
/// Bytes of a line; of a longer one, what differs is not searched for.
const LONGEST_LINE: usize = 64 << 10;
/// How long two texts may be compared; what is not found by then is shown as replaced.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long two lines may be.
const PATIENCE_FOR_LINES: Duration = Duration::from_millis(50);

const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const HUNK: Style = AnsiColor::Cyan.on_default();

/// Appends the diff, with lines of at most about `width` columns. Of texts that are equal there is nothing to show.
pub(super) fn write(what: &str, before: &[String], after: &[String], width: usize, out: &mut String) {
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let mut config = TextDiff::configure();
    let diff = config.timeout(PATIENCE).diff_slices(&before, &after);
    let groups = diff.grouped_ops(CONTEXT);
    if groups.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "{FAINT}--- {what} as it came{FAINT:#}\n{FAINT}+++ {what} as it would be stored{FAINT:#}"
    );
    for group in groups {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (old, new) =
            (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
        let _ = writeln!(
            out,
            "{HUNK}@@ -{},{} +{},{} @@{HUNK:#}",
            old.start + 1,
            old.len(),
            new.start + 1,
            new.len()
        );
        for op in &group {
            write_op(&diff, op, width, out);
        }
    }
}

/// A line of the diff: whether it is kept, and its text, parts of which may be what differs.
type Line<'t> = (ChangeTag, Vec<(bool, &'t str)>);

fn write_op(diff: &TextDiff<'_, '_, str>, op: &DiffOp, width: usize, out: &mut String) {
    let lines: Vec<Line<'_>> = if is_long(diff, op) {
        diff.iter_changes(op).map(|change| (change.tag(), vec![(false, change.value())])).collect()
    } else {
        let deadline = Instant::now() + PATIENCE_FOR_LINES;
        let changes = diff.iter_inline_changes_deadline(op, Some(deadline));
        changes.map(|change| (change.tag(), change.values().to_vec())).collect()
    };
    for run in lines.chunk_by(|a: &Line<'_>, b| a.0 == b.0) {
        let hidden = run.len().saturating_sub(2 * ENDS_OF_RUN);
        if run.len() <= LONGEST_RUN || hidden == 0 {
            run.iter().for_each(|line| write_line(line, width, out));
            continue;
        }
        run[..ENDS_OF_RUN].iter().for_each(|line| write_line(line, width, out));
        let _ = writeln!(out, "{FAINT}{}⋯ {} more lines{FAINT:#}", sign(run[0].0), grouped(hidden as u64));
        run[run.len() - ENDS_OF_RUN..].iter().for_each(|line| write_line(line, width, out));
    }
}

/// Whether a line is too long to be looked into.
fn is_long(diff: &TextDiff<'_, '_, str>, op: &DiffOp) -> bool {
    let old = op.old_range().filter_map(|index| diff.old_slice(index));
    let mut lines = old.chain(op.new_range().filter_map(|index| diff.new_slice(index)));
    lines.any(|line| line.len() > LONGEST_LINE)
}

fn write_line((tag, parts): &Line<'_>, width: usize, out: &mut String) {
    let style = match tag {
        ChangeTag::Equal => Style::new(),
        ChangeTag::Delete => GONE,
        ChangeTag::Insert => NEW,
    };
    // Where all of a line differs, there is nothing to point at.
    let points = parts.iter().any(|(differs, _)| *differs) && parts.iter().any(|(differs, _)| !differs);
    let _ = write!(out, "{style}{}", sign(*tag));
    let longest = width.saturating_sub(1) / parts.len().max(1);
    for (differs, part) in parts {
        let part = plain(part.trim_end_matches('\n'));
        let part = middle_out(&part, longest.max(MOST_PARTED)).unwrap_or(part);
        if *differs && points {
            let pointed = style.effects(Effects::BOLD | Effects::UNDERLINE);
            let _ = write!(out, "{style:#}{pointed}{part}{pointed:#}{style}");
        } else {
            out.push_str(&part);
        }
    }
    let _ = writeln!(out, "{style:#}");
}

/// However many parts a line has, so much of each is shown.
const MOST_PARTED: usize = 32;

fn sign(tag: ChangeTag) -> char {
    match tag {
        ChangeTag::Equal => ' ',
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
    }
}
