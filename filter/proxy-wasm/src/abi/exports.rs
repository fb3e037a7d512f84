//! What Envoy calls.
//!
//! A callback that is not exported costs nothing, so there are none but these. All of them let the stream go on.
#![allow(
    unsafe_code,
    reason = "the names of exports must not be mangled, and the allocation is handed over raw"
)]

use crate::vm::with;
use std::{alloc::Layout, ptr};

/// Let the stream go on.
const CONTINUE: u32 = 0;

/// That this is version 0.2.1 of the ABI.
#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// Memory for what the host hands over; null, which the host takes for a failed call, if there is none.
#[unsafe(no_mangle)]
pub(super) extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    match Layout::array::<u8>(size) {
        // SAFETY: the layout has a size.
        Ok(layout) if size > 0 => unsafe { std::alloc::alloc(layout) },
        _ => ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_vm_start(_root: u32, _size: usize) -> u32 {
    1
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(root: u32, size: usize) -> u32 {
    with(|vm| vm.on_configure(root, size)).into()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    with(|vm| vm.on_context_create(context, root));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    with(|vm| vm.on_tick(root));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(
    root: u32,
    token: u32,
    headers: u32,
    _body_size: usize,
    _trailers: u32,
) {
    with(|vm| vm.on_call_response(root, token, headers));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: u32, _end_of_stream: u32) -> u32 {
    with(|vm| vm.on_request_headers(context));
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, size: usize, _end_of_stream: u32) -> u32 {
    with(|vm| vm.on_request_body(context, size));
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _count: u32, end_of_stream: u32) -> u32 {
    with(|vm| vm.on_response_headers(context, end_of_stream != 0));
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(context: u32, size: usize, end_of_stream: u32) -> u32 {
    with(|vm| vm.on_response_body(context, size, end_of_stream != 0));
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(context: u32, _count: u32) -> u32 {
    with(|vm| vm.on_response_trailers(context));
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(context: u32) {
    with(|vm| vm.on_log(context));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_done(context: u32) -> u32 {
    with(|vm| vm.on_done(context)).into()
}
