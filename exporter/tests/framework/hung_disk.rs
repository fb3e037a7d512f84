//! An exporter that has a file system before it on which everything hangs.

use std::{fs, path::PathBuf, process::Command};

use super::{Place, Running};

/// Nobody answers what the kernel asks.
const MOUNT: &str =
    "exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hung \"$0\"";

/// Starts it; with the directory that hangs, for it alone. `None`, which is told, where users may not mount it.
pub(crate) fn run(place: &Place) -> Option<(Running, PathBuf)> {
    let hung = place.path().join("hung");
    fs::create_dir(&hung).expect("made");
    let tried = Command::new("unshare").args(["-rm", "sh", "-c", MOUNT]).arg(&hung).status();
    if !tried.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine does not let its users mount a file system of their own");
        return None;
    }
    let offpath = place.command();
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &format!("{MOUNT} && exec \"$@\"")]);
    command.arg(&hung).arg(offpath.get_program()).arg("run").env_clear().current_dir(place.path());
    command.envs(offpath.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some((place.spawn(command), hung))
}
