//! An exchange of the corpus as `tests/parity/direct.py` tells it to the programs that record it: a line of JSON, in
//! which bytes are text, one character of ISO 8859-1 each. Both programs include this file.

use serde_json::Value;
use std::io::{self, BufRead as _, Write as _};

pub(crate) type Failed = Box<dyn std::error::Error>;

/// One exchange, as it is told.
pub(crate) struct Told(Value);

impl Told {
    pub(crate) fn value(&self, key: &str) -> Result<&Value, Failed> {
        self.0.get(key).ok_or_else(|| format!("nothing is told of {key}").into())
    }

    pub(crate) fn number<N: TryFrom<u64>>(&self, key: &str) -> Result<N, Failed> {
        let number = self.value(key)?.as_u64().and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| format!("{key} is not such a number").into())
    }

    pub(crate) fn text(&self, key: &str) -> Result<&str, Failed> {
        self.value(key)?.as_str().ok_or_else(|| format!("{key} is no text").into())
    }

    pub(crate) fn bytes(&self, key: &str) -> Result<Vec<u8>, Failed> {
        bytes_of(self.text(key)?)
    }

    /// Chunks, or texts.
    pub(crate) fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, Failed> {
        let list = self.value(key)?.as_array().ok_or_else(|| format!("{key} is no list"))?;
        list.iter().map(|item| bytes_of(item.as_str().unwrap_or_default())).collect()
    }
}

pub(crate) fn bytes_of(text: &str) -> Result<Vec<u8>, Failed> {
    text.chars().map(|character| Ok(u8::try_from(character)?)).collect()
}

/// A line of JSON that tells bytes.
#[allow(dead_code, reason = "one of the two does not")]
pub(crate) fn text_of(bytes: &[u8]) -> String {
    Value::from(bytes.iter().map(|byte| char::from(*byte)).collect::<String>()).to_string()
}

/// Answers each line that comes in with the line that `answer` makes of it.
pub(crate) fn answer_lines(answer: impl Fn(&Told) -> Result<String, Failed>) -> Result<(), Failed> {
    for line in io::stdin().lock().lines() {
        let answer = answer(&Told(serde_json::from_str(&line?)?))?;
        writeln!(io::stdout(), "{answer}")?;
    }
    Ok(())
}
