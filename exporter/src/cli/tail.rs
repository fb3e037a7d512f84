//! `offpath tail`: what the exporter takes, as it takes it.

mod line;

use std::{path::PathBuf, process::ExitCode};

use http_body_util::BodyExt as _;
use hyper::StatusCode;
use tokio::runtime;

use super::{Failure, beside, client, print};
use crate::config::outline::Outline;

pub(super) fn tail(config: Option<PathBuf>, json: bool) -> Result<ExitCode, Failure> {
    let exporter = beside(config)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Other(error.to_string()))?;
    runtime.block_on(follow(&exporter, json))
}

async fn follow(exporter: &Outline, json: bool) -> Result<ExitCode, Failure> {
    let address = client::address(exporter);
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::Other(format!("no exporter answers at {address}: {error}; start one with `offpath run`"))
    };
    let response = client::get(&address.to_string(), "/api/tail", exporter.token.as_ref()).await;
    let mut response = response.map_err(|error| cannot(&error))?;
    if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&response.status()) {
        let why = "shows what it records to nobody without its token: give the command the configuration that it has \
                   (--config), and what exporter.token names there; without a token, let it listen on 127.0.0.1";
        return Err(Failure::Other(format!("the exporter at {address} {why}")));
    }
    if !response.status().is_success() {
        return Err(cannot(&response.status()));
    }
    let mut buffer = Vec::new();
    while let Some(frame) = response.body_mut().frame().await {
        let Ok(frame) = frame else { break };
        buffer.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        let Some(end) = buffer.iter().rposition(|byte| *byte == b'\n') else { continue };
        let lines: Vec<u8> = buffer.drain(..=end).collect();
        let mut text = String::new();
        for line in String::from_utf8_lossy(&lines).lines().filter(|line| !line.is_empty()) {
            text.push_str(&if json { line.to_owned() } else { line::human(line) });
            text.push('\n');
        }
        if !reaches_reader(&text)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
    Err(Failure::Other(format!("the exporter at {address} has ended")))
}

/// Prints, and says whether anybody is there to read it.
fn reaches_reader(text: &str) -> Result<bool, Failure> {
    use std::io::Write as _;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        _ => print("").map(|_| true),
    }
}
