//! `offpath run -- CMD`: CMD as it would run alone, with its signals and its exit code.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::{fd::AsFd, unix::process::ExitStatusExt as _},
    path::Path,
    process::{ExitCode, ExitStatus},
};

use rustix::process::{Pid, Signal as SignalNumber, kill_process};
use tokio::{
    process::{Child, Command},
    signal::unix::{Signal, SignalKind, signal},
};
use tracing::warn;

/// The command, told where the rings are.
pub(super) fn command(
    program: &OsStr,
    arguments: &[OsString],
    rings: &Path,
    config: Option<&Path>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).env("OFFPATH_DIR", absolute(rings));
    if let Some(config) = config {
        command.env("OFFPATH_CONFIG", absolute(config));
    }
    command
}

/// The command may change its directory.
fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The signals that end a program from outside.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn catch() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }
}

/// Runs the command to its end and returns its exit code; a signal that ended it counts as 128 and its
/// number, as in a shell. `started` is called when it runs.
pub(super) async fn run(
    command: &mut Command,
    mut signals: Signals,
    started: impl FnOnce(),
) -> Result<ExitCode, String> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|error| format!("cannot start {name}: {error}"))?;
    started();
    loop {
        tokio::select! {
            status = child.wait() => return status.map(code).map_err(|error| format!("{name}: {error}")),
            // From a terminal, the whole foreground group has had it already, the command with us.
            _ = signals.interrupt.recv() => if !is_in_foreground() { forward(&child, SignalNumber::INT) },
            _ = signals.terminate.recv() => forward(&child, SignalNumber::TERM),
        }
    }
}

fn forward(child: &Child, signal: SignalNumber) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(Err(error)) = pid.map(|pid| kill_process(pid, signal)) {
        warn!(%error, ?signal, "cannot forward a signal to the command");
    }
}

/// Whether our process group is the one that a terminal's Ctrl-C reaches.
fn is_in_foreground() -> bool {
    let ours = rustix::process::getpgrp();
    let on = |terminal: &dyn Fn() -> rustix::io::Result<Pid>| terminal().is_ok_and(|group| group == ours);
    let of = |fd: &dyn AsFd| rustix::termios::tcgetpgrp(fd.as_fd());
    on(&|| of(&io::stdin())) || on(&|| of(&io::stdout())) || on(&|| of(&io::stderr()))
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
