//! Ids and times of an event, which those of all kinds of spans have in common.

use crate::live::halves;
use offpath_wire as wire;

/// Tags of `Event`.
const ID_HIGH: u32 = 2;
const ID_LOW: u32 = 3;
const TRACE_ID_HIGH: u32 = 4;
const TRACE_ID_LOW: u32 = 5;
const SPAN_ID: u32 = 6;
const PARENT_SPAN_ID: u32 = 7;
const START_UNIX_NS: u32 = 8;
const DURATION_NS: u32 = 9;

/// What and when an event is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) event: u128,
    pub(crate) trace: u128,
    pub(crate) span: u64,
    /// 0: a root.
    pub(crate) parent: u64,
    pub(crate) start_unix_ns: u64,
    pub(crate) duration_ns: u64,
}

impl Envelope {
    /// Appends it, encoded.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let (high, low) = halves(self.event);
        wire::fixed64(out, ID_HIGH, high);
        wire::fixed64(out, ID_LOW, low);
        let (high, low) = halves(self.trace);
        wire::fixed64(out, TRACE_ID_HIGH, high);
        wire::fixed64(out, TRACE_ID_LOW, low);
        wire::fixed64(out, SPAN_ID, self.span);
        wire::fixed64(out, PARENT_SPAN_ID, self.parent);
        wire::fixed64(out, START_UNIX_NS, self.start_unix_ns);
        wire::number(out, DURATION_NS, self.duration_ns);
    }
}
