//! `offpath top`: what comes in, what waits and how each sink fares, live.
//!
//! ```text
//! /api/status ─> status ─> rates ─> layout ─> screen, plain text, or lines of JSON
//! ```

mod layout;
mod line;
mod rates;
mod screen;
mod status;

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode, time::Duration};

use http_body_util::BodyExt as _;
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval, timeout},
};

use self::{rates::Rates, screen::Screen, status::Status};
use super::{Failure, beside, client, fit, print, print_styled};
use crate::config::{outline::Outline, paths};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most that a status may be: one of thousands of sinks and producers.
const MAX_ANSWER: usize = 16 << 20;

/// Columns where there is no terminal.
const WIDTH: usize = 120;

/// What a user asks for.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One JSON object per look: that of /api/status, with `rates`
    #[arg(long)]
    json: bool,
    /// Look once, for as long as an interval, print, and end
    #[arg(long)]
    once: bool,
    /// How often to look
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = pace)]
    interval: Duration,
    /// Configuration of the exporter [default: $OFFPATH_CONFIG, then ./offpath.toml, then the defaults]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the exporter is, whatever its configuration says
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<String>,
}

fn pace(text: &str) -> Result<Duration, String> {
    let range = Duration::from_millis(100)..=Duration::from_hours(1);
    let pace = humantime::parse_duration(text).ok().filter(|pace| range.contains(pace));
    pace.ok_or_else(|| "must be a duration such as \"1s\", from 100ms to 1h".to_owned())
}

pub(super) fn run(mut arguments: Arguments) -> Result<ExitCode, Failure> {
    let place = match arguments.address.take() {
        Some(address) => Place::Named(address),
        None => Place::Of(beside(arguments.config.take())?),
    };
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Other(error.to_string()))?;
    let is_live = !arguments.json && !arguments.once && std::io::stdout().is_terminal();
    let done = if is_live && std::env::var_os("TERM").is_none_or(|term| term != "dumb") {
        runtime.block_on(live(&place, arguments.interval))
    } else {
        runtime.block_on(plain(&place, &arguments))
    };
    // A thread may still wait for a key.
    runtime.shutdown_background();
    done
}

/// Where to ask.
enum Place {
    Named(String),
    /// Asked for each time: another exporter may be there by then.
    Of(Outline),
}

impl Place {
    fn address(&self) -> String {
        match self {
            Self::Named(address) => address.clone(),
            Self::Of(exporter) => client::address(exporter).to_string(),
        }
    }

    async fn ask(&self) -> Result<Status, String> {
        let address = self.address();
        let answer = timeout(PATIENCE, ask(&address)).await;
        let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {}s", PATIENCE.as_secs())));
        answer.map_err(|error| {
            let place = match self {
                // The system chooses the port, and only the exporter itself knows it.
                Self::Of(exporter) if address.ends_with(":0") => {
                    let file = paths::address_file(&exporter.data_dir);
                    format!(": {}, where it says its address, is not there", file.display())
                }
                _ => format!(" at {address}: {error}"),
            };
            format!(
                "no exporter answers{place}; start one with `offpath run`, or name its address with --address"
            )
        })
    }
}

async fn ask(address: &str) -> Result<Status, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let mut response = client::get(address, "/api/status", None).await.map_err(|error| said(&error))?;
    if !response.status().is_success() {
        return Err(said(&response.status()));
    }
    let mut body = Vec::new();
    while let Some(frame) = response.body_mut().frame().await {
        let frame = frame.map_err(|error| said(&error))?;
        body.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        if body.len() > MAX_ANSWER {
            return Err("its answer is too long to be a status".to_owned());
        }
    }
    Status::read(&body).map_err(|error| format!("its answer is no status: {error}"))
}

/// What was seen last.
#[derive(Default)]
struct Seen {
    rates: Rates,
    status: Option<Status>,
    problem: Option<String>,
}

impl Seen {
    async fn look(&mut self, place: &Place) {
        match place.ask().await {
            Ok(status) => {
                self.rates.see(&status);
                (self.status, self.problem) = (Some(status), None);
            }
            Err(problem) => (self.status, self.problem) = (None, Some(problem)),
        }
    }

    fn draw(&self, place: &Place, columns: usize, rows: usize) -> Vec<String> {
        let address = place.address();
        let lines = match (&self.status, &self.problem) {
            (Some(status), _) => layout::all(status, &self.rates, &address, columns, rows),
            (None, Some(problem)) => layout::nobody(&address, problem, columns, rows),
            (None, None) => Vec::new(),
        };
        lines.iter().map(|line| line.styled(columns)).collect()
    }
}

async fn live(place: &Place, every: Duration) -> Result<ExitCode, Failure> {
    let system = |error: std::io::Error| Failure::Other(error.to_string());
    let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(system)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
    let mut resized = signal(SignalKind::window_change()).map_err(system)?;
    let mut keys = screen::keys();
    let mut screen = Screen::enter().map_err(system)?;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = Seen::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => seen.look(place).await,
            _ = resized.recv() => {}
            Some(key) = keys.recv() => if key.ends() { break },
            _ = terminate.recv() => break,
            _ = hang_up.recv() => break,
            _ = interrupt.recv() => break,
        }
        let (columns, rows) = fit::size(&std::io::stdout()).unwrap_or((WIDTH, usize::MAX));
        screen.draw(&seen.draw(place, columns, rows)).map_err(system)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// For pipes, scripts and programs.
async fn plain(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let columns = fit::columns(&std::io::stdout()).unwrap_or(WIDTH);
    let mut ticks = interval(arguments.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = Seen::default();
    let mut told = String::new();
    loop {
        ticks.tick().await;
        seen.look(place).await;
        match (&seen.problem, &seen.status) {
            (Some(problem), _) if arguments.once => return Err(Failure::Other(problem.clone())),
            (Some(problem), _) => {
                if *problem != told {
                    eprintln!("offpath: {problem}");
                }
                told.clone_from(problem);
                continue;
            }
            // Rates need two looks.
            (None, Some(_)) if !seen.rates.are_known() => continue,
            (None, Some(status)) if arguments.json => {
                print(&(seen.rates.with(status).to_string() + "\n"))?;
            }
            (None, _) => {
                let lines = seen.draw(place, columns, usize::MAX);
                print_styled(&(lines.join("\n") + "\n"), anstream::ColorChoice::Auto)?;
                if !arguments.once {
                    print("\n")?;
                }
            }
        }
        told.clear();
        if arguments.once {
            return Ok(ExitCode::SUCCESS);
        }
    }
}
