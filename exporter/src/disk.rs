//! What went wrong with a disk, in the words that metrics use.

use std::io::{
    Error,
    ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull},
};

/// What is said of a disk that is full.
pub(crate) const FULL: &str = "disk_full";

/// [`FULL`] where the disk, the user's quota or the file's size limit is used up; else `io`.
pub(crate) fn kind(error: &Error) -> &'static str {
    if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge) { FULL } else { "io" }
}
