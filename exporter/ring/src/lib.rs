//! The shared-memory ring between an app and the exporter.
//!
//! One app process writes, one exporter reads, through a file on a tmpfs that both have open. The file outlives either of
//! them. It carries opaque bytes: this crate knows no event.
//!
//! ```no_run
//! use offpath_ring::{Consumer, Options, Producer, rings};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = std::path::Path::new("/run/user/1000/offpath");
//! let mut producer = Producer::create(dir, &Options::default())?;
//! producer.write(0, b"an event")?;
//!
//! for path in rings(dir)? {
//!     let mut consumer = Consumer::open(&path)?;
//!     let over = consumer.sealed() || !consumer.producer_alive()?; // before the read: see below
//!     consumer.read(1 << 20, |record| println!("{} {:?}", record.sequence, record.payload))?;
//!     consumer.release(); // once the records are safe elsewhere
//!     if over && consumer.backlog() == 0 {
//!         consumer.remove()?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//!
//! - **The app never waits.** A write copies bytes and stores two words: no lock, no allocation, no system call. A full
//!   ring refuses the record, counts it, and goes on. Nothing is ever overwritten.
//! - **Committed means readable.** A record is committed when `write` returns. It stays until a consumer releases it,
//!   whoever is killed meanwhile; only a reboot loses it.
//! - **A killed producer leaves nothing half done.** One store of `write_pos` makes a record visible, after all its bytes.
//!   There is no claim, lock or flag in the ring that a dead process could leave behind.
//! - **A killed consumer loses nothing.** Space is freed only by [`Consumer::release`]; what was read and not released is
//!   read again. Ring id and sequence number tell a repeated record.
//! - **Every loss is counted** in the ring's header, by [`LossReason`], where it survives the app.
//! - **Bad bytes do bounded harm.** The consumer checks private copies: lengths, order, checksum. Whatever the file holds,
//!   it neither panics nor loops nor reads past the end. It says [`Corrupt`] and can skip, or set the ring aside, and a
//!   producer still alive learns that from [`Producer::retired`].
//!
//! # Life of a ring
//!
//! 1. The producer makes `<boot>-<pid>-<id>.ring.tmp` with mode 0600 in a directory with mode 0700, locks it (flock(2)),
//!    reserves all its blocks (a sparse file on a full tmpfs ends in SIGBUS), writes the header, and renames it to `.ring`.
//! 2. Consumers find it with [`rings`] and read it. [`ConsumerLock`] keeps it to one.
//! 3. The producer seals it, or dies; the kernel drops the lock with the process. No pid is compared: pids repeat, and mean
//!    nothing across containers.
//! 4. The consumer asks "sealed, or dead?", *then* reads to the end, then removes the file. Asked the other way round, a
//!    record written between the two would be lost.
//!
//! After fork(2) the ring stays with the parent. A child's writes are refused and counted, noticed by a page that the
//! kernel wipes in children; the child makes a ring of its own.
//!
//! # What it does not do
//!
//! It does not outlive a reboot. It does not defend against a process of the same user that truncates the file while it is
//! mapped: that process could as well send SIGKILL.
//!
//! # Where to read on
//!
//! [`layout`] draws the bytes. [`protocol`] is the algorithm and its memory ordering. The rest is files, locks and errors.

#[cfg(not(target_pointer_width = "64"))]
compile_error!("offpath-ring needs a 64-bit target: positions are 64-bit atomic words");
#[cfg(not(target_endian = "little"))]
compile_error!("offpath-ring needs a little-endian target: its words are mapped as they are");

pub mod layout;
mod loss;
pub mod protocol;

#[cfg(target_os = "linux")]
mod boot;
#[cfg(target_os = "linux")]
mod consumer;
#[cfg(target_os = "linux")]
mod consumer_lock;
#[cfg(target_os = "linux")]
mod create;
#[cfg(target_os = "linux")]
mod directory;
#[cfg(target_os = "linux")]
mod fork;
#[cfg(target_os = "linux")]
mod mapping;
#[cfg(target_os = "linux")]
mod producer;

#[cfg(target_os = "linux")]
pub use self::{
    boot::boot_id,
    consumer::{Consumer, OpenError},
    consumer_lock::{ConsumerLock, LockError},
    create::{CreateError, MAX_CAPACITY, MAX_DEAD_RINGS, MIN_CAPACITY, Options},
    directory::{DirectoryError, default_directory, remove_leftovers, rings, set_aside},
    producer::Producer,
};
pub use self::{
    layout::{BadHeader, Info},
    loss::{LossReason, Losses},
    protocol::{Corrupt, Record, Refused, Skipped},
};
