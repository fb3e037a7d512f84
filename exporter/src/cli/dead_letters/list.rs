//! `offpath dead-letters list`: one line each.

use std::{collections::BTreeMap, process::ExitCode};

use offpath_core::event::{Event, Kind};

use super::{Kept, system};
use crate::{
    cli::{
        Failure,
        fit::{self, clip, pad},
        print, print_styled,
        style::{STRONG, plain},
    },
    dead_letters::{Address, DeadLetters, Opened},
    event_json,
};

/// Columns of what the event is.
const WHAT: usize = 36;

/// Columns of a reason: those of the longest.
const REASON: usize = 9;

/// As many of an ID's last digits as tell letters apart; its first ones only say when.
const LEAST_DIGITS: usize = 8;

pub(super) fn list(kept: &Kept, json: bool) -> Result<ExitCode, Failure> {
    let letters = kept.list()?;
    if json {
        return lines(&kept.letters, &letters);
    }
    if letters.is_empty() {
        return print("no dead letters\n");
    }
    let columns = Columns::of(&letters);
    print_styled(&columns.head(), anstream::ColorChoice::Auto)?;
    for address in &letters {
        let opened = kept.letters.get(address);
        if !matches!(&opened, Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
            print(&columns.row(address, opened.as_ref()))?;
        }
    }
    let s = if letters.len() == 1 { "" } else { "s" };
    print(&format!("{} dead letter{s}\n", letters.len()))
}

/// What letters say of their events, as lines of JSON.
fn lines(letters: &DeadLetters, addresses: &[Address]) -> Result<ExitCode, Failure> {
    for address in addresses {
        let line = match letters.get(address) {
            Ok(opened) => serde_json::to_string(&opened.head).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                let damaged = serde_json::json!({
                    "sink": address.sink, "reason": "damaged", "why": error.to_string(),
                    "at": event_json::time(address.at_unix_ns).to_string(), "id": event_json::id(address.id), "kind": null,
                });
                damaged.to_string()
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(system(error)),
        };
        print(&(line + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How wide the columns are.
struct Columns {
    digits: usize,
    sink: usize,
    all: usize,
}

impl Columns {
    fn of(letters: &[Address]) -> Self {
        let sink = letters.iter().map(|address| address.sink.len()).max().unwrap_or(0).max("SINK".len());
        Self { digits: digits(letters), sink, all: fit::columns(&std::io::stdout()).unwrap_or(usize::MAX) }
    }

    fn line(&self, id: &str, when: &str, sink: &str, reason: &str, what: &str, why: &str) -> String {
        let line = format!(
            "{}  {}  {}  {}  {}  {why}",
            pad(id, self.digits),
            pad(when, "2026-11-20 08:00:00Z".len()),
            pad(sink, self.sink),
            pad(reason, REASON),
            pad(&clip(what, WHAT), WHAT),
        );
        clip(line.trim_end(), self.all)
    }

    fn head(&self) -> String {
        format!("{STRONG}{}{STRONG:#}\n", self.line("ID", "WHEN", "SINK", "REASON", "WHAT", "WHY"))
    }

    fn row(&self, address: &Address, opened: Result<&Opened, &std::io::Error>) -> String {
        let id = event_json::id(address.id);
        let id = id.get(id.len().saturating_sub(self.digits)..).unwrap_or(&id);
        let when = event_json::time(address.at_unix_ns).to_string();
        let when = format!("{}Z", when.get(..19).unwrap_or(&when).replace('T', " "));
        let line = match opened {
            Ok(Opened { head, event }) => {
                let why = plain(&head.why.split_whitespace().collect::<Vec<_>>().join(" "));
                self.line(id, &when, &address.sink, &plain(&head.reason), &plain(&what(event)), &why)
            }
            Err(error) => self.line(id, &when, &address.sink, "damaged", "-", &error.to_string()),
        };
        line + "\n"
    }
}

/// How many of the last digits make all IDs differ.
fn digits(letters: &[Address]) -> usize {
    let differ = |digits: &usize| {
        let mut seen: BTreeMap<u128, u128> = BTreeMap::new();
        let end = |id: u128| id & (u128::MAX >> (128 - 4 * digits));
        letters.iter().all(|address| *seen.entry(end(address.id)).or_insert(address.id) == address.id)
    };
    (LEAST_DIGITS..32).step_by(4).find(differ).unwrap_or(32)
}

/// What an event is, in few words.
fn what(event: &Event) -> String {
    match &event.kind {
        Some(Kind::Exchange(exchange)) => {
            let status = if exchange.status == 0 { "-".to_owned() } else { exchange.status.to_string() };
            format!("{} {} {status}", exchange.method, exchange.path)
        }
        Some(Kind::Span(span)) => format!("{} {}", span.type_name(), span.name),
        Some(Kind::Score(score)) => format!("score {}", score.name),
        Some(Kind::Loss(loss)) => format!("loss of {} ({})", loss.count, loss.reason),
        Some(Kind::Unsampled(_)) | None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(id: u128) -> Address {
        Address { at_unix_ns: 0, sink: "a".to_owned(), id }
    }

    #[test]
    fn as_many_digits_are_shown_as_tell_letters_apart() {
        assert_eq!(digits(&[letter(1), letter(1), letter(2)]), 8);
        assert_eq!(digits(&[letter(1), letter(1 << 32 | 1)]), 12);
        assert_eq!(digits(&[letter(1), letter(1 << 127 | 1)]), 32);
    }

    #[test]
    fn a_row_is_one_line_that_does_not_steer_the_terminal() {
        let columns = Columns { digits: 8, sink: 9, all: 100 };
        let head = crate::dead_letters::Head {
            sink: "collector".to_owned(),
            reason: "refused".to_owned(),
            why: "status 400:\n\u{1b}[2Jno such field".to_owned(),
            at: String::new(),
            id: String::new(),
            kind: "unknown".to_owned(),
        };
        let opened = Opened { head, event: Event::default() };
        let address =
            Address { sink: "collector".to_owned(), at_unix_ns: 1_795_161_600_000_000_000, id: 0xabc };
        let row = columns.row(&address, Ok(&opened));
        assert_eq!(row.trim_end().chars().count(), 100);
        assert!(row.starts_with("00000abc  2026-11-20 08:00:00Z  collector  refused    unknown  "), "{row}");
        let wide = Columns { all: 200, ..columns }.row(&address, Ok(&opened));
        assert!(wide.ends_with("  status 400: \\u{1b}[2Jno such field\n"), "{wide}");
    }
}
