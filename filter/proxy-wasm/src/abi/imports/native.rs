//! What the imports are where there is no Envoy: a host that a test scripts, and that refuses everything else.
//!
//! It is no stand-in for Envoy, which the tests under tests/envoy run. It is there for what Envoy does not do on demand:
//! fail in any call, and hand over any bytes at any time.
#![allow(clippy::missing_safety_doc, reason = "the safety of each is that of the import it stands for")]
#![allow(clippy::too_many_arguments, reason = "the ABI has them")]

use crate::abi::exports::proxy_on_memory_allocate;
use std::{cell::RefCell, collections::HashMap};

/// What the host answers.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// By the number of the map.
    pub(crate) maps: HashMap<u32, Vec<u8>>,
    /// By the number of the buffer.
    pub(crate) buffers: HashMap<u32, Vec<u8>>,
    /// By path, its parts divided by zeros.
    pub(crate) properties: HashMap<Vec<u8>, Vec<u8>>,
    /// What both clocks say, in nanoseconds; `None`: they fail.
    pub(crate) time: Option<u64>,
    /// Whether it takes calls.
    pub(crate) takes_calls: bool,
    /// The bodies that were sent, whose tokens are 1, 2 and so on.
    pub(crate) calls: Vec<Vec<u8>>,
    /// What was logged.
    pub(crate) logged: Vec<String>,
    /// On whose behalf calls are made; `None`: the current context.
    pub(crate) effective: Option<u32>,
    /// Who has asked to be ticked.
    pub(crate) ticking: Vec<Option<u32>>,
}

thread_local! {
    static SCRIPT: RefCell<Script> = RefCell::default();
}

/// Changes, or looks at, what the host of this thread answers.
pub(crate) fn script<T>(change: impl FnOnce(&mut Script) -> T) -> T {
    SCRIPT.with(|script| change(&mut script.borrow_mut()))
}

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const REFUSED: u32 = 10;

unsafe fn bytes_at(start: *const u8, length: usize) -> Vec<u8> {
    // SAFETY: the caller hands over a slice of its own, as the ABI asks of it.
    unsafe { std::slice::from_raw_parts(start, length) }.to_vec()
}

/// Hands bytes over as Envoy does: in memory that the guest allocates.
unsafe fn hand_over(found: Option<&[u8]>, bytes: *mut *mut u8, size: *mut usize) -> u32 {
    let Some(found) = found else { return NOT_FOUND };
    let memory = proxy_on_memory_allocate(found.len());
    // SAFETY: the guest has allocated as many bytes, and the pointers are to its own variables.
    unsafe {
        if !found.is_empty() {
            memory.copy_from_nonoverlapping(found.as_ptr(), found.len());
        }
        *bytes = memory;
        *size = found.len();
    }
    OK
}

unsafe fn tell_time(time: *mut u64) -> u32 {
    script(|script| match script.time {
        Some(now) => {
            // SAFETY: the pointer is to a variable of the caller.
            unsafe { *time = now };
            OK
        }
        None => REFUSED,
    })
}

pub(crate) unsafe fn proxy_log(_level: u32, text: *const u8, length: usize) -> u32 {
    // SAFETY: as in `bytes_at`.
    let text = unsafe { bytes_at(text, length) };
    script(|script| script.logged.push(String::from_utf8_lossy(&text).into_owned()));
    OK
}

pub(crate) unsafe fn proxy_set_effective_context(context: u32) -> u32 {
    script(|script| script.effective = Some(context));
    OK
}

pub(crate) unsafe fn proxy_set_tick_period_milliseconds(_period: u32) -> u32 {
    script(|script| script.ticking.push(script.effective));
    OK
}

pub(crate) unsafe fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32 {
    // SAFETY: as in `tell_time`.
    unsafe { tell_time(time) }
}

pub(crate) unsafe fn proxy_get_property(
    path: *const u8,
    length: usize,
    value: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    // SAFETY: as in `bytes_at` and `hand_over`.
    unsafe {
        let path = bytes_at(path, length);
        script(|script| hand_over(script.properties.get(&path).map(Vec::as_slice), value, size))
    }
}

pub(crate) unsafe fn proxy_get_buffer_bytes(
    buffer: u32,
    start: usize,
    length: usize,
    bytes: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    script(|script| {
        let found = script.buffers.get(&buffer).map(|buffer| {
            let end = start.saturating_add(length).min(buffer.len());
            buffer.get(start.min(end)..end).unwrap_or_default()
        });
        // SAFETY: as in `hand_over`.
        unsafe { hand_over(found, bytes, size) }
    })
}

pub(crate) unsafe fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, size: *mut usize) -> u32 {
    // SAFETY: as in `hand_over`.
    script(|script| unsafe { hand_over(script.maps.get(&map).map(Vec::as_slice), pairs, size) })
}

pub(crate) unsafe fn proxy_replace_header_map_value(
    _map: u32,
    _name: *const u8,
    _name_length: usize,
    _value: *const u8,
    _value_length: usize,
) -> u32 {
    REFUSED
}

pub(crate) unsafe fn proxy_http_call(
    _cluster: *const u8,
    _cluster_length: usize,
    _headers: *const u8,
    _headers_length: usize,
    body: *const u8,
    body_length: usize,
    _trailers: *const u8,
    _trailers_length: usize,
    _timeout_ms: u32,
    token: *mut u32,
) -> u32 {
    // SAFETY: as in `bytes_at`.
    let body = unsafe { bytes_at(body, body_length) };
    script(|script| {
        if !script.takes_calls {
            return REFUSED;
        }
        script.calls.push(body);
        // SAFETY: the pointer is to a variable of the caller.
        unsafe { *token = u32::try_from(script.calls.len()).unwrap_or(u32::MAX) };
        OK
    })
}

pub(crate) unsafe fn proxy_define_metric(
    _kind: u32,
    _name: *const u8,
    _length: usize,
    _metric: *mut u32,
) -> u32 {
    REFUSED
}

pub(crate) unsafe fn proxy_increment_metric(_metric: u32, _offset: i64) -> u32 {
    REFUSED
}

pub(crate) unsafe fn proxy_call_foreign_function(
    _name: *const u8,
    _name_length: usize,
    _argument: *const u8,
    _argument_length: usize,
    _result: *mut *mut u8,
    _size: *mut usize,
) -> u32 {
    NOT_FOUND
}

pub(crate) unsafe fn proxy_done() -> u32 {
    REFUSED
}

pub(crate) unsafe fn clock_time_get(_clock: u32, _precision: u64, time: *mut u64) -> u32 {
    // SAFETY: as in `tell_time`.
    unsafe { tell_time(time) }
}

pub(crate) unsafe fn random_get(bytes: *mut u8, length: usize) -> u32 {
    // SAFETY: the caller hands over a slice of its own.
    unsafe { bytes.write_bytes(7, length) };
    OK
}
