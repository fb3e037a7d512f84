//! The exporter from outside: the real command, real rings, real files.
#![recursion_limit = "256"]

mod framework;

/// Where a configuration is wrong.
mod check;
/// What users type, and what they get when it is wrong.
mod command;
/// What no backend takes is listed, shown, and sent again.
mod dead_letters;
/// Every committed event is delivered once, whatever is killed when.
mod delivery;
/// What is sent over HTTP arrives once, whatever the backend does.
mod delivery_http;
/// Envoy's batches, over its socket: stored once, or not at all.
mod envoy;
/// The event's JSON and its published schema.
mod event_json;
/// A full disk, a flipped bit, a torn end.
mod faults;
/// What is served over HTTP.
mod http;
/// Loki's wire contract, as it publishes it.
mod loki;
/// OTLP and the presets on it: what is sent, field by field.
mod otlp;
/// Secrets never come to a disk; what is not sampled is counted.
mod redact;
/// Past one machine: exporters that write a stream of Redis, and exporters that read it.
mod redis;
/// The exporter's configuration changes while it runs.
mod reload;
/// What was delivered is sent again.
mod replay;
/// A ring's life: found, drained, removed, set aside; its losses told once.
mod rings;
/// A file of lines makes way for a new one, and no event is lost or written twice on the way.
mod rotation;
/// The spool against a model.
mod spool;
/// How the exporter is, for programs and for people.
mod status;
/// Lines on standard output.
mod stdout;
/// The local store: what the viewer asks of it, and what it lets go.
mod store;
/// `offpath run -- CMD`.
mod supervise;
/// What the rules would keep of recorded exchanges.
mod r#try;
/// The page and its API: what is recorded, to look at.
mod viewer;
