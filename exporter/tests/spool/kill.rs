//! A process that dies at any moment: by a kill at a random instant, and after each operation on a file.
//!
//! The process is this test program itself, with [`VARIABLE`] set.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use offpath_exporter::{
    ids,
    spool::{
        Spool,
        system::{File, Machine, Now, Open, System},
    },
};

use super::{drain, options, payload};

/// Tells a process that it is the one to be killed: the directory, and after how many operations it kills itself.
const VARIABLE: &str = "OFFPATH_TEST_SPOOL";

/// A machine on which the process dies after so many operations.
#[derive(Debug, Clone)]
struct Mortal {
    left: Arc<AtomicU64>,
}

impl Mortal {
    fn count(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 0 {
            let itself = rustix::process::getpid();
            let _ = rustix::process::kill_process(itself, rustix::process::Signal::KILL);
            thread::sleep(Duration::MAX);
        }
    }
}

impl System for Mortal {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.count();
        Machine.create_dir(path)
    }
    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        Machine.list(directory)
    }
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn File>> {
        self.count();
        Ok(Box::new(MortalFile { mortal: self.clone(), file: Machine.open(path, how)? }))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.count();
        Machine.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.count();
        Machine.remove(path)
    }
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn now(&self) -> Now {
        Machine.now()
    }
}

#[derive(Debug)]
struct MortalFile {
    mortal: Mortal,
    file: Box<dyn File>,
}

impl File for MortalFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(bytes, offset)
    }
    /// In two halves, as a kill may have it.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.mortal.count();
        let half = bytes.len().div_ceil(2);
        self.file.write_at(&bytes[..half], offset)
    }
    fn set_length(&self, length: u64) -> io::Result<()> {
        self.mortal.count();
        self.file.set_length(length)
    }
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Not a test: what the process that dies does. It says what it has committed, and what its sink has delivered.
#[test]
fn the_process_that_dies() {
    let Ok(variable) = std::env::var(VARIABLE) else { return };
    let (directory, left) = variable.rsplit_once(':').expect("two parts");
    let left = left.parse().expect("a number");
    let system = Arc::new(Mortal { left: Arc::new(AtomicU64::new(left)) });
    let (spool, mut writer) = Spool::open_on(system, Path::new(directory), options()).expect("opened");
    let (mut cursor, _) = spool.enrol("a").expect("enrolled");
    let mut out = io::stdout().lock();
    for _ in 0..if left == u64::MAX { u64::MAX } else { 12 } {
        let end = spool.end();
        for index in end..end + 3 {
            assert!(writer.push(1, index, index, &payload(index)));
        }
        writer.commit().expect("committed");
        writeln!(out, "committed {}", spool.end()).expect("told");
        let mut reader = spool.reader("a", cursor.next);
        while reader.read().expect("read").is_some() {}
        assert_eq!(reader.take_missing(), 0);
        cursor.next = reader.position();
        spool.advance("a", &cursor).expect("saved");
        writeln!(out, "delivered {}", cursor.next).expect("told");
        let _ = spool.sweep();
    }
}

fn start(directory: &Path, left: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "spool::kill::the_process_that_dies", "--nocapture", "--test-threads=1"]);
    command.env(VARIABLE, format!("{}:{left}", directory.display()));
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started")
}

/// What the process said last: the ends of what it committed and of what it delivered. Calls `at_first` when it has
/// committed.
fn heard(child: &mut Child, mut at_first: impl FnMut()) -> (u64, u64) {
    let (mut committed, mut delivered) = (0, 0);
    for line in BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok) {
        if let Some((_, number)) = line.split_once("committed ") {
            if committed == 0 {
                at_first();
            }
            committed = number.parse().unwrap_or(committed);
        } else if let Some((_, number)) = line.split_once("delivered ") {
            delivered = number.parse().unwrap_or(delivered);
        }
    }
    (committed, delivered)
}

/// Opens what is left, and holds it against what was said.
fn check(directory: &Path, (committed, delivered): (u64, u64), moment: &str) {
    let (spool, writer) = Spool::open(directory, options()).expect("opened");
    let end = spool.end();
    assert!(end >= committed, "{moment}: {committed} were committed, {end} are there");
    let (cursor, gone) = spool.enrol("a").expect("enrolled");
    assert!(
        cursor.next >= delivered && cursor.next <= end,
        "{moment}: {delivered} were delivered, not {}",
        cursor.next
    );
    assert_eq!(gone, 0, "{moment}");
    let (read, missing) = drain(&spool, "a", cursor.next);
    assert_eq!((read, missing), ((cursor.next..end).collect(), 0), "{moment}");
    assert_eq!(writer.states().get(1).and_then(|state| state.sequence), end.checked_sub(1), "{moment}");
}

#[test]
fn a_process_that_dies_after_any_operation_loses_nothing() {
    for left in 0.. {
        let place = tempfile::tempdir().expect("a directory");
        let directory: PathBuf = place.path().join("spool");
        let mut child = start(&directory, left);
        let heard = heard(&mut child, || ());
        let status = child.wait().expect("waited for");
        check(&directory, heard, &format!("after {left} operations"));
        if status.success() {
            assert!(left > 60, "there are more operations than {left}");
            return;
        }
    }
}

#[test]
fn a_process_that_is_killed_at_random_again_and_again_loses_nothing() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("spool");
    for round in 0..60 {
        let mut child = start(&directory, u64::MAX);
        let killer = rustix::process::Pid::from_child(&child);
        // At any moment of its life: this is what is tested, so there is nothing to wait for, but that in half the rounds it
        // has begun to work.
        let after = Duration::from_micros(ids::random_u64() % 30_000);
        let (working, works) = mpsc::channel();
        let killer = thread::spawn(move || {
            if round % 2 == 1 {
                let _ = works.recv();
            }
            thread::sleep(after);
            rustix::process::kill_process(killer, rustix::process::Signal::KILL)
        });
        let heard = heard(&mut child, || _ = working.send(()));
        drop(working);
        child.wait().expect("waited for");
        killer.join().expect("no panic").expect("sent");
        check(&directory, heard, &format!("in round {round}"));
    }
}
