//! A real Redis, on a Unix socket of its own.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use redis::{Connection, FromRedisValue};
use tempfile::TempDir;

use super::{PATIENCE, eventually};

/// An entry of a stream.
pub(crate) type Entry = (String, Vec<(String, Vec<u8>)>);

/// A server, which ends with its test.
#[derive(Debug)]
pub(crate) struct Server {
    directory: TempDir,
    options: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// One that writes all it does to a file, with these options beside.
    pub(crate) fn start(options: &[&str]) -> Self {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let directory = tempfile::tempdir().expect("a directory");
        let mut server = Self { directory, options, child: None };
        server.resume();
        server
    }

    /// Starts it again, with what it wrote.
    pub(crate) fn resume(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "yes", "--unixsocket"]).arg(self.socket());
        command.arg("--dir").arg(self.directory.path()).args(&self.options);
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        self.child = Some(started.expect("redis-server is needed: sudo apt-get install redis-server"));
        eventually("Redis answers", || {
            let answer =
                self.try_connect().and_then(|mut connection| redis::cmd("PING").exec(&mut connection));
            answer.is_ok() || answer.is_err_and(|error| error.code() == Some("NOAUTH"))
        });
    }

    /// SIGKILL, and gone when this returns.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("waited for");
        }
        // What a killed server leaves would be taken for one that is there.
        let _ = std::fs::remove_file(self.socket());
    }

    /// Makes it forget all, as one that keeps nothing on disk does.
    pub(crate) fn lose_all(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(self.directory.path().join("appendonlydir"));
        self.resume();
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn try_connect(&self) -> redis::RedisResult<Connection> {
        let connection = redis::Client::open(self.url())?.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        Ok(connection)
    }

    pub(crate) fn connect(&self) -> Connection {
        self.try_connect().expect("connected")
    }

    /// What a command gives.
    pub(crate) fn ask<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let mut ask = redis::cmd(command[0]);
        command[1..].iter().for_each(|argument| _ = ask.arg(*argument));
        ask.query(&mut self.connect()).expect("an answer")
    }

    /// How many entries a stream has.
    pub(crate) fn length(&self, stream: &str) -> usize {
        self.ask(&["XLEN", stream])
    }

    /// The ids of the events in a stream, in order of their ids.
    pub(crate) fn events(&self, stream: &str) -> Vec<u128> {
        let entries: Vec<Entry> = self.ask(&["XRANGE", stream, "-", "+"]);
        let event = |bytes: &[u8]| offpath_core::event::Event::from_bytes(bytes).expect("an event").id();
        let mut ids: Vec<u128> = entries.iter().map(|(_, fields)| event(&fields[0].1)).collect();
        ids.sort_unstable();
        ids
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
