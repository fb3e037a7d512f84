//! What is tried: a recording, whose kind its first bytes tell.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use super::{har::Har, recorded::Recorded, stored};

/// What every file of SQLite begins with. <https://www.sqlite.org/fileformat.html>
const SQLITE: &[u8] = b"SQLite format 3\0";

/// What an input holds.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) exchanges: Vec<Recorded>,
    /// What it holds beside them: loss events, entries that are no HTTP.
    pub(super) others: usize,
    /// Whether these are events that were stored already.
    pub(super) stored: bool,
    /// Whether bodies of it are there as they were after decoding.
    pub(super) decoded: bool,
}

/// Reads a file, or standard input where it is `-`. Of a store, the newest `limit` exchanges.
///
/// # Errors
///
/// What is wrong with it, and what would be right.
pub(super) fn read(path: &Path, limit: u32) -> Result<Input, String> {
    let bytes = if path == Path::new("-") { standard_input() } else { contents(path) };
    let bytes = bytes.map_err(|error| error.to_string())?;
    if bytes.starts_with(SQLITE) {
        let lines =
            stored::newest(path, limit).map_err(|error| format!("is no store of offpath's: {error}"))?;
        return events(lines.iter().map(String::as_str));
    }
    let text = String::from_utf8(bytes).map_err(|_| unknown("it is not UTF-8"))?;
    // As some editors leave it.
    let text = text.trim_start_matches('\u{feff}');
    if is_har(text) {
        let har: Har = serde_json::from_str(text).map_err(|error| format!("is no HAR 1.2: {error}"))?;
        let decoded = har.has_decoded();
        let (exchanges, others) = har.exchanges();
        return Ok(Input { exchanges, others, stored: false, decoded });
    }
    events(text.lines())
}

fn standard_input() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Of a store, which may be large and is read by other means, the beginning is enough.
fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(SQLITE.len() as u64).read_to_end(&mut bytes)?;
    if bytes != SQLITE {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Whether it is a table whose first key is `log`, whole or not.
fn is_har(text: &str) -> bool {
    let first_key = text.trim_start().strip_prefix('{').map(str::trim_start);
    first_key.is_some_and(|key| key.starts_with("\"log\""))
}

fn events<'l>(lines: impl Iterator<Item = &'l str>) -> Result<Input, String> {
    let mut input = Input { stored: true, ..Input::default() };
    for (index, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let problem = |error| unknown(&format!("line {} is no event: {error}", index + 1));
        match stored::exchange(line).map_err(problem)? {
            Some(recorded) => input.exchanges.push(recorded),
            None => input.others += 1,
        }
    }
    Ok(input)
}

fn unknown(why: &str) -> String {
    format!(
        "must be a HAR file, lines of JSON as the jsonl sink and `offpath tail --json` write them, or a store: {why}"
    )
}
