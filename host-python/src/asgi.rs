//! ASGI, seen from the middle: what scopes and messages say (<https://asgi.readthedocs.io/en/latest/specs/www.html>).

pub(crate) mod closing;
pub(crate) mod http;
pub(crate) mod identity;
pub(crate) mod message;
pub(crate) mod raised;
pub(crate) mod route;
pub(crate) mod scope;
pub(crate) mod websocket;
