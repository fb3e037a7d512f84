//! The command `offpath`.

mod amount;
mod check;
mod client;
mod dead_letters;
mod fit;
mod replay;
mod run;
mod style;
mod supervise;
mod tail;
mod top;
mod r#try;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anstream::ColorChoice;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{
    self, ConfigError,
    outline::{Outline, outline},
    paths,
};

/// Bad usage or configuration, as sysexits.h has it.
const USAGE: u8 = 64;

/// Watches LLM and HTTP APIs without standing on their request path.
#[derive(Debug, Parser)]
#[command(name = "offpath", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take events from the rings and deliver them, until SIGTERM; or, with CMD, until CMD ends
    Run {
        /// Configuration [default: $OFFPATH_CONFIG, then ./offpath.toml, then the defaults]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Run this under the exporter; its exit code becomes offpath's own
        #[arg(last = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    /// Read configuration and print every error
    Check {
        /// Files to read
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Show what the rules would keep of recorded exchanges, before and after
    Try(r#try::Arguments),
    /// Show events as they come
    Tail {
        /// One JSON object per line
        #[arg(long)]
        json: bool,
        /// Configuration of the exporter to follow
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Show what comes in, what waits and how each sink fares, live
    Top(top::Arguments),
    /// Show what no backend takes, and why; send it again
    DeadLetters(dead_letters::Arguments),
    /// Send again what the spool or a local store still holds
    Replay(replay::Arguments),
    /// Print the version
    Version,
}

/// Why a command ends with a code other than that of success.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] crate::exporter::StartError),
    /// What the user named cannot be used.
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Other(String),
}

impl Failure {
    fn code(&self) -> ExitCode {
        ExitCode::from(if matches!(self, Self::Config(_) | Self::Usage(_)) { USAGE } else { 1 })
    }
}

/// Runs the command that the process was started with. Results go to standard output, everything else to
/// standard error.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help_or_error) => {
            let _ = help_or_error.print();
            return if help_or_error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    log_to_stderr();
    let done = match cli.command {
        Command::Run { config, command } => run::run(config, &command),
        Command::Check { files } => check::check(&files),
        Command::Try(arguments) => r#try::run(arguments),
        Command::Tail { json, config } => tail::tail(config, json),
        Command::Top(arguments) => top::run(arguments),
        Command::DeadLetters(arguments) => dead_letters::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Version => print(&format!("offpath {}\n", env!("CARGO_PKG_VERSION"))),
    };
    done.unwrap_or_else(|failure| {
        for line in failure.to_string().lines() {
            eprintln!("offpath: {line}");
        }
        failure.code()
    })
}

fn log_to_stderr() {
    let filter = config::environment("OFFPATH_LOG").unwrap_or_else(|| "info".to_owned());
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::builder().parse_lossy(filter))
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal)
        .with_target(false)
        .init();
}

/// The exporter that a command stands beside.
fn beside(named: Option<PathBuf>) -> Result<Outline, Failure> {
    let file = paths::config_file(named, &config::environment);
    Ok(outline(file.as_deref(), &config::environment)?)
}

/// Where the exporter of this configuration keeps what it has; it has run before.
fn data_dir(exporter: &Outline) -> Result<&Path, Failure> {
    let directory = exporter.data_dir.as_path();
    match std::fs::read_dir(directory) {
        Ok(_) => Ok(directory),
        Err(error) => Err(Failure::Other(format!(
            "exporter.data_dir: {}: {error}; --config names the configuration of the exporter that is meant",
            directory.display()
        ))),
    }
}

/// Writes a result. A reader that has gone away, as `head` does, is no failure.
fn print(text: &str) -> Result<ExitCode, Failure> {
    use std::io::Write as _;
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Other(format!("standard output: {error}")))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// [`print`] with colours where `choice` and the terminal want them.
fn print_styled(text: &str, choice: ColorChoice) -> Result<ExitCode, Failure> {
    let mut styled = Vec::new();
    let choice = match choice {
        ColorChoice::Auto => anstream::AutoStream::choice(&std::io::stdout()),
        chosen => chosen,
    };
    // Writing to memory does not fail.
    let _ = std::io::Write::write_all(&mut anstream::AutoStream::new(&mut styled, choice), text.as_bytes());
    print(&String::from_utf8_lossy(&styled))
}
