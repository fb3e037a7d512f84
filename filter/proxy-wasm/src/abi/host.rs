//! What the filter may ask of Envoy. Every call can fail, and none of them panics.
#![allow(unsafe_code, reason = "the host is called here")]

use super::{imports, pairs::Pairs};
use std::ptr;

/// Why a call failed, by its number in the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(u32);

impl Status {
    /// What is not there, or not in this phase of the stream.
    const NOT_FOUND: Self = Self(1);

    fn check(code: u32) -> Result<(), Self> {
        if code == 0 { Ok(()) } else { Err(Self(code)) }
    }
}

/// How a line stands out in Envoy's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Level {
    Info = 2,
    Warn = 3,
    Error = 4,
}

/// Header maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Map {
    Request = 0,
    Response = 2,
    CallResponse = 6,
}

/// Buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    PluginConfiguration = 7,
}

/// Kinds of metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum MetricKind {
    Counter = 0,
    Gauge = 1,
}

/// Writes a line into Envoy's log, under the logger `wasm`.
pub(crate) fn log(level: Level, text: &str) {
    // SAFETY: the text outlives the call, which only reads it. Of a log that fails nobody can be told.
    let _ = unsafe { imports::proxy_log(level as u32, text.as_ptr(), text.len()) };
}

/// Has the root context of the current context called every so many milliseconds; 0: no more.
pub(crate) fn set_tick_period(milliseconds: u32) -> Result<(), Status> {
    // SAFETY: it takes no pointer.
    Status::check(unsafe { imports::proxy_set_tick_period_milliseconds(milliseconds) })
}

/// Makes the calls that follow, in this call of Envoy's, on behalf of another context.
pub(crate) fn act_for(context: u32) -> Result<(), Status> {
    // SAFETY: it takes no pointer.
    Status::check(unsafe { imports::proxy_set_effective_context(context) })
}

/// Nanoseconds since the Unix epoch; 0 if the clock fails.
pub(crate) fn unix_ns() -> u64 {
    let mut time = 0;
    // SAFETY: the host writes eight bytes, into a variable of as many.
    let _ = unsafe { imports::proxy_get_current_time_nanoseconds(&raw mut time) };
    time
}

/// Nanoseconds since some moment, by a clock that nobody sets; 0 if the clock fails.
pub(crate) fn monotonic_ns() -> u64 {
    const MONOTONIC: u32 = 1;
    let mut time = 0;
    // SAFETY: the host writes eight bytes, into a variable of as many.
    let _ = unsafe { imports::clock_time_get(MONOTONIC, 0, &raw mut time) };
    time
}

/// Fills `bytes` with randomness.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), Status> {
    // SAFETY: the host writes as many bytes as the slice has.
    Status::check(unsafe { imports::random_get(bytes.as_mut_ptr(), bytes.len()) })
}

/// An attribute, by its path with the dots written as zeros.
/// <https://www.envoyproxy.io/docs/envoy/v1.40.0/intro/arch_overview/advanced/attributes>
pub(crate) fn property(path: &str) -> Option<Vec<u8>> {
    // SAFETY: the path outlives the call, which only reads it.
    taken(|bytes, size| unsafe { imports::proxy_get_property(path.as_ptr(), path.len(), bytes, size) }).ok()
}

/// An attribute that is a number.
pub(crate) fn number(path: &str) -> Option<u64> {
    property(path).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes)
}

/// Has Envoy prepare a CEL expression; what [`evaluate`] takes, for streams of the same root context.
pub(crate) fn prepare(expression: &str) -> Option<Vec<u8>> {
    foreign("expr_create", expression.as_bytes()).ok()
}

/// Evaluates an expression that gives a list or a map.
pub(crate) fn evaluate(expression: &[u8]) -> Result<Pairs, Status> {
    foreign("expr_evaluate", expression).map(Pairs::new)
}

/// Calls a function of Envoy's that is not of the ABI.
fn foreign(name: &str, argument: &[u8]) -> Result<Vec<u8>, Status> {
    // SAFETY: name and argument outlive the call, which only reads them.
    taken(|bytes, size| unsafe {
        imports::proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            argument.as_ptr(),
            argument.len(),
            bytes,
            size,
        )
    })
}

/// So many bytes of a buffer, from `start` on, or as many as there are.
pub(crate) fn buffer(buffer: Buffer, start: usize, length: usize) -> Result<Vec<u8>, Status> {
    if length == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: it takes no pointer but those of `taken`.
    taken(|bytes, size| unsafe { imports::proxy_get_buffer_bytes(buffer as u32, start, length, bytes, size) })
}

/// All of a header map, which is only there in its phase of the stream, and in `on_log`.
pub(crate) fn pairs(map: Map) -> Result<Pairs, Status> {
    // SAFETY: it takes no pointer but those of `taken`.
    taken(|bytes, size| unsafe { imports::proxy_get_header_map_pairs(map as u32, bytes, size) })
        .map(Pairs::new)
}

/// Sets a header of the request.
pub(crate) fn set_request_header(name: &str, value: &str) -> Result<(), Status> {
    // SAFETY: both texts outlive the call, which only reads them.
    Status::check(unsafe {
        imports::proxy_replace_header_map_value(
            Map::Request as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Sends a request to a cluster; its answer comes to the root context, with the token that this returns.
pub(crate) fn http_call(cluster: &str, headers: &[u8], body: &[u8], timeout_ms: u32) -> Result<u32, Status> {
    let trailers = Pairs::encode(&[]);
    let mut token = 0;
    // SAFETY: all slices outlive the call, which only reads them; it writes four bytes into the token.
    let code = unsafe {
        imports::proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            timeout_ms,
            &raw mut token,
        )
    };
    Status::check(code).map(|()| token)
}

/// A metric of all workers, which Envoy shows as `wasmcustom.` and the name.
pub(crate) fn define_metric(kind: MetricKind, name: &str) -> Result<u32, Status> {
    let mut metric = 0;
    // SAFETY: the name outlives the call, which only reads it; it writes four bytes into the metric.
    let code =
        unsafe { imports::proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut metric) };
    Status::check(code).map(|()| metric)
}

/// Adds to a metric.
pub(crate) fn add_to_metric(metric: u32, offset: i64) {
    // SAFETY: it takes no pointer. Of a metric that fails nobody can be told.
    let _ = unsafe { imports::proxy_increment_metric(metric, offset) };
}

/// Tells that a root context whose `on_done` said no may go now.
pub(crate) fn done() {
    // SAFETY: it takes no pointer.
    let _ = unsafe { imports::proxy_done() };
}

/// Runs a call that hands bytes over in memory that it had `proxy_on_memory_allocate` make.
fn taken(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, Status> {
    let mut bytes = ptr::null_mut();
    let mut size = 0;
    Status::check(call(&raw mut bytes, &raw mut size))?;
    if size == 0 {
        return Ok(Vec::new());
    }
    if bytes.is_null() {
        return Err(Status::NOT_FOUND);
    }
    // SAFETY: the host has the allocation made by `proxy_on_memory_allocate`, of exactly as many bytes as it fills and
    // reports, and hands it over for good. A vector of that capacity frees it with the layout that it was made with.
    Ok(unsafe { Vec::from_raw_parts(bytes, size, size) })
}
