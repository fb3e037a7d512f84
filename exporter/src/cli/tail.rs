//! `offpath tail`: what the exporter takes, as it takes it.

mod line;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use http_body_util::BodyExt as _;
use tokio::runtime;

use super::{Failure, beside, client, print};

pub(super) fn tail(config: Option<PathBuf>, json: bool) -> Result<ExitCode, Failure> {
    let address = client::address(&beside(config)?);
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Other(error.to_string()))?;
    runtime.block_on(follow(address, json))
}

async fn follow(address: SocketAddr, json: bool) -> Result<ExitCode, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::Other(format!("no exporter answers at {address}: {error}; start one with `offpath run`"))
    };
    let mut response =
        client::get(&address.to_string(), "/api/tail").await.map_err(|error| cannot(&error))?;
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
