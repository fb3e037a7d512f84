//! Text in JSON (RFC 8259, section 7).

/// Bytes that are looked at together. Nearly all text has nothing to escape, and this many at a time the compiler looks at in
/// a few instructions.
const BLOCK: usize = 64;

/// Appends what stands between the quotes.
pub(super) fn append(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some((block, after)) = rest.split_at_checked(BLOCK) {
        append_block(out, block);
        rest = after;
    }
    append_block(out, rest);
}

fn append_block(out: &mut Vec<u8>, block: &[u8]) {
    // No early end: that keeps it one pass without branches.
    if !block.iter().fold(false, |any, byte| any | is_escaped(*byte)) {
        out.extend_from_slice(block);
        return;
    }
    for byte in block {
        if is_escaped(*byte) {
            escape(out, *byte);
        } else {
            out.push(*byte);
        }
    }
}

fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0xf)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
