//! A value that is never shown.

use std::fmt;

use offpath_core::config::Table;

/// A key, a password, a token: whoever needs it asks for it with [`Secret::expose`], and nothing else shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A value to be kept from logs and errors.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself, for whom it is meant.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text at `key`, which errors do not show.
    pub(crate) fn read(table: &mut Table<'_, '_>, key: &'static str) -> Option<Self> {
        let value = table.take(key)?;
        let text = value.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            table.refuse(key, "must be a string, and not empty", None);
        }
        text.map(|text| Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_debug_nor_display_shows_it() {
        let secret = Secret::new("sk-1".to_owned());
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "[secret] [secret] Some([secret])");
        assert_eq!(secret.expose(), "sk-1");
    }
}
