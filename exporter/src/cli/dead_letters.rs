//! `offpath dead-letters`: what no backend takes, and why; and sending it once more.

mod list;
mod retry;
mod show;

use std::{path::PathBuf, process::ExitCode};

use super::{Failure, beside, data_dir};
use crate::{
    config::outline::Outline,
    dead_letters::{Address, DeadLetters},
};

/// What a user asks for.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List them, oldest first
    List {
        #[command(flatten)]
        of: Of,
        /// One JSON object per letter
        #[arg(long)]
        json: bool,
    },
    /// Show all of one: why it could not be delivered, and the event
    Show {
        /// The event's ID, or its beginning or end
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        of: Of,
        /// One JSON object, with the event under `event`
        #[arg(long)]
        json: bool,
    },
    /// Have them sent again, by the exporter that runs or by the next one
    Retry {
        /// The events' IDs, or their beginnings or ends
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        of: Of,
        /// All of them
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}

/// Whose letters.
#[derive(Debug, clap::Args)]
struct Of {
    /// Only those of this sink
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// Configuration of the exporter [default: $OFFPATH_CONFIG, then ./offpath.toml, then the defaults]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.action {
        Action::List { of, json } => list::list(&open(of)?, json),
        Action::Show { id, of, json } => show::show(&open(of)?, &id, json),
        Action::Retry { ids, of, all } => {
            let by_sink = of.sink.is_some();
            let kept = open(of)?;
            if ids.is_empty() && !all && !by_sink {
                let which =
                    "name the letters by their IDs, those of one sink with --sink NAME, or all with --all";
                return Err(Failure::Usage(which.to_owned()));
            }
            retry::retry(&kept, &ids)
        }
    }
}

/// Letters, and whose are asked for.
struct Kept {
    letters: DeadLetters,
    exporter: Outline,
    sink: Option<String>,
}

fn open(of: Of) -> Result<Kept, Failure> {
    let exporter = beside(of.config)?;
    let letters = DeadLetters::open(data_dir(&exporter)?, exporter.dead_letters).map_err(system)?;
    Ok(Kept { letters, exporter, sink: of.sink })
}

impl Kept {
    fn list(&self) -> Result<Vec<Address>, Failure> {
        self.letters.list(self.sink.as_deref()).map_err(system)
    }

    /// The letters of one event, of which each sink may have one.
    fn of_event<'l>(&self, letters: &'l [Address], id: &str) -> Result<Vec<&'l Address>, Failure> {
        let wanted = id.to_ascii_lowercase();
        if wanted.is_empty() || wanted.len() > 32 || !wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Failure::Usage(format!("an ID is up to 32 hexadecimal digits, got {id:?}")));
        }
        let is_meant = |address: &&Address| {
            let id = format!("{:032x}", address.id);
            id.starts_with(&wanted) || id.ends_with(&wanted)
        };
        let found: Vec<&Address> = letters.iter().filter(is_meant).collect();
        match found.first() {
            None => Err(Failure::Other(format!(
                "no dead letter{} has an ID that begins or ends with {id}; `offpath dead-letters list` shows all",
                self.sink.as_ref().map(|sink| format!(" of sink {sink}")).unwrap_or_default()
            ))),
            Some(first) if found.iter().any(|address| address.id != first.id) => {
                Err(Failure::Usage(format!("{id} stands for {} letters; write more of it", found.len())))
            }
            Some(_) => Ok(found),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn system(error: std::io::Error) -> Failure {
    Failure::Other(format!("dead letters: {error}"))
}
