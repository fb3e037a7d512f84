//! A configuration file while an exporter runs: what it says anew, and whether that can be taken.
//!
//! What is read counts when it is read a second time: a file that is being written is not taken in half.

use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use offpath_core::config::Error;
use rustix::fs::{Mode, OFlags};
use tokio::sync::mpsc;

use super::{ConfigError, Environment, Loaded, Located, environment, parse};

/// From one look to the next.
const LOOK: Duration = Duration::from_millis(500);

/// Follows a file.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    /// The text that was taken last.
    in_force: String,
    /// What the last look saw.
    seen: Option<Reading>,
    /// What was refused last, unless what is in force has come back.
    refused: Option<Reading>,
}

/// What a look sees.
type Reading = Result<String, io::ErrorKind>;

/// What a look tells.
#[derive(Debug)]
pub enum Change {
    /// There is another configuration, and it can be taken.
    Taken(Box<Loaded>),
    /// There is another one, or none, and what was in force stays so.
    Refused(ConfigError),
    /// After one that was refused, what is in force stands in the file again.
    Back,
}

impl Follower {
    /// Of a file, from which `text` was taken.
    #[must_use]
    pub fn new(path: PathBuf, text: String) -> Self {
        Self { path, in_force: text, seen: None, refused: None }
    }

    /// Looks from now on, in a thread of its own: a file system that hangs keeps nobody else waiting.
    ///
    /// # Errors
    ///
    /// If there can be no thread.
    pub fn start(mut self) -> io::Result<mpsc::Receiver<Change>> {
        let (told, changes) = mpsc::channel(1);
        let run = move || {
            while !told.is_closed() {
                thread::sleep(LOOK);
                if let Some(change) = self.look(&environment) {
                    // Nobody is left to be told: the loop ends.
                    let _ = told.blocking_send(change);
                }
            }
        };
        thread::Builder::new().name("offpath-config".to_owned()).spawn(run)?;
        Ok(changes)
    }

    /// Looks into the file. Each change is told once.
    pub fn look(&mut self, env: Environment<'_>) -> Option<Change> {
        let read = read_again(&self.path);
        let reading = read.as_ref().map(String::clone).map_err(io::Error::kind);
        if self.seen.replace(reading.clone()) != Some(reading.clone())
            || self.refused.as_ref() == Some(&reading)
        {
            return None;
        }
        let change = match read {
            Ok(text) if text == self.in_force => {
                return self.refused.take().map(|_| Change::Back);
            }
            Ok(text) if is_empty(&text) && !is_empty(&self.in_force) => Err(self.emptied()),
            Ok(text) => parse(Some(&self.path), &text, env).map(|loaded| (loaded, text)),
            Err(source) => Err(ConfigError::Read { path: self.path.clone(), source }),
        };
        match change {
            Ok((loaded, text)) => {
                (self.in_force, self.refused) = (text, None);
                Some(Change::Taken(Box::new(loaded)))
            }
            Err(error) => {
                self.refused = Some(reading);
                Some(Change::Refused(error))
            }
        }
    }

    fn emptied(&self) -> ConfigError {
        let rule = "is empty, where there were settings; to go back to the defaults write [capture]";
        let error = Error { field: String::new(), rule: rule.to_owned(), value: String::new() };
        let errors = vec![Located { line: None, column: None, error }];
        ConfigError::Invalid { path: Some(self.path.clone()), errors }
    }
}

/// Reads what may be another file by now. A pipe or a device might keep us waiting, and is not opened.
fn read_again(path: &Path) -> io::Result<String> {
    regular(&fs::metadata(path)?)?;
    // Nor does it wait if one has come into its place just now.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    regular(&file.metadata()?)?;
    io::read_to_string(file)
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    let irregular = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    metadata.is_file().then_some(()).ok_or_else(irregular)
}

/// Whether there is nothing but blanks and comments: what a full disk, or `>` in a shell, leaves of a file.
fn is_empty(text: &str) -> bool {
    toml::from_str::<toml::Table>(text).is_ok_and(|table| table.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[service]\nname = \"a\"\n";
    const BETTER: &str = "[service]\nname = \"b\"\n";

    /// A file with [`GOOD`], which is followed, and the first of two looks at it.
    fn followed() -> (tempfile::TempDir, Follower) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("offpath.toml");
        fs::write(&path, GOOD).expect("written");
        let mut follower = Follower::new(path, GOOD.to_owned());
        assert!(follower.look(&|_| None).is_none());
        (directory, follower)
    }

    /// Writes the file, and looks so often.
    fn after(follower: &mut Follower, text: &str, looks: usize) -> Vec<&'static str> {
        fs::write(&follower.path, text).expect("written");
        let changes = (0..looks).filter_map(|_| follower.look(&|_| None));
        changes.map(|change| name(&change)).collect()
    }

    fn name(change: &Change) -> &'static str {
        match change {
            Change::Taken(_) => "taken",
            Change::Refused(_) => "refused",
            Change::Back => "back",
        }
    }

    #[test]
    fn a_change_is_taken_at_the_second_look_and_once() {
        let (_directory, mut follower) = followed();
        assert!(after(&mut follower, BETTER, 1).is_empty());
        assert_eq!(after(&mut follower, BETTER, 4), ["taken"]);
    }

    #[test]
    fn a_file_that_is_still_written_is_not_taken() {
        let (_directory, mut follower) = followed();
        for end in 1..BETTER.len() {
            assert!(after(&mut follower, &BETTER[..end], 1).is_empty());
        }
        assert_eq!(after(&mut follower, BETTER, 2), ["taken"]);
    }

    #[test]
    fn a_bad_file_is_refused_once_and_what_is_in_force_may_come_back() {
        let (_directory, mut follower) = followed();
        assert_eq!(after(&mut follower, "[servic]", 4), ["refused"]);
        assert_eq!(after(&mut follower, "[service", 4), ["refused"]);
        assert_eq!(after(&mut follower, GOOD, 4), ["back"]);
        assert_eq!(after(&mut follower, BETTER, 4), ["taken"]);
    }

    #[test]
    fn a_file_that_is_emptied_is_refused_where_there_were_settings() {
        let (_directory, mut follower) = followed();
        assert_eq!(after(&mut follower, "", 4), ["refused"]);
        assert_eq!(after(&mut follower, "\u{feff}\n # name = 1\n\t\n", 4), ["refused"]);
        assert_eq!(after(&mut follower, "[capture]\n", 4), ["taken"]);
        assert_eq!(after(&mut follower, "", 4), ["refused"]);
    }

    #[test]
    fn a_file_that_was_empty_may_stay_so() {
        let (_directory, mut follower) = followed();
        follower.in_force = "# nothing yet\n".to_owned();
        assert_eq!(after(&mut follower, "# still nothing\n", 4), ["taken"]);
    }

    #[test]
    fn what_comes_in_place_of_a_file_is_refused_unless_it_is_one() {
        for other in ["/", "/dev/null"] {
            let (_directory, mut follower) = followed();
            fs::remove_file(&follower.path).expect("removed");
            std::os::unix::fs::symlink(other, &follower.path).expect("linked");
            let changes: Vec<_> = (0..4).filter_map(|_| follower.look(&|_| None)).collect();
            let [Change::Refused(error)] = changes.as_slice() else { panic!("{changes:?}") };
            assert_eq!(error.to_string(), format!("{}: not a regular file", follower.path.display()));
        }
    }

    #[test]
    fn a_file_that_vanishes_is_refused_and_followed_when_it_is_back() {
        let (directory, mut follower) = followed();
        fs::remove_file(&follower.path).expect("removed");
        let changes: Vec<_> = (0..4).filter_map(|_| follower.look(&|_| None)).collect();
        assert!(matches!(changes.as_slice(), [Change::Refused(ConfigError::Read { .. })]));
        assert_eq!(after(&mut follower, BETTER, 4), ["taken"]);
        drop(directory);
    }
}
