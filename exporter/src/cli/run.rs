//! `offpath run`: the exporter, alone or with a command under it.

use std::{
    ffi::OsString,
    future::Future,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::pin,
    process::ExitCode,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    runtime,
    signal::unix::{SignalKind, signal},
};
use tracing::{error, info, warn};

use super::{Failure, supervise};
use crate::{
    config::{self, follow::Change, paths},
    exporter::{Exporter, PATIENCE},
    http, priority,
    reload::Reload,
};

/// How often a command that has no exporter is given another chance of one.
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub(super) fn run(named: Option<PathBuf>, command: &[OsString]) -> Result<ExitCode, Failure> {
    let config_file = paths::config_file(named, &config::environment);
    let mut reload = load(config_file.as_deref())?;
    let rings = offpath_ring::default_directory();
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(system)?;
    let done = match command.split_first() {
        None => runtime.block_on(alone(&mut reload, &rings)),
        Some((program, arguments)) => {
            let mut child = supervise::command(program, arguments, &rings, config_file.as_deref());
            runtime.block_on(with_command(reload, &rings, &mut child))
        }
    };
    // A follower's thread may still wait for events.
    runtime.shutdown_background();
    done
}

/// Reads the file, and says what of it may not be meant.
fn load(file: Option<&Path>) -> Result<Reload, Failure> {
    let text = file.map(config::read).transpose()?;
    let loaded = config::parse(file, text.as_deref().unwrap_or_default(), &config::environment)?;
    for located in loaded.doubts() {
        warn!("{}: {located}", located.place(file.unwrap_or(Path::new(""))));
    }
    Reload::new(loaded, file.zip(text)).map_err(system)
}

async fn alone(reload: &mut Reload, rings: &Path) -> Result<ExitCode, Failure> {
    // Before the start: a signal that comes during it is not to be missed.
    let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
    let exporter = Exporter::start(reload.settings(), rings)?;
    priority::lower(reload.settings().nice);
    let listener = match listen(reload.settings().listen).await {
        Ok(listener) => listener,
        Err(error) => {
            stop(exporter).await;
            return Err(error);
        }
    };
    let _published = serve(listener, &exporter, &reload.settings().data_dir)?;
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            change = reload.change() => reload.apply(change, Some(&exporter)),
        }
    }
    info!("draining; a second signal ends it at once");
    tokio::select! {
        () = stop(exporter) => Ok(ExitCode::SUCCESS),
        _ = terminate.recv() => Err(cut_short()),
        _ = interrupt.recv() => Err(cut_short()),
    }
}

/// The command comes first: whatever is wrong with the exporter, it runs.
async fn with_command(
    reload: Reload,
    rings: &Path,
    command: &mut tokio::process::Command,
) -> Result<ExitCode, Failure> {
    let signals = supervise::Signals::catch().map_err(system)?;
    let nice = reload.settings().nice;
    let mut beside = Beside { reload, rings, running: None, told: String::new() };
    beside.start().await;
    let ended = {
        let mut command = pin!(supervise::run(command, signals, || priority::lower(nice)));
        loop {
            tokio::select! {
                ended = &mut command => break ended,
                change = beside.reload.change() => beside.apply(change),
                () = tokio::time::sleep(TRY_AGAIN), if beside.running.is_none() => beside.start().await,
            }
        }
    };
    if let Some((exporter, _published)) = beside.running {
        stop(exporter).await;
    }
    ended.map_err(Failure::Other)
}

/// The exporter beside a command. Another may have the rings, and take this command's as well; when that one
/// ends, which it does with a command of its own, this one takes over.
struct Beside<'a> {
    reload: Reload,
    rings: &'a Path,
    running: Option<(Exporter, Option<Published>)>,
    /// Why it did not start; told once.
    told: String,
}

impl Beside<'_> {
    async fn start(&mut self) {
        let exporter = match Exporter::start(self.reload.settings(), self.rings) {
            Ok(exporter) => exporter,
            Err(error) => {
                let error = error.to_string();
                if self.told != error {
                    error!(%error, "the command runs without an exporter of its own");
                }
                self.told = error;
                return;
            }
        };
        self.reload.begin(&exporter);
        let settings = self.reload.settings();
        let published = match listen(settings.listen).await {
            Ok(listener) => serve(listener, &exporter, &settings.data_dir),
            Err(error) => Err(error),
        };
        if let Err(error) = &published {
            warn!(%error, "nothing is served over HTTP");
        }
        self.running = Some((exporter, published.ok()));
    }

    fn apply(&mut self, change: Change) {
        self.reload.apply(change, self.running.as_ref().map(|(exporter, _)| exporter));
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let named =
        |error| Failure::Other(format!("exporter.listen: cannot listen there: {error}, got \"{address}\""));
    TcpListener::bind(address).await.map_err(named)
}

fn serve(listener: TcpListener, exporter: &Exporter, data_dir: &Path) -> Result<Published, Failure> {
    let address = listener.local_addr().map_err(system)?;
    let published = Published::write(data_dir, address).map_err(system)?;
    info!(%address, "serving");
    let view = exporter.view();
    tokio::spawn(async move {
        if let Err(error) = http::serve(listener, view).await {
            warn!(%error, "serving has ended");
        }
    });
    Ok(published)
}

/// The file that says where we serve, as long as we do.
struct Published(PathBuf);

impl Published {
    fn write(data_dir: &Path, address: SocketAddr) -> io::Result<Self> {
        let file = paths::address_file(data_dir);
        // Whoever waits for the file reads the address as soon as there is one.
        let new = file.with_extension("addr.new");
        std::fs::write(&new, format!("{address}\n"))?;
        std::fs::rename(&new, &file)?;
        Ok(Self(file))
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        // One that is left behind names an address where nobody answers.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Stops it on a thread of its own, so that /readyz and a second signal are heard meanwhile.
fn stop(exporter: Exporter) -> impl Future<Output = ()> {
    let stopped = tokio::task::spawn_blocking(move || exporter.stop(PATIENCE));
    async {
        if stopped.await.is_err() {
            error!("the exporter failed while it stopped");
        }
    }
}

fn cut_short() -> Failure {
    Failure::Other("ended before all was delivered; the rest stays in rings and spool".to_owned())
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn system(error: io::Error) -> Failure {
    Failure::Other(error.to_string())
}
