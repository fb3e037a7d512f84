//! A request as it came, held until it is known which rule it is for.

use super::RequestHead;

/// A copy of what the request, and the response, began with.
#[derive(Debug, Default)]
pub(super) struct Held {
    head: [Vec<u8>; 7],
    fields: Fields,
    response: Option<Fields>,
}

/// Header fields in one piece, each text preceded by its length.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<u8>);

impl Held {
    pub(super) fn new<'a>(
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Self {
        let RequestHead { method, scheme, authority, path, query, http_version, client } = head;
        Self {
            head: [method, scheme, authority, path, query, http_version, client].map(|text| text.to_vec()),
            fields: Fields::new(fields),
            response: None,
        }
    }

    pub(super) fn head(&self) -> RequestHead<'_> {
        let [method, scheme, authority, path, query, http_version, client] = &self.head;
        RequestHead { method, scheme, authority, path, query, http_version, client }
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.fields.iter()
    }

    pub(super) fn hold_response<'a>(&mut self, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) {
        self.response = Some(Fields::new(fields));
    }

    /// The response's header fields; none if it had not come.
    pub(super) fn response_fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.response.iter().flat_map(Fields::iter)
    }

    /// Bytes that it holds.
    pub(super) fn size(&self) -> usize {
        let response = self.response.as_ref().map_or(0, |fields| fields.0.capacity());
        self.head.iter().map(Vec::capacity).sum::<usize>() + self.fields.0.capacity() + response
    }
}

impl Fields {
    fn new<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut joined = Vec::with_capacity(1024);
        for text in fields.flat_map(|(name, value)| [name, value]) {
            // No header is as long as a length can say.
            let Ok(length) = u32::try_from(text.len()) else { continue };
            joined.extend_from_slice(&length.to_le_bytes());
            joined.extend_from_slice(text);
        }
        Self(joined)
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || Some((take(&mut rest)?, take(&mut rest)?)))
    }
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let (text, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = behind;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_comes_out_as_it_went_in() {
        let fields: [(&[u8], &[u8]); 2] = [(b"a", b""), (b"", b"b c")];
        let head = RequestHead { method: b"GET", client: b"::1", ..RequestHead::default() };
        let mut held = Held::new(&head, fields.into_iter());
        held.hold_response(fields.into_iter().take(1));
        assert_eq!((held.head().method, held.head().client), (b"GET".as_slice(), b"::1".as_slice()));
        assert_eq!(held.fields().collect::<Vec<_>>(), fields);
        assert_eq!(held.response_fields().count(), 1);
    }
}
