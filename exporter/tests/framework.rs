//! Starts real exporters on real files, and looks at what they leave.

pub(crate) mod authority;
pub(crate) mod envoy;
pub(crate) mod events;
pub(crate) mod hung_disk;
pub(crate) mod load;
pub(crate) mod proxy;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod small_disk;
pub(crate) mod tunnel;

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

use offpath_ring::{Options, Producer};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take before a test gives up. Only a failing test waits for it: a loaded machine is
/// slow, not wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both kinds of file as sinks. The times of events in tests are fixed, and are not to become too old.
pub(crate) const BOTH: &str = "[sinks.db]\ntype = \"sqlite\"\nmax_age = \"10000d\"\n\
    [sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n";

/// A directory with all that one exporter needs.
#[derive(Debug)]
pub(crate) struct Place {
    root: TempDir,
}

impl Place {
    /// With [`BOTH`].
    pub(crate) fn new() -> Self {
        Self::with(BOTH)
    }

    /// With this in the configuration, beside where to listen and to keep data.
    pub(crate) fn with(more: &str) -> Self {
        let place = Self { root: tempfile::tempdir().expect("a directory") };
        place.configure("", more);
        place
    }

    /// Writes the configuration anew; `exporter` goes into that table.
    pub(crate) fn configure(&self, exporter: &str, more: &str) {
        let data = self.data().display().to_string();
        let text = format!("[exporter]\nlisten = \"127.0.0.1:0\"\ndata_dir = \"{data}\"\n{exporter}\n{more}");
        fs::write(self.config(), text).expect("written");
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path().join("offpath.toml")
    }

    pub(crate) fn rings(&self) -> PathBuf {
        self.path().join("rings")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Where Envoy's batches go.
    pub(crate) fn socket(&self) -> PathBuf {
        self.rings().join("ingest.sock")
    }

    pub(crate) fn lines_file(&self) -> PathBuf {
        self.path().join("events.jsonl")
    }

    /// The command with nothing of this process's surroundings.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offpath"));
        command.env_clear().env("HOME", self.path()).env("OFFPATH_DIR", self.rings());
        command.env("OFFPATH_CONFIG", self.config()).env("LINES", self.lines_file());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.current_dir(self.path());
        command
    }

    /// Starts `offpath run`.
    pub(crate) fn run(&self) -> Running {
        let mut command = self.command();
        command.arg("run");
        self.spawn(command)
    }

    /// Starts a command, with what it logs in a file.
    pub(crate) fn spawn(&self, mut command: Command) -> Running {
        // Of the one before, which may have been killed.
        let _ = fs::remove_file(self.data().join("http.addr"));
        let log = fs::File::options().create(true).append(true).open(self.log_file()).expect("a log");
        let child = command.stderr(log).stdin(Stdio::null()).spawn().expect("started");
        Running::of(child, self)
    }

    fn log_file(&self) -> PathBuf {
        self.path().join("log")
    }

    /// A ring of an app.
    pub(crate) fn ring(&self, capacity: u64) -> Producer {
        Producer::create(&self.rings(), &Options { capacity }).expect("a ring")
    }

    /// How many rings there are.
    pub(crate) fn rings_left(&self) -> usize {
        offpath_ring::rings(&self.rings()).expect("listed").len()
    }

    /// The ids in the store, in order.
    pub(crate) fn stored(&self) -> Vec<u128> {
        let mut ids: Vec<u128> = self.query("SELECT id FROM events").iter().map(|id| hex(id)).collect();
        ids.sort_unstable();
        ids
    }

    /// The first column of a query on the store; empty while there is none.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        let path = self.data().join("offpath.db");
        let Ok(store) = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY) else {
            return Vec::new();
        };
        store.busy_timeout(PATIENCE).expect("set");
        let Ok(mut statement) = store.prepare(sql) else { return Vec::new() };
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("a query");
        rows.collect::<Result<_, _>>().expect("text")
    }

    /// The lines that the jsonl sink wrote.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.lines_file()).unwrap_or_default();
        // The last one may be half written.
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// The ids of the lines, in order.
    pub(crate) fn listed(&self) -> Vec<u128> {
        let lines = self.lines();
        let mut ids: Vec<u128> = lines.iter().map(|line| hex(line["id"].as_str().expect("an id"))).collect();
        ids.sort_unstable();
        ids
    }

    /// By reason, what the lines say was lost.
    pub(crate) fn lost(&self) -> BTreeMap<String, u64> {
        let mut lost = BTreeMap::new();
        for line in self.lines().iter().filter(|line| line["kind"] == "loss") {
            let reason = line["reason"].as_str().expect("a reason").to_owned();
            *lost.entry(reason).or_default() += line["count"].as_u64().expect("a count");
        }
        lost
    }

    /// The spool's segments, oldest first.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.data().join("spool")).expect("a spool");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        paths.sort();
        paths
    }
}

fn hex(id: &str) -> u128 {
    u128::from_str_radix(id, 16).expect("an id")
}

/// A process that ends with its test.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) child: Child,
    data: PathBuf,
    log: PathBuf,
}

impl Running {
    /// A process that was started elsewhere.
    pub(crate) fn of(child: Child, place: &Place) -> Self {
        Self { child, data: place.data(), log: place.log_file() }
    }

    /// SIGKILL, and gone when this returns.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("waited for");
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a pid"), signal).expect("sent");
    }

    /// SIGTERM, and the exit status.
    pub(crate) fn stop(self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.wait()
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        let mut status = None;
        eventually("the process ends", || {
            status = self.child.try_wait().expect("waited for");
            status.is_some()
        });
        status.expect("it has ended")
    }

    /// Waits for where it serves.
    pub(crate) fn address(&self) -> String {
        let mut address = String::new();
        eventually("it says where it serves", || {
            address = fs::read_to_string(self.data.join("http.addr")).unwrap_or_default();
            address.ends_with('\n')
        });
        address.trim().to_owned()
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let address = self.address();
        get(&address, path, &address)
    }

    /// A metric's value; 0 if there is none of that name and labels.
    pub(crate) fn metric<T: FromStr + Default>(&self, name_and_labels: &str) -> T {
        let (_, text) = self.get("/metrics");
        let value = text.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        value.map(|value| value.parse().ok().expect("a number")).unwrap_or_default()
    }

    /// The value of a metric that counts.
    pub(crate) fn count(&self, name_and_labels: &str) -> u64 {
        self.metric(name_and_labels)
    }

    /// The most memory that it had at a time.
    pub(crate) fn peak_resident_mb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("read");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }

    /// The state, as ps has it, of the thread of that name.
    pub(crate) fn thread_state(&self, name: &str) -> Option<char> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("listed");
        let stats = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok());
        stats.filter_map(|stat| stat.split_once(&format!("({name}) "))?.1.chars().next()).next()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- log of the exporter\n{}", self.log());
        }
    }
}

/// An HTTP request as a stranger could write it: status and body.
pub(crate) fn get(address: &str, path: &str, host: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("sent");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("received");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// Waits until it holds.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    const LOOK: Duration = Duration::from_millis(10);
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in {PATIENCE:?} it did not come about that {what}");
        thread::sleep(LOOK);
    }
}
