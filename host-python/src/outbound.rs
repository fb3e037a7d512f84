//! Calls that the app makes: what the HTTP clients of Python say of them.

pub(crate) mod aiohttp;
pub(crate) mod calls;
pub(crate) mod chunks;
pub(crate) mod exchange;
pub(crate) mod head;
pub(crate) mod httpx;
