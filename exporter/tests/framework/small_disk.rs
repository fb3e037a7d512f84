//! An exporter whose data directory is a disk of its own, which can be filled.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Place, Running, eventually, get};

/// An exporter with 3 MiB for its data, 2.5 MB of them taken.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    _exporter: Running,
    /// The data directory as the exporter sees it, in its own mount namespace.
    data: PathBuf,
    address: String,
}

impl SmallDisk {
    /// Starts it; `None`, which is told, where users may not mount a file system of their own.
    pub(crate) fn run(place: &Place) -> Option<Self> {
        if !may_mount() {
            eprintln!("skipped: this machine does not let its users mount a tmpfs");
            return None;
        }
        fs::create_dir(place.data()).expect("made");
        let script = "mount -t tmpfs -o size=3m tmpfs \"$0\" && head -c 2500000 /dev/zero > \"$0/ballast\" && exec \"$@\"";
        let offpath = place.command();
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script]).arg(place.data()).arg(offpath.get_program()).arg("run");
        command.env_clear().current_dir(place.path());
        command.envs(offpath.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let exporter = place.spawn(command);
        let data = format!("/proc/{}/root{}", exporter.child.id(), place.data().display());
        let data = PathBuf::from(data);
        eventually("it serves", || data.join("http.addr").exists());
        let address = fs::read_to_string(data.join("http.addr")).expect("read").trim().to_owned();
        Some(Self { _exporter: exporter, data, address })
    }

    /// Takes all that is left.
    pub(crate) fn fill(&self) {
        fs::write(self.data.join("ballast"), vec![0; 4 << 20]).expect_err("it is full");
    }

    /// Gives all back that the exporter has not taken.
    pub(crate) fn make_room(&self) {
        fs::remove_file(self.data.join("ballast")).expect("removed");
    }

    /// The data directory, as it is seen from here.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        get(&self.address, path, "localhost")
    }
}

fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status();
    tried.is_ok_and(|status| status.success())
}
