//! A configuration file while an exporter runs: what it says anew, and whether that can be taken.
//!
//! What is read counts when it is read a second time: a file that is being written is not taken in half.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{ConfigError, Environment, Loaded, parse};

/// From one look to the next.
pub const LOOK: Duration = Duration::from_millis(500);

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

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks into the file. Each change is told once.
    pub fn look(&mut self, env: Environment<'_>) -> Option<Change> {
        let read = std::fs::read_to_string(&self.path);
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
        std::fs::write(&path, GOOD).expect("written");
        let mut follower = Follower::new(path, GOOD.to_owned());
        assert!(follower.look(&|_| None).is_none());
        (directory, follower)
    }

    /// Writes the file, and looks so often.
    fn after(follower: &mut Follower, text: &str, looks: usize) -> Vec<&'static str> {
        std::fs::write(follower.path(), text).expect("written");
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
    fn a_file_that_vanishes_is_refused_and_followed_when_it_is_back() {
        let (directory, mut follower) = followed();
        std::fs::remove_file(follower.path()).expect("removed");
        let changes: Vec<_> = (0..4).filter_map(|_| follower.look(&|_| None)).collect();
        assert!(matches!(changes.as_slice(), [Change::Refused(ConfigError::Read { .. })]));
        assert_eq!(after(&mut follower, BETTER, 4), ["taken"]);
        drop(directory);
    }
}
