//! What a crash, a power cut or a bad disk left: which segments are good, what the last one holds, where it ends.
//!
//! The headers of all segments are read, and the records of the last one. A segment whose header is damaged keeps its
//! records: they are found by their marker. What it said of the producers is found in the segment before, and in what that
//! one and the last hold.

use std::{collections::VecDeque, io, ops::Range, path::Path};

use tracing::warn;

use super::{
    Segment,
    clock::Clock,
    damaged::Damaged,
    frame,
    frames::Frames,
    segment::{self, Header},
    state::ProducerStates,
    system::{File, Open, System},
    writer::reason_of,
};

/// How far into a segment a marker is looked for if no header tells it.
const MARKER_WITHIN: usize = 1 << 20;

/// What the segments on disk come to.
pub(super) struct Recovered {
    pub(super) marker: u64,
    /// In which start of the machine the last segment was created, if that is known.
    pub(super) boot: Option<u32>,
    /// Segments, but for the last, that the machine may hold in memory only.
    pub(super) unsynced: Vec<u64>,
    /// Never empty.
    pub(super) segments: VecDeque<Segment>,
    pub(super) end: u64,
    pub(super) states: ProducerStates,
    pub(super) active: Box<dyn File>,
}

/// A segment as it is found.
struct Found {
    first: u64,
    length: u64,
    header: Option<Header>,
}

impl Recovered {
    /// A spool that begins with index `first`.
    pub(super) fn create(
        system: &dyn System,
        directory: &Path,
        first: u64,
        clock: &Clock,
    ) -> io::Result<Self> {
        let (marker, boot, created_ns) = (crate::ids::random_u64(), clock.boot(), clock.time());
        let header = Header { marker, first, boot, created_ns, states: ProducerStates::default() };
        let (active, length) = segment::create(system, directory, &header)?;
        let segments = VecDeque::from([Segment { first, length, created_ns }]);
        Ok(Self {
            marker,
            boot: Some(boot),
            unsynced: Vec::new(),
            segments,
            end: first,
            states: ProducerStates::default(),
            active,
        })
    }

    /// When the last segment was created.
    pub(super) fn newest_ns(&self) -> Option<u64> {
        self.segments.back().map(|segment| segment.created_ns)
    }
}

/// What is there; or, if there is no good segment, the index that a new spool begins with.
pub(super) fn recover(
    system: &dyn System,
    directory: &Path,
    damaged: &mut Damaged,
) -> io::Result<Result<Recovered, u64>> {
    let mut found = Vec::new();
    for first in segment::list(system, directory)? {
        found.push(look(system, directory, first)?);
    }
    let Some(marker) = marker_of(system, directory, &found)? else {
        return Ok(Err(set_all_aside(system, directory, &found)?));
    };
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for segment in found {
        let is_good = match &segment.header {
            Some(header) => header.marker == marker,
            None => has_frames(system, directory, segment.first, segment.length, marker)?,
        };
        if is_good { good.push(segment) } else { bad.push(segment) }
    }
    let last = good.last().map(|last| last.first);
    let mut beyond = 0;
    for segment in bad {
        let held = set_aside(system, directory, &segment)?;
        // What is missing before a good segment is known by that.
        if held > 0 && last.is_none_or(|last| segment.first > last) {
            beyond = segment.first + held;
        }
    }
    let Some(last) = last else { return Ok(Err(beyond)) };
    let states = states_before(system, directory, marker, &good)?;
    let mut tail = Tail { system, directory, marker, damaged, states };
    let active = system.open(&segment::path(directory, last), Open::Write)?;
    let (length, end) = tail.scan(active.as_ref(), last)?;
    let states = tail.states;
    let mut segments = in_order(&good);
    if let Some(segment) = segments.back_mut() {
        segment.length = length;
    }
    let boot_of = |segment: &Found| Some(segment.header.as_ref()?.boot);
    let boot = good.last().and_then(boot_of);
    // One who was killed may not have synced them. What an earlier start of the machine left is on the disk, or nowhere.
    let unsynced =
        good.iter().filter(|segment| boot_of(segment) == boot).map(|segment| segment.first).collect();
    Ok(Ok(Recovered { marker, boot, unsynced, segments, end: end.max(beyond), states, active }))
}

fn look(system: &dyn System, directory: &Path, first: u64) -> io::Result<Found> {
    let path = segment::path(directory, first);
    let file = system.open(&path, Open::Read)?;
    let header = segment::read_header(file.as_ref())?.map(|(header, _)| header);
    let header = header.filter(|header| header.first == first);
    if header.is_none() {
        warn!(segment = %path.display(), "the header of a segment is damaged");
    }
    Ok(Found { first, length: file.length()?, header })
}

/// The spool's marker: that of the newest good header, or else of the newest record that can be found.
fn marker_of(system: &dyn System, directory: &Path, found: &[Found]) -> io::Result<Option<u64>> {
    if let Some(header) = found.iter().rev().find_map(|segment| segment.header.as_ref()) {
        return Ok(Some(header.marker));
    }
    let mut bytes = vec![0; if found.is_empty() { 0 } else { MARKER_WITHIN }];
    for segment in found.iter().rev() {
        let file = system.open(&segment::path(directory, segment.first), Open::Read)?;
        let read = file.read_full(&mut bytes, 0)?;
        if let Some(marker) = frame::find_marker(&bytes[..read]) {
            return Ok(Some(marker));
        }
    }
    Ok(None)
}

fn has_frames(
    system: &dyn System,
    directory: &Path,
    first: u64,
    length: u64,
    marker: u64,
) -> io::Result<bool> {
    let file = system.open(&segment::path(directory, first), Open::Read)?;
    Ok(Frames::behind_damage(file, marker).advance(length)?.is_some())
}

fn set_all_aside(system: &dyn System, directory: &Path, found: &[Found]) -> io::Result<u64> {
    found.iter().try_fold(0, |_, segment| Ok(segment.first + set_aside(system, directory, segment)?))
}

/// Takes a segment in which there is no record out of the spool. Returns how many it may have held.
fn set_aside(system: &dyn System, directory: &Path, segment: &Found) -> io::Result<u64> {
    let path = segment::path(directory, segment.first);
    let file = system.open(&path, Open::Read)?;
    if is_zero(file.as_ref(), 0..segment.length)? {
        // A power cut came before any of it was written.
        system.remove(&path)?;
        return Ok(0);
    }
    warn!(segment = %path.display(), "set aside a segment in which nothing can be read");
    system.rename(&path, &path.with_extension("damaged"))?;
    // No frame is smaller than its header, so it cannot have held more records than this.
    Ok(segment.length / frame::HEADER as u64 + 1)
}

/// What the newest good header, and the segments from there up to the last, say of the producers.
fn states_before(
    system: &dyn System,
    directory: &Path,
    marker: u64,
    good: &[Found],
) -> io::Result<ProducerStates> {
    let newest = good.iter().rposition(|segment| segment.header.is_some());
    let Some(newest) = newest.and_then(|newest| good.get(newest..)) else {
        return Ok(ProducerStates::default());
    };
    let header = newest.first().and_then(|segment| segment.header.as_ref());
    let mut states = header.map_or_else(ProducerStates::default, |header| header.states.clone());
    for (segment, next) in newest.iter().zip(newest.iter().skip(1)) {
        let file = system.open(&segment::path(directory, segment.first), Open::Read)?;
        let (mut frames, _) = Frames::of(file, marker)?;
        while let Some((header, range)) = frames.advance(segment.length)? {
            if header.index < next.first {
                states.note(&header, reason_of(header.kind, frames.payload(range)).as_deref());
            }
        }
    }
    Ok(states)
}

/// The last segment.
struct Tail<'a> {
    system: &'a dyn System,
    directory: &'a Path,
    marker: u64,
    damaged: &'a mut Damaged,
    states: ProducerStates,
}

impl Tail<'_> {
    /// Reads it to its end, and cuts off what a crash left of a record. What is damaged at the end stays, with an index of
    /// its own, so that it is counted. Returns the length and the index of the next record.
    fn scan(&mut self, active: &dyn File, first: u64) -> io::Result<(u64, u64)> {
        let mut end = first;
        let length = active.length()?;
        let file = self.system.open(&segment::path(self.directory, first), Open::Read)?;
        let (mut frames, _) = Frames::of(file, self.marker)?;
        while let Some((header, range)) = frames.advance(length)? {
            if header.index >= end {
                self.states.note(&header, reason_of(header.kind, frames.payload(range)).as_deref());
                end = header.index + 1;
            }
        }
        let good = frames.good_end();
        let mut cut = frames.unfinished().unwrap_or(length);
        if is_zero(active, good..cut)? {
            cut = good;
        } else {
            self.damaged.set_aside(self.system, first, good..cut, active);
            end = frames.told().map_or(end, |told| told.saturating_add(1)).max(end + 1);
            cut = cut.next_multiple_of(8);
        }
        if cut < length {
            warn!(bytes = length - cut, "cut off an unfinished record at the end of the spool");
        }
        if cut != length {
            active.set_length(cut)?;
        }
        Ok((cut, end))
    }
}

/// Oldest first. One whose header is damaged is as old as the one after it, or else as the one before.
fn in_order(good: &[Found]) -> VecDeque<Segment> {
    let created = |segment: &Found| segment.header.as_ref().map(|header| header.created_ns);
    let mut created_ns = good.iter().rev().find_map(created).unwrap_or(0);
    let mut segments = VecDeque::new();
    for segment in good.iter().rev() {
        created_ns = created(segment).unwrap_or(created_ns);
        segments.push_front(Segment { first: segment.first, length: segment.length, created_ns });
    }
    segments
}

/// Whether a part of a file holds nothing but zeros.
fn is_zero(file: &dyn File, part: Range<u64>) -> io::Result<bool> {
    let mut bytes = vec![0; 64 << 10];
    let mut at = part.start;
    while at < part.end {
        let wanted = usize::try_from(part.end - at).unwrap_or(usize::MAX).min(bytes.len());
        let read = file.read_full(&mut bytes[..wanted], at)?;
        if bytes[..read].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        if read < wanted {
            break;
        }
        at += read as u64;
    }
    Ok(true)
}
