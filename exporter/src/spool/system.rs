//! What the spool asks of the machine that it is on: a few operations on files, and two clocks. It is a trait, so that
//! tests can have each of them fail, and the power go.

use std::{
    fmt, fs, io,
    os::unix::fs::{DirBuilderExt as _, FileExt},
    path::Path,
    sync::OnceLock,
};

use rustix::time::{ClockId, clock_gettime};

use crate::ids;

/// Files and clocks.
pub trait System: fmt::Debug + Send + Sync {
    /// Makes a directory and those above it, unless they are there.
    ///
    /// # Errors
    ///
    /// As the file system has them; so it is for all of these.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// The names in a directory, in no order.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn File>>;

    /// Gives a file another name, in place of what has it.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; those who have it open can go on reading it.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory outlast a power cut.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn sync_dir(&self, directory: &Path) -> io::Result<()>;

    /// What the clocks say.
    fn now(&self) -> Now;
}

/// An open file.
pub trait File: fmt::Debug + Send + Sync {
    /// Its length in bytes.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn length(&self) -> io::Result<u64>;

    /// Reads some bytes; none at its end.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes some bytes.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Cuts it, or makes it longer by zeros.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Makes its bytes outlast a power cut.
    ///
    /// # Errors
    ///
    /// As for [`System::create_dir`].
    fn sync(&self) -> io::Result<()>;
}

/// How to open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// One that is there, to read.
    Read,
    /// One that is there, to read and write.
    Write,
    /// A new one, or one that is there and loses what it holds, to read and write.
    Create,
}

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// The clock on the wall, in nanoseconds since the Unix epoch: people and programs set it.
    pub unix_ns: u64,
    /// Nanoseconds since the machine was started, sleep included: nobody sets it.
    pub up_ns: u64,
    /// Which start that was.
    pub boot: String,
}

impl dyn File + '_ {
    /// Reads until `bytes` are full or the file ends; returns how many were read.
    pub(super) fn read_full(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < bytes.len() {
            match self.read_at(&mut bytes[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Reads `length` bytes; `None` if there are not so many.
    pub(super) fn read_exactly(&self, offset: u64, length: usize) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = vec![0; length];
        let read = self.read_full(&mut bytes, offset)?;
        Ok((read == length).then_some(bytes))
    }

    /// Writes all of `bytes`.
    pub(super) fn write_all(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut done = 0;
        while done < bytes.len() {
            match self.write_at(&bytes[done..], offset + done as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => done += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The machine itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine;

impl System for Machine {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let names = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn File>> {
        let (write, create) = (how != Open::Read, how == Open::Create);
        let file = fs::File::options().read(true).write(write).create(create).truncate(create).open(path)?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, directory: &Path) -> io::Result<()> {
        fs::File::open(directory)?.sync_all()
    }

    fn now(&self) -> Now {
        static BOOT: OnceLock<String> = OnceLock::new();
        let boot = BOOT.get_or_init(|| {
            let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
            id.trim().to_owned()
        });
        let up = clock_gettime(ClockId::Boottime);
        let up_ns = u64::try_from(up.tv_sec).unwrap_or(0).saturating_mul(1_000_000_000);
        let up_ns = up_ns.saturating_add(u64::try_from(up.tv_nsec).unwrap_or(0));
        Now { unix_ns: ids::now_unix_ns(), up_ns, boot: boot.clone() }
    }
}

impl File for fs::File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, offset)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
