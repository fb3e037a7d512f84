//! The thread that follows configuration files. There is one as long as there are files to follow, but not while the
//! process forks, nor when the interpreter ends. After a fork the next exchange, or `offpath.status()`, starts it
//! again, in parent and child: one of the two often records nothing. And CPython 3.13 counts the threads after whatever
//! else a parent does.

mod follower;
mod reading;

use crate::current::Current;
use follower::Follower;
use pyo3::prelude::*;
use std::{
    fs, io, mem,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Two looks and the making of a guest are well within the 2 seconds that are promised.
const PERIOD: Duration = Duration::from_millis(500);
/// How long a fork waits for the thread at most. It ends within milliseconds, unless a logging handler hangs; for a file
/// system that does, it hardly waits.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_micros(100);

/// Locked only with the GIL, and so never by another thread while one forks.
static FOLLOWING: Mutex<Following> =
    Mutex::new(Following { thread: None, copies: Vec::new(), files: Files::NONE, task: None, pauses: 0 });
/// Asks the thread to end. Beside the lock, because every exchange asks whether there is to be one.
static END: AtomicBool = AtomicBool::new(false);

#[derive(Debug)]
struct Following {
    /// Gives back the files when it ends.
    thread: Option<JoinHandle<Files>>,
    /// What it follows, as it was when the thread began.
    copies: Vec<Follower>,
    /// Those that no thread has at the moment.
    files: Files,
    /// Where the kernel shows the last thread that has ended, for some microseconds more.
    task: Option<PathBuf>,
    /// How many want no thread at the moment.
    pauses: u32,
}

impl Following {
    /// Whether the thread has ended, if there was one. For itself, a thread cannot wait.
    fn has_ended(&mut self) -> bool {
        if let Some(thread) = self.thread.take_if(|thread| thread.is_finished()) {
            let files = thread.join().unwrap_or(Files::NONE);
            self.task = files.task.clone();
            self.files.add(files);
        }
        if self.task.as_ref().is_some_and(|task| task.exists()) {
            return false;
        }
        self.thread.as_ref().is_none_or(|thread| thread.thread().id() == thread::current().id())
    }

    /// Starts the thread, if it is wanted.
    fn start(&mut self) -> io::Result<()> {
        // While one is still about to end, END stays as it is, and who comes next tries again.
        if self.pauses > 0 || !self.has_ended() {
            return Ok(());
        }
        END.store(false, Ordering::Relaxed);
        if self.thread.is_none() && !self.files.followers.is_empty() {
            let mut files = mem::replace(&mut self.files, Files::NONE);
            self.copies.clone_from(&files.followers);
            let run = move || {
                files.follow();
                files
            };
            self.thread = Some(thread::Builder::new().name("offpath-config".to_owned()).spawn(run)?);
        }
        Ok(())
    }
}

/// Files, and when to look at them.
#[derive(Debug)]
struct Files {
    followers: Vec<Follower>,
    /// Stays what it is when the process forks: it may do so all the time.
    due: Option<Instant>,
    /// Where the kernel shows the thread that has them.
    task: Option<PathBuf>,
}

impl Files {
    const NONE: Self = Self { followers: Vec::new(), due: None, task: None };

    fn add(&mut self, other: Self) {
        self.followers.extend(other.followers);
        self.due = other.due;
    }

    /// Until nobody needs it any more, or it is asked to end.
    fn follow(&mut self) {
        self.task = fs::read_link("/proc/thread-self").ok().map(|task| Path::new("/proc").join(task));
        while !self.followers.is_empty() && !END.load(Ordering::Relaxed) {
            let due = *self.due.get_or_insert_with(|| Instant::now() + PERIOD);
            let left = due.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                thread::park_timeout(left);
                continue;
            }
            self.followers.retain(Follower::is_wanted);
            if !self.followers.iter_mut().all(Follower::look) {
                return;
            }
            self.due = None;
        }
    }
}

/// Follows `file` for `current`; `text` is in force.
///
/// # Errors
///
/// If no thread can be started.
pub(crate) fn follow(py: Python<'_>, current: &Arc<Current>, file: PathBuf, text: String) -> io::Result<()> {
    pause(py);
    let mut following = following();
    following.files.followers.push(Follower::new(current, file, text));
    following.pauses = following.pauses.saturating_sub(1);
    following.start()
}

/// Starts the thread again after a fork.
pub(crate) fn wake() {
    if END.load(Ordering::Relaxed) {
        // Nobody could be told if there can be no thread any more.
        let _ = following().start();
    }
}

/// Ends the thread, and keeps it from being started until [`forked`].
pub(crate) fn pause(py: Python<'_>) {
    END.store(true, Ordering::Relaxed);
    following().pauses += 1;
    let start = Instant::now();
    while !ended() && start.elapsed() < PATIENCE && !reading::hangs(start.elapsed()) {
        // It may need the GIL to come to its end.
        py.detach(|| thread::sleep(PAUSE));
    }
}

fn ended() -> bool {
    let mut following = following();
    following.thread.iter().for_each(|thread| thread.thread().unpark());
    following.has_ended()
}

/// The process has forked, and this is the parent.
pub(crate) fn forked() {
    let mut following = following();
    following.pauses = following.pauses.saturating_sub(1);
}

/// The process has forked, and this is the child. It has the files of its parent.
pub(crate) fn forked_off() {
    let mut following = following();
    following.pauses = 0;
    reading::forget();
    // One that did not end in time has stayed with the parent, with its files; here there is nothing to wait for.
    if let Some(thread) = following.thread.take() {
        mem::forget(thread);
        let copies = mem::take(&mut following.copies);
        following.files.followers.extend(copies);
    }
}

fn following() -> MutexGuard<'static, Following> {
    FOLLOWING.lock().unwrap_or_else(PoisonError::into_inner)
}
