//! Treatments as redactors: compiled once, and found again by their bytes.

mod keys;

use std::{collections::HashMap, sync::Arc};

use offpath_core::{
    mask::{Mask, MaskKind},
    query::SecretParameters,
    treatment::{Treatment, VERSION},
};
use tracing::warn;

pub(super) use self::keys::Keys;
use super::{
    JsonLimits, Redactor,
    finder::{Finder, Unusable},
};

/// How many are known at a time. Each app has one for each of its rules, until they are changed.
const MOST: usize = 256;

/// Redactors, by the bytes that events carry.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    known: HashMap<Vec<u8>, Found>,
    /// What was asked for last: mostly, it is asked for again.
    last: Option<(Vec<u8>, Found)>,
}

/// A redactor; `None` if the treatment cannot be carried out.
type Found = Option<Arc<Redactor>>;

impl Compiled {
    /// The redactor for these bytes.
    pub(super) fn get(&mut self, treatment: &[u8]) -> Found {
        if let Some((bytes, found)) = &self.last
            && bytes == treatment
        {
            return found.clone();
        }
        let found = match self.known.get(treatment) {
            Some(found) => found.clone(),
            None => self.compile(treatment),
        };
        self.last = Some((treatment.to_vec(), found.clone()));
        found
    }

    fn compile(&mut self, treatment: &[u8]) -> Found {
        let found = redactor(treatment)
            .inspect_err(|error| warn!(%error, "bodies are withheld: their rules cannot be carried out"))
            .ok()
            .map(Arc::new);
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(treatment.to_vec(), found.clone());
        found
    }
}

/// Why a treatment cannot be carried out.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("this is no Treatment of filter/core/proto/event.proto: {0}")]
    NoTreatment(#[from] prost::DecodeError),
    #[error("they are of a newer version, {0}; update the exporter")]
    Newer(u32),
    #[error("redact.mask: this version knows no kind {0}; update the exporter")]
    Mask(i32),
    #[error(transparent)]
    Finder(#[from] Unusable),
}

fn redactor(bytes: &[u8]) -> Result<Redactor, Error> {
    let treatment = if bytes.is_empty() { Treatment::standard() } else { Treatment::from_bytes(bytes)? };
    if treatment.version > VERSION {
        return Err(Error::Newer(treatment.version));
    }
    let kind = MaskKind::try_from(treatment.mask).map_err(|_| Error::Mask(treatment.mask))?;
    let mask = Mask::new(kind, &treatment.hash_key);
    let json = JsonLimits {
        max_string: treatment.max_string,
        max_items: treatment.max_items,
        max_depth: treatment.max_depth,
    };
    Ok(Redactor {
        finder: Finder::new(&treatment.patterns, &treatment.expressions)?,
        keys: Keys::new(&treatment.json_keys),
        parameters: SecretParameters::new(&treatment.parameters, mask.clone()),
        mask,
        mask_unknown: treatment.mask_unknown,
        json: (json != JsonLimits::default()).then_some(json),
        keep_media: treatment.keep_media,
        identity: treatment.identity,
        llm: treatment.llm,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(treatment: &Treatment) -> String {
        redactor(&treatment.to_bytes()).expect_err("refused").to_string()
    }

    #[test]
    fn without_a_treatment_the_standard_one_holds() {
        let redactor = redactor(b"").expect("a redactor");
        let mut found = Vec::new();
        redactor.finder.find(b"Bearer abc123 a@example.org", &mut found).expect("found");
        assert_eq!((found.len(), found[0].clone()), (1, 7..13));
        assert!(redactor.keys.has("password") && redactor.json.is_none());
    }

    #[test]
    fn what_a_newer_producer_asks_for_is_refused_and_not_left_out() {
        let standard = Treatment::standard();
        assert!(refused(&Treatment { version: VERSION + 1, ..standard.clone() }).contains("newer"));
        assert!(refused(&Treatment { mask: 99, ..standard.clone() }).contains("redact.mask"));
        let unknown = Treatment { patterns: vec!["iris_scan".to_owned()], ..standard };
        assert!(refused(&unknown).contains("iris_scan"));
        assert!(redactor(b"\xFF").is_err());
    }

    #[test]
    fn the_same_treatment_is_compiled_once() {
        let mut compiled = Compiled::default();
        let (one, other) = (Treatment::standard().to_bytes(), Treatment::default().to_bytes());
        let first = compiled.get(&one).expect("a redactor");
        let _ = compiled.get(&other);
        assert!(Arc::ptr_eq(&first, &compiled.get(&one).expect("a redactor")));
    }

    #[test]
    fn many_treatments_do_not_fill_the_memory() {
        let mut compiled = Compiled::default();
        for max_items in 0..2 * u32::try_from(MOST).expect("small") {
            let treatment = Treatment { max_items: Some(max_items), ..Treatment::default() };
            let _ = compiled.get(&treatment.to_bytes());
        }
        assert!(compiled.known.len() <= MOST);
    }
}
