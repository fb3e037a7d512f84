//! `offpath dead-letters show`: all of a letter.

use std::{fmt::Write as _, process::ExitCode};

use serde_json::{Value, json};

use super::{Kept, system};
use crate::{
    cli::{
        Failure, print, print_styled,
        style::{BAD, FAINT, plain},
        r#try::layout,
    },
    dead_letters::Opened,
    event_json,
};

pub(super) fn show(kept: &Kept, id: &str, as_json: bool) -> Result<ExitCode, Failure> {
    let letters = kept.list()?;
    for (index, address) in kept.of_event(&letters, id)?.into_iter().enumerate() {
        let opened = kept.letters.get(address).map_err(system)?;
        if as_json {
            print(&(line(&opened) + "\n"))?;
        } else {
            let gap = if index > 0 { "\n" } else { "" };
            print_styled(&format!("{gap}{}", text(&opened)), anstream::ColorChoice::Auto)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn event(opened: &Opened) -> Value {
    serde_json::from_str(&event_json::to_string(&opened.event)).unwrap_or_default()
}

fn line(opened: &Opened) -> String {
    let mut line = json!(opened.head);
    line["event"] = event(opened);
    line.to_string()
}

fn text(opened: &Opened) -> String {
    let head = &opened.head;
    let mut text = String::new();
    let fields = [
        ("id", &head.id),
        ("sink", &head.sink),
        ("reason", &head.reason),
        ("at", &head.at),
        ("kind", &head.kind),
    ];
    for (name, value) in fields {
        let _ = writeln!(text, "{FAINT}{name:8}{FAINT:#}{}", plain(value));
    }
    // What a backend says may have many lines.
    for (index, why) in head.why.lines().enumerate() {
        let name = if index == 0 { "why" } else { "" };
        let _ = writeln!(text, "{FAINT}{name:8}{FAINT:#}{BAD}{}{BAD:#}", plain(why));
    }
    text.push('\n');
    // In the order in which it is documented.
    for line in layout::from_start(&event_json::to_string(&opened.event)) {
        text.push_str(&(plain(&line) + "\n"));
    }
    text
}
