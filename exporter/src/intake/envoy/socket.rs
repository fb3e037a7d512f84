//! The socket's file: there with its mode from its first moment, one listener at a time, gone with its listener.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::{
        fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

/// What is appended to the name until the socket is ready.
const UNFINISHED: &str = ".new";

/// The longest path, in bytes: of the 108 of a `sockaddr_un`, one ends the path, and [`UNFINISHED`] takes its part.
pub(super) const LONGEST: usize = 107 - UNFINISHED.len();

/// Why there cannot be a socket.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody listens there.
    #[error(
        "intake.envoy.socket: another process listens there: stop it, or name another path, got \"{}\"",
        .0.display()
    )]
    InUse(PathBuf),
    /// There is a file that is not ours to remove.
    #[error("intake.envoy.socket: must not name a file that is no socket, got \"{}\"", .0.display())]
    NoSocket(PathBuf),
    /// The system refused.
    #[error("intake.envoy.socket: cannot listen there: {source}, got \"{}\"", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A socket that is listened on. Its file goes when it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode: another may have put its own there since.
    file: (u64, u64),
}

impl Socket {
    /// Listens at `path`, in place of a socket that a killed process left there. The directory is made if it is not there,
    /// for this user alone.
    ///
    /// # Errors
    ///
    /// See [`BindError`].
    pub fn bind(path: &Path, mode: u32) -> Result<Self, BindError> {
        let failed = |source| BindError::Io { path: path.to_owned(), source };
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
        }
        check_free(path)?;
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(UNFINISHED);
        let unfinished = PathBuf::from(unfinished);
        let bound = (|| {
            remove(&unfinished)?;
            let listener = UnixListener::bind(&unfinished)?;
            fs::set_permissions(&unfinished, Permissions::from_mode(mode))?;
            let file = identity(&unfinished)?;
            fs::rename(&unfinished, path)?;
            Ok(Self { listener, path: path.to_owned(), file })
        })();
        bound.map_err(failed)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn listener(&self) -> &UnixListener {
        &self.listener
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether `path` is free, or has a socket that nobody listens on.
fn check_free(path: &Path) -> Result<(), BindError> {
    let failed = |source| BindError::Io { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(found) if !found.file_type().is_socket() => return Err(BindError::NoSocket(path.to_owned())),
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
            Ok(())
        }
        // Its queue is full.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(BindError::InUse(path.to_owned())),
        Err(error) => Err(failed(error)),
        Ok(_) => Err(BindError::InUse(path.to_owned())),
    }
}

/// Removes what a process left that was killed while it made its socket.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}
