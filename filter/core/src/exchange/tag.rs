//! Tags of [`crate::event`], for what is written without its structs. `tests/exchange.rs` reads it under them.

// Event
pub(crate) const ID_HIGH: u32 = 2;
pub(crate) const ID_LOW: u32 = 3;
pub(crate) const TRACE_ID_HIGH: u32 = 4;
pub(crate) const TRACE_ID_LOW: u32 = 5;
pub(crate) const SPAN_ID: u32 = 6;
pub(crate) const PARENT_SPAN_ID: u32 = 7;
pub(crate) const START_UNIX_NS: u32 = 8;
pub(crate) const DURATION_NS: u32 = 9;
pub(crate) const EXCHANGE: u32 = 16;
pub(crate) const UNSAMPLED: u32 = 23;
// Exchange
pub(crate) const OUTCOME: u32 = 1;
pub(crate) const FIRST_BYTE_NS: u32 = 2;
pub(crate) const METHOD: u32 = 3;
pub(crate) const SCHEME: u32 = 4;
pub(crate) const HOST: u32 = 5;
pub(crate) const PATH: u32 = 6;
pub(crate) const QUERY: u32 = 7;
pub(crate) const ROUTE: u32 = 8;
pub(crate) const CLIENT: u32 = 9;
pub(crate) const STATUS: u32 = 10;
pub(crate) const HTTP_VERSION: u32 = 11;
pub(crate) const REQUEST: u32 = 12;
pub(crate) const RESPONSE: u32 = 13;
pub(crate) const ERROR: u32 = 14;
pub(crate) const RULE: u32 = 15;
pub(crate) const SAMPLED_BECAUSE: u32 = 16;
pub(crate) const WEBSOCKET: u32 = 17;
pub(crate) const PROXY: u32 = 18;
pub(crate) const GRPC_STATUS: u32 = 19;
// Message, Error, WebSocket, Proxy
pub(crate) const BODY: u32 = 2;
pub(crate) const CHUNKS: u32 = 3;
pub(crate) const ARRIVALS: u32 = 6;
pub(crate) const ERROR_TYPE: u32 = 1;
pub(crate) const ERROR_MESSAGE: u32 = 2;
pub(crate) const ACCEPTED: u32 = 1;
pub(crate) const CLOSE_CODE: u32 = 2;
pub(crate) const SUBPROTOCOL: u32 = 3;
pub(crate) const UPSTREAM_CLUSTER: u32 = 1;
pub(crate) const UPSTREAM_HOST: u32 = 2;
pub(crate) const ATTEMPTS: u32 = 3;
pub(crate) const RESPONSE_FLAGS: u32 = 4;
pub(crate) const RESPONSE_CODE_DETAILS: u32 = 5;
