//! The functions of the host, as WebAssembly imports them.
//!
//! Outside WebAssembly, where the filter is tested, there is no Envoy: [`native`] stands there, and refuses everything
//! that a test has not scripted.
#![allow(unsafe_code, reason = "these are the host's functions")]

/// Declares the imports of one module; natively, each is the function of that name in [`native`].
macro_rules! imports {
    ($module:literal: $(fn $name:ident($($argument:ident: $kind:ty),* $(,)?) -> u32;)*) => {
        #[cfg(target_arch = "wasm32")]
        #[link(wasm_import_module = $module)]
        unsafe extern "C" {
            $(pub(super) fn $name($($argument: $kind),*) -> u32;)*
        }

        #[cfg(not(target_arch = "wasm32"))]
        pub(super) use native::{$($name),*};
    };
}

imports! { "env":
    fn proxy_log(level: u32, text: *const u8, length: usize) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_property(path: *const u8, length: usize, value: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32, start: usize, length: usize, bytes: *mut *mut u8, size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32, name: *const u8, name_length: usize, value: *const u8, value_length: usize,
    ) -> u32;
    fn proxy_http_call(
        cluster: *const u8, cluster_length: usize, headers: *const u8, headers_length: usize,
        body: *const u8, body_length: usize, trailers: *const u8, trailers_length: usize,
        timeout_ms: u32, token: *mut u32,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, length: usize, metric: *mut u32) -> u32;
    fn proxy_increment_metric(metric: u32, offset: i64) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8, name_length: usize, argument: *const u8, argument_length: usize,
        result: *mut *mut u8, size: *mut usize,
    ) -> u32;
    fn proxy_done() -> u32;
}

imports! { "wasi_snapshot_preview1":
    fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
    fn random_get(bytes: *mut u8, length: usize) -> u32;
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod native;
