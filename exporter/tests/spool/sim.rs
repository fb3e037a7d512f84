//! A machine in memory: its disk fails when it is told to, and forgets at a power cut what was not synced.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use offpath_exporter::spool::system::{File, Now, Open, System};

/// What the disk writes whole or not at all.
const SECTOR: usize = 512;

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// With an error, and nothing is done.
    Error,
    /// With an error, after it was done.
    Lie,
    /// A write with the word that the disk is full, after this many bytes. Other operations succeed.
    Full(usize),
    /// A read or a write of one byte only. Other operations succeed.
    Short,
}

/// Clones are the same machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sim(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The names as processes see them, and what a power cut would leave of them.
    names: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    /// Since the directory was synced.
    renamed: Vec<Renamed>,
    files: Vec<Content>,
    /// How many operations succeed before the next ones, so many, fail.
    faults: Option<(u32, u32, Fault)>,
    read: u64,
    unix_ns: u64,
    up_ns: u64,
    boots: u64,
}

#[derive(Debug, Clone)]
struct Renamed {
    from: Option<PathBuf>,
    to: Option<(PathBuf, usize)>,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    /// Since it was synced.
    written: Vec<Written>,
}

#[derive(Debug, Clone)]
enum Written {
    Sector(usize, Vec<u8>),
    Length(usize),
}

impl Written {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Sector(at, sector) => {
                bytes.resize(bytes.len().max(at + sector.len()), 0);
                bytes[*at..at + sector.len()].copy_from_slice(sector);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

impl Renamed {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        if let Some(from) = &self.from {
            names.remove(from);
        }
        if let Some((to, file)) = &self.to {
            names.insert(to.clone(), *file);
        }
    }
}

impl Sim {
    /// After `after` operations, `times` of them fail.
    pub(crate) fn fail(&self, after: u32, times: u32, fault: Fault) {
        self.state().faults = Some((after, times, fault));
    }

    /// Nothing fails any more.
    pub(crate) fn heal(&self) {
        self.state().faults = None;
    }

    /// Time passes.
    pub(crate) fn pass(&self, ns: u64) {
        let mut state = self.state();
        state.up_ns += ns;
        state.unix_ns += ns;
    }

    /// Somebody sets the clock.
    pub(crate) fn set_clock(&self, unix_ns: u64) {
        self.state().unix_ns = unix_ns;
    }

    /// Bytes that were read.
    pub(crate) fn read(&self) -> u64 {
        self.state().read
    }

    /// Loses what was not synced, but for what `keeps` says yes to, and starts anew.
    pub(crate) fn cut_power(&self, mut keeps: impl FnMut() -> bool) {
        let mut state = self.state();
        let State { names, durable, renamed, files, .. } = &mut *state;
        for file in files {
            let kept = file.written.drain(..).filter(|_| keeps());
            kept.for_each(|written| written.apply(&mut file.durable));
            file.bytes.clone_from(&file.durable);
        }
        renamed.drain(..).filter(|_| keeps()).for_each(|renamed| renamed.apply(durable));
        names.clone_from(durable);
        state.boots += 1;
        state.up_ns = 0;
    }

    /// The names in a directory.
    pub(crate) fn names(&self, directory: &Path) -> Vec<String> {
        let state = self.state();
        let names = state.names.keys().filter(|path| path.parent() == Some(directory));
        names.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
    }

    /// Changes a file's bytes behind everybody's back.
    pub(crate) fn tamper(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names[path];
        change(&mut state.files[file].bytes);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, done: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        match state.fault() {
            Some(Fault::Error) => Err(ErrorKind::Other.into()),
            Some(Fault::Lie) => done(&mut state).and(Err(ErrorKind::Other.into())),
            _ => done(&mut state),
        }
    }
}

impl State {
    fn fault(&mut self) -> Option<Fault> {
        let (after, times, fault) = self.faults?;
        self.faults = match (after, times) {
            (0, 0 | 1) => None,
            (0, times) => Some((0, times - 1, fault)),
            (after, times) => Some((after - 1, times, fault)),
        };
        (after == 0).then_some(fault)
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn rename(&mut self, from: Option<&Path>, to: Option<(&Path, usize)>) {
        let to = to.map(|(to, file)| (to.to_owned(), file));
        let renamed = Renamed { from: from.map(Path::to_owned), to };
        renamed.apply(&mut self.names);
        self.renamed.push(renamed);
    }

    fn write(&mut self, file: usize, bytes: &[u8], offset: usize) {
        let content = &mut self.files[file];
        let mut done = 0;
        while done < bytes.len() {
            let end = bytes.len().min(done + SECTOR - (offset + done) % SECTOR);
            let written = Written::Sector(offset + done, bytes[done..end].to_vec());
            written.apply(&mut content.bytes);
            content.written.push(written);
            done = end;
        }
    }
}

impl System for Sim {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        self.change(|_| Ok(()))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.change(|_| Ok(()))?;
        Ok(self.names(directory))
    }

    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn File>> {
        self.change(|state| {
            if how == Open::Create {
                match state.file(path) {
                    Ok(file) => {
                        state.files[file].bytes.clear();
                        state.files[file].written.push(Written::Length(0));
                    }
                    Err(_) => {
                        state.files.push(Content::default());
                        let file = state.files.len() - 1;
                        state.rename(None, Some((path, file)));
                    }
                }
            }
            let file = state.file(path)?;
            Ok(Box::new(Handle { sim: self.clone(), file }) as Box<dyn File>)
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|state| {
            let file = state.file(from)?;
            state.rename(Some(from), Some((to, file)));
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|state| {
            state.file(path)?;
            state.rename(Some(path), None);
            Ok(())
        })
    }

    fn sync_dir(&self, directory: &Path) -> io::Result<()> {
        self.change(|state| {
            let is_here = |path: &PathBuf| path.parent() == Some(directory);
            let State { renamed, durable, .. } = state;
            renamed.retain(|renamed| {
                let to = renamed.to.as_ref().map(|(to, _)| to);
                let is_synced = renamed.from.as_ref().or(to).is_some_and(is_here);
                if is_synced {
                    renamed.apply(durable);
                }
                !is_synced
            });
            Ok(())
        })
    }

    fn now(&self) -> Now {
        let state = self.state();
        Now { unix_ns: state.unix_ns, up_ns: state.up_ns, boot: state.boots.to_string() }
    }
}

#[derive(Debug)]
struct Handle {
    sim: Sim,
    file: usize,
}

impl File for Handle {
    fn length(&self) -> io::Result<u64> {
        self.sim.change(|state| Ok(state.files[self.file].bytes.len() as u64))
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.sim.state();
        let most = match state.fault() {
            Some(Fault::Error | Fault::Lie) => return Err(ErrorKind::Other.into()),
            Some(Fault::Short) => 1,
            _ => usize::MAX,
        };
        let held = &state.files[self.file].bytes;
        let held = held.get(usize::try_from(offset).expect("small")..).unwrap_or_default();
        let read = held.len().min(bytes.len()).min(most);
        bytes[..read].copy_from_slice(&held[..read]);
        state.read += read as u64;
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.sim.state();
        let (most, error) = match state.fault() {
            Some(Fault::Error) => (0, Some(ErrorKind::Other)),
            Some(Fault::Lie) => (usize::MAX, Some(ErrorKind::Other)),
            Some(Fault::Full(most)) => (most, Some(ErrorKind::StorageFull)),
            Some(Fault::Short) => (1, None),
            None => (usize::MAX, None),
        };
        let written = bytes.len().min(most);
        state.write(self.file, &bytes[..written], usize::try_from(offset).expect("small"));
        error.map_or(Ok(written), |error| Err(error.into()))
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.sim.change(|state| {
            let written = Written::Length(usize::try_from(length).expect("small"));
            written.apply(&mut state.files[self.file].bytes);
            state.files[self.file].written.push(written);
            Ok(())
        })
    }

    /// As Linux does it: what could not be written is not tried again.
    fn sync(&self) -> io::Result<()> {
        let mut state = self.sim.state();
        let fault = state.fault();
        let content = &mut state.files[self.file];
        let written = std::mem::take(&mut content.written);
        if fault == Some(Fault::Error) {
            return Err(ErrorKind::Other.into());
        }
        written.iter().for_each(|written| written.apply(&mut content.durable));
        if fault == Some(Fault::Lie) { Err(ErrorKind::Other.into()) } else { Ok(()) }
    }
}
