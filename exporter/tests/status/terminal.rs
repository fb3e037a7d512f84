//! A pseudo-terminal, and what it shows.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::{AsFd as _, OwnedFd},
    process::{Child, Command},
    sync::{Arc, Mutex},
    thread,
};

use anstream::adapter::strip_str;
use rustix::{
    fs::{Mode, OFlags, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

use crate::framework::eventually;

/// The terminal's own end, and all that was written to the other.
#[derive(Debug)]
pub(super) struct Terminal {
    master: File,
    slave: OwnedFd,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let slave = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("opened");
        let master = File::from(master);
        let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (mut from, to) = (master.try_clone().expect("cloned"), Arc::clone(&seen));
        // Until the other end is closed, which it is when this is gone.
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut chunk) {
                to.lock().expect("not poisoned").extend_from_slice(&chunk[..length]);
            }
        });
        let terminal = Self { master, slave, seen };
        terminal.resize(columns, rows);
        terminal
    }

    pub(super) fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).expect("set");
    }

    /// Starts a command on it.
    pub(super) fn start(&self, command: &mut Command) -> Child {
        let end = || self.slave.try_clone().expect("cloned");
        command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("started")
    }

    pub(super) fn press(&mut self, keys: &[u8]) {
        self.master.write_all(keys).expect("written");
    }

    /// All that was written.
    pub(super) fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().expect("not poisoned")).into_owned()
    }

    /// The lines of the last frame that was drawn whole, without styles.
    pub(super) fn screen(&self) -> Vec<String> {
        let seen = self.seen();
        let Some((drawn, _)) = seen.rsplit_once("\u{1b}[J") else { return Vec::new() };
        let frame = drawn.rsplit_once("\u{1b}[H").expect("a beginning").1;
        // The terminal adds a carriage return to each end of a line.
        frame.split('\n').map(|line| strip_str(line.trim_end_matches('\r')).to_string()).collect()
    }

    pub(super) fn wait_for(&self, what: &str, holds: impl Fn(&[String]) -> bool) {
        eventually(what, || {
            let screen = self.screen();
            !screen.is_empty() && holds(&screen)
        });
    }

    /// Whether what is typed comes by lines and is shown, as shells have it.
    pub(super) fn takes_lines(&self) -> bool {
        let modes = tcgetattr(self.slave.as_fd()).expect("modes").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// All that was written, once the screen is left.
    pub(super) fn rest(&self) -> String {
        eventually("the screen is left", || self.seen().contains("\u{1b}[?1049l"));
        self.seen()
    }
}
