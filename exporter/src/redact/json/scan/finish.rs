//! Searches the texts that were gathered, and masks what is found where it came from.

use super::{Found, Scan, streams::Stream};
use crate::redact::{
    Redactor,
    edits::Edits,
    finder::GaveUp,
    json::{self, string::escaped},
    piece::Piece,
};

impl Scan<'_> {
    /// What was found.
    ///
    /// # Errors
    ///
    /// The search took too long: nothing may be shown.
    pub(in crate::redact) fn finish(mut self) -> Result<Found, GaveUp> {
        if let Some(gave_up) = self.error {
            return Err(gave_up);
        }
        self.texts.mask(self.redactor, &self.piece, &mut self.edits)?;
        for stream in self.streams.take().into_iter().flat_map(super::Streams::into_texts) {
            let cut_start = self.piece.cut_start && stream.may_have_begun_before();
            let cut_end = self.piece.cut_end && stream.may_go_on(self.documents);
            if stream.text.parts() > 1 || cut_start || cut_end {
                self.search(&stream, cut_start, cut_end)?;
            }
        }
        self.edits.settle();
        Ok(Found { edits: self.edits, ends_in_secret: self.ends_in_secret, documents: self.documents })
    }

    fn search(&mut self, stream: &Stream, cut_start: bool, cut_end: bool) -> Result<(), GaveUp> {
        let piece = Piece { bytes: stream.text.text(), cut_start, cut_end };
        let reading = super::Reading { unseen: None, ..self.reading };
        let found = match json::mask_text(&piece, self.redactor, reading)? {
            Some(found) => found,
            None => as_text(&piece, self.redactor)?,
        };
        self.ends_in_secret |= found.ends_in_secret;
        for (at, with, why) in found.edits.iter() {
            stream.text.replace(at, &escaped(with), why, &mut self.edits);
        }
        Ok(())
    }
}

fn as_text(piece: &Piece<'_>, redactor: &Redactor) -> Result<Found, GaveUp> {
    let mut edits = Edits::default();
    crate::redact::text::mask_joined(piece, &redactor.finder, &redactor.mask, &mut edits)?;
    Ok(Found { edits, ..Found::default() })
}
