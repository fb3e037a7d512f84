//! The local store, opened to be read.
//!
//! Questions are asked on threads of their own, a few at a time, by connections that cannot write. Each has a moment by
//! which it is given up; one that nobody waits for any more is given up at once.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::Semaphore;
use tracing::warn;

use super::{failure::Failure, problem::Problem};
use crate::{
    config::{Live, Settings},
    sinks::{Kind, sqlite},
};

/// Questions at a time: on two cores, more would only make each of them slower.
const AT_A_TIME: usize = 4;

/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Steps of SQLite between two looks at the clock: about a millisecond.
const STEPS: i32 = 10_000;

/// Where questions are asked. Clones ask the same store.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    settings: Live,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Open>>>,
}

/// A connection, and the file that it is to.
#[derive(Debug)]
struct Open {
    connection: Connection,
    file: File,
}

/// A path, and which file that was: a store that is damaged makes way for a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Store {
    pub(crate) fn new(settings: Live) -> Self {
        Self { settings, permits: Arc::new(Semaphore::new(AT_A_TIME)), idle: Arc::default() }
    }

    /// Asks something of the first store by name.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Problem> {
        let unavailable = |detail: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| unavailable("the exporter is about to end".to_owned()))?;
        let path = path(&self.settings.get()).ok_or_else(|| unavailable(NO_STORE.to_owned()))?;
        let (idle, waiting) = (Arc::clone(&self.idle), Waiting::default());
        let is_over = Arc::clone(&waiting.is_over);
        let answered = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut open = Open::take(&idle, &path).map_err(unavailable)?;
            let answer = open.ask(question, &is_over);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(open);
            answer
        });
        let answer = answered.await;
        drop(waiting);
        answer.unwrap_or_else(|error| {
            warn!(%error, "a question to the store has failed");
            Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "this is a bug of offpath; its log says more",
            ))
        })
    }
}

const NO_STORE: &str =
    "there is no local store to look at: add a sink with `type = \"sqlite\"`, as `[sinks.local]`";

fn path(settings: &Settings) -> Option<PathBuf> {
    let mut stores: Vec<_> = settings
        .sinks
        .iter()
        .filter_map(|sink| match &sink.kind {
            Kind::Sqlite(settings) => Some((&sink.name, &settings.path)),
            _ => None,
        })
        .collect();
    stores.sort();
    stores.first().map(|(_, path)| (*path).clone())
}

impl Open {
    /// A connection to the file that is there now.
    fn take(idle: &Mutex<Vec<Self>>, path: &Path) -> Result<Self, String> {
        let metadata = fs::metadata(path).map_err(|error| {
            format!("{}: {error}; it is there as soon as the exporter has stored something", path.display())
        })?;
        let file = File { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() };
        let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|open| open.file == file);
        if let Some(open) = idle.pop() {
            return Ok(open);
        }
        drop(idle);
        let connection = connect(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if !sqlite::is_current(&connection).map_err(|error| format!("{}: {error}", path.display()))? {
            let path = path.display();
            return Err(format!(
                "{path} is no store of this version of offpath; the sink's problem says more"
            ));
        }
        Ok(Self { connection, file })
    }

    fn ask<T>(
        &mut self,
        question: impl FnOnce(&Connection) -> Result<T, Failure>,
        is_over: &Arc<AtomicBool>,
    ) -> Result<T, Problem> {
        let (deadline, is_over) = (Instant::now() + PATIENCE, Arc::clone(is_over));
        let give_up = move || is_over.load(Ordering::Relaxed) || Instant::now() > deadline;
        let answer = self.connection.progress_handler(STEPS, Some(give_up)).map_err(Failure::from);
        // All of an answer is of one moment.
        let answer = answer.and_then(|()| {
            let moment = self.connection.transaction()?;
            question(&moment)
        });
        answer.map_err(|failure| self.problem(&failure))
    }

    fn problem(&self, failure: &Failure) -> Problem {
        let unavailable = |detail| Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        match failure {
            Failure::Asked(what) => Problem::new(StatusCode::BAD_REQUEST, what),
            Failure::Store(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
                unavailable(format!("it took longer than {} s; ask for less", PATIENCE.as_secs()))
            }
            Failure::Store(error) => unavailable(format!("{}: {error}", self.file.path.display())),
        }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.busy_timeout(Duration::from_secs(1))?;
    Ok(connection)
}

/// Whoever waits for an answer: gone when it is dropped, as it is with a request that is broken off.
#[derive(Debug, Default)]
struct Waiting {
    is_over: Arc<AtomicBool>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::fixture::Fixture;
    use tokio::{sync::oneshot, time::timeout};

    const ENDLESS: &str =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    #[tokio::test]
    async fn a_question_that_nobody_waits_for_any_more_makes_room_for_others() {
        let mut fixture = Fixture::new();
        fixture.store(Vec::new());
        let store = Store::new(fixture.settings());
        for _ in 0..2 * AT_A_TIME {
            let (begin, has_begun) = oneshot::channel();
            let asked = store.ask(move |store| {
                let _ = begin.send(());
                Ok(store.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))?)
            });
            tokio::select! {
                answer = asked => panic!("{answer:?}"),
                begun = has_begun => begun.expect("it begins"),
            }
        }
        let answer = timeout(PATIENCE / 2, store.ask(|_| Ok(7))).await;
        assert_eq!(answer.expect("at once").expect("an answer"), 7);
    }
}
