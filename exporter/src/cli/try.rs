//! `offpath try`: what the rules would keep of recorded exchanges, before and after.
//!
//! ```text
//! input: HAR, stored events ─> recorded ─> replay: core and treatment ─> verdict ─┬─> report, with a diff of two texts
//!                                                                                └─> json
//! ```

mod diff;
mod har;
mod input;
mod json;
pub(super) mod layout;
mod outcome;
mod recorded;
mod replay;
mod report;
mod stored;
mod text;

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use self::{
    outcome::Counts,
    replay::Replay,
    report::{Report, Sums},
};
use super::{Failure, check, print_styled, style::WARN};
use crate::config::{self, Rules, paths};

/// What a user asks for.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Rules to try: offpath.toml, or Envoy's JSON [default: $OFFPATH_CONFIG, then ./offpath.toml, then the defaults]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// HAR files, events as lines of JSON, or local stores; - is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// One JSON object per exchange
    #[arg(long)]
    json: bool,
    /// Of a store, the newest so many exchanges
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: clap::ColorChoice,
}

/// Columns where there is no terminal.
const WIDTH: usize = 200;

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let file = paths::config_file(arguments.config, &config::environment);
    let rules = rules(file.as_deref())?;
    let name = file.map_or_else(|| "the defaults".to_owned(), |file| file.display().to_string());
    let report = Report { rules: &rules, file: name, width: width() };
    let (mut replay, mut sums) = (Replay::new(&rules), Sums::default());
    let color = match arguments.color {
        clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
        clap::ColorChoice::Always => anstream::ColorChoice::Always,
        clap::ColorChoice::Never => anstream::ColorChoice::Never,
    };
    for path in &arguments.inputs {
        let input = input::read(path, arguments.limit)
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        if !arguments.json {
            print_styled(&notes(path, &input), color)?;
        }
        for recorded in &input.exchanges {
            sums.exchanges += 1;
            let verdict = replay.pass(recorded, sums.exchanges);
            let counts = Counts::of(recorded, &verdict);
            sums.kept += u64::from(verdict.event.is_some());
            let mut out = String::new();
            if arguments.json {
                json::write(path, sums.exchanges, recorded, &verdict, &counts, &rules, &mut out);
                super::print(&out)?;
            } else {
                report.exchange(sums.exchanges, recorded, &verdict, &mut out);
                print_styled(&out, color)?;
            }
            sums.counts.add(&counts);
        }
    }
    let mut out = String::new();
    if !arguments.json {
        report.summary(&sums, &mut out);
    }
    print_styled(&out, color)
}

fn rules(file: Option<&Path>) -> Result<Rules, Failure> {
    let is_json = file.and_then(Path::extension).is_some_and(|extension| extension == "json");
    match file.filter(|_| is_json) {
        Some(file) => Ok(config::load_json(file)?),
        None => Ok(check::strict(file)?.rules),
    }
}

/// What is to be known of an input as a whole.
fn notes(path: &Path, input: &input::Input) -> String {
    let mut notes = String::new();
    let mut note = |text: &str| notes.push_str(&format!("{WARN}note:{WARN:#} {}: {text}\n", path.display()));
    if input.stored {
        note("these events were stored before: headers and bodies are what was kept of them then");
    }
    if input.decoded {
        note(
            "compressed bodies are here as they were after decoding: on the wire, limits count compressed bytes",
        );
    }
    if input.others > 0 {
        note(&format!("{} of another kind are left out", input.others));
    }
    if !notes.is_empty() {
        notes.push('\n');
    }
    notes
}

fn width() -> usize {
    let stdout = io::stdout();
    let size = stdout.is_terminal().then(|| rustix::termios::tcgetwinsize(&stdout).ok()).flatten();
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(WIDTH)
}
