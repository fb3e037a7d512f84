//! The VM of one worker: its plugins, its streams, and what they share.

use crate::{
    abi::host::{self, Level},
    egress::{Egress, Reason},
    metrics::{self, Metrics},
    plugin::{Plugin, Sender, Settings},
    random::Pool,
    stream::{Begun, Query, Stream},
};
use std::{cell::RefCell, collections::BTreeMap};

/// How long a plugin that is to go is kept for what is on its way.
const LAST_SENDING_NS: u64 = 1_000_000_000;

thread_local! {
    static VM: RefCell<Vm> = RefCell::default();
}

/// Runs `call` on this worker's VM. Envoy never enters the VM twice at a time, so the borrow cannot fail; if it did, the
/// call would do nothing.
pub(crate) fn with<T: Default>(call: impl FnOnce(&mut Vm) -> T) -> T {
    VM.with(|vm| vm.try_borrow_mut().map(|mut vm| call(&mut vm)).unwrap_or_default())
}

/// Everything of one worker.
#[derive(Debug, Default)]
pub(crate) struct Vm {
    /// By their root contexts.
    plugins: BTreeMap<u32, Plugin>,
    /// By their contexts; those in flight.
    streams: BTreeMap<u32, Stream>,
    /// By cluster. They stay: what an old configuration has not sent is sent on.
    senders: Vec<Sender>,
    random: Pool,
    query: Query,
    metrics: Option<Metrics>,
    /// Exchanges that the metrics do not know of yet.
    recorded: u64,
    /// Bytes that the exchanges in flight hold beside their bodies.
    described: usize,
}

impl Vm {
    /// Takes a configuration. What is wrong with a bad one is in Envoy's log, all of it; it is refused, and the plugin goes
    /// on as it was.
    pub(crate) fn on_configure(&mut self, root: u32, size: usize) -> bool {
        match Settings::read(size) {
            Ok(settings) => {
                self.plugins.entry(root).or_default().settings = Some(settings);
                true
            }
            Err(errors) => {
                for error in errors {
                    host::log(Level::Error, &error.to_string());
                }
                false
            }
        }
    }

    pub(crate) fn on_context_create(&mut self, context: u32, root: u32) {
        if root == 0 {
            self.plugins.entry(context).or_default();
        } else {
            self.remove(context);
            self.streams.insert(context, Stream::new(root));
        }
    }

    pub(crate) fn on_request_headers(&mut self, context: u32) {
        #[cfg(feature = "trap")]
        crate::trap::if_told_to();
        self.change(context, Self::begin);
    }

    pub(crate) fn on_request_body(&mut self, context: u32, size: usize) {
        if let Some(stream) = self.streams.get_mut(&context) {
            stream.request_body(size);
        }
    }

    pub(crate) fn on_response_headers(&mut self, context: u32, is_last: bool) {
        self.change(context, |_, stream| stream.response_head(is_last));
    }

    pub(crate) fn on_response_body(&mut self, context: u32, size: usize, is_last: bool) {
        if let Some(stream) = self.streams.get_mut(&context) {
            stream.response_body(size, is_last);
        }
    }

    pub(crate) fn on_response_trailers(&mut self, context: u32) {
        if let Some(stream) = self.streams.get_mut(&context) {
            stream.response_trailers();
        }
    }

    /// The stream is over.
    pub(crate) fn on_log(&mut self, context: u32) {
        let Some(mut stream) = self.remove(context) else { return };
        if stream.is_new() {
            self.begin(&mut stream);
            stream.describe_unseen_response();
        }
        let (root, answer) = (stream.root, stream.ask(&mut self.query));
        if let Some(plugin) = self.plugins.get_mut(&root) {
            plugin.tick();
        }
        let Some(sender) = self.sender(root) else { return };
        match stream.finish(answer.as_ref(), sender.egress.longest_event()) {
            Ok(Some(event)) => sender.egress.push(&event),
            Ok(None) => return,
            Err(()) => sender.egress.lose(Reason::TooBig, 1),
        }
        if sender.egress.is_pressing() {
            self.send();
        }
        self.recorded = self.recorded.saturating_add(1);
    }

    pub(crate) fn on_tick(&mut self, root: u32) {
        self.send();
        let total =
            self.senders.iter().map(|sender| sender.egress.losses().total()).fold(0, u64::saturating_add);
        let recorded = std::mem::take(&mut self.recorded);
        let metrics = self.metrics();
        metrics.events(recorded);
        metrics.dropped(total);
        metrics.memory(metrics::vm_memory());
        let due = self.plugins.get(&root).and_then(|plugin| plugin.leaving_until);
        if due.is_some_and(|until| host::monotonic_ns() >= until) {
            self.leave(root);
            host::done();
        }
    }

    pub(crate) fn on_call_response(&mut self, token: u32, headers: u32) {
        let now = host::monotonic_ns();
        let metrics = self.metrics.get_or_insert_with(Metrics::define);
        let sender = self
            .senders
            .iter_mut()
            .find_map(|sender| sender.answered(token, headers > 0, now, metrics).then_some(sender));
        let Some(sender) = sender else { return };
        if sender.egress.is_pressing() {
            sender.send(now, metrics);
        }
        let leaving = self.plugins.iter().find(|(_, plugin)| plugin.leaving_until.is_some());
        if let (Some((&root, _)), true) = (leaving, self.has_sent_all()) {
            self.leave(root);
            host::done();
        }
    }

    /// A context is to go; of a stream this comes after `on_log`. Returns whether it may go at once: a plugin whose events
    /// nobody else of this worker would send waits until they have arrived.
    pub(crate) fn on_done(&mut self, context: u32) -> bool {
        self.remove(context);
        if !self.plugins.contains_key(&context) {
            return true;
        }
        self.send();
        if self.has_sent_all() || self.leave_to_another(context) {
            self.leave(context);
            return true;
        }
        if let Some(plugin) = self.plugins.get_mut(&context) {
            plugin.leaving_until = Some(host::monotonic_ns().saturating_add(LAST_SENDING_NS));
        }
        false
    }

    /// Has another plugin of this worker called by Envoy, though nothing passes it yet: it will send what is left. Returns
    /// whether there is one.
    fn leave_to_another(&mut self, leaving: u32) -> bool {
        let other = self.plugins.iter_mut().find(|(root, plugin)| {
            **root != leaving && plugin.settings.is_some() && plugin.leaving_until.is_none()
        });
        let Some((root, plugin)) = other else { return false };
        host::act_for(*root).is_ok() && plugin.tick()
    }

    fn has_sent_all(&self) -> bool {
        self.senders.iter().all(|sender| sender.egress.is_empty())
    }

    /// A plugin is gone.
    fn leave(&mut self, root: u32) {
        self.plugins.remove(&root);
        if self.plugins.is_empty() {
            self.metrics().memory(0);
        }
    }

    fn begin(&mut self, stream: &mut Stream) {
        let Some(settings) = self.plugins.get(&stream.root).and_then(|plugin| plugin.settings.as_ref())
        else {
            return;
        };
        let has_memory = self.described < settings.max_described;
        match stream.begin(settings, &mut self.random, has_memory) {
            Begun::Recorded if settings.egress.inject_traceparent => {
                if let Some(traceparent) = stream.traceparent() {
                    // A request that cannot be changed any more goes on as it is.
                    let _ = host::set_request_header("traceparent", &traceparent);
                }
            }
            Begun::Recorded | Begun::NotWanted => {}
            Begun::Impossible => {
                if let Some(sender) = self.sender(stream.root) {
                    sender.egress.lose(Reason::Memory, 1);
                }
            }
        }
    }

    /// Runs `change` on a stream, and keeps account of what it holds.
    fn change(&mut self, context: u32, change: impl FnOnce(&mut Self, &mut Stream)) {
        let Some(mut stream) = self.streams.remove(&context) else { return };
        self.described = self.described.saturating_sub(stream.described_bytes());
        change(self, &mut stream);
        self.described = self.described.saturating_add(stream.described_bytes());
        self.streams.insert(context, stream);
    }

    fn remove(&mut self, context: u32) -> Option<Stream> {
        let stream = self.streams.remove(&context)?;
        self.described = self.described.saturating_sub(stream.described_bytes());
        Some(stream)
    }

    /// The way of a plugin's events; `None` if it was never configured.
    fn sender(&mut self, root: u32) -> Option<&mut Sender> {
        let settings = self.plugins.get(&root)?.settings.as_ref()?;
        let max_memory = settings.egress.max_memory as usize;
        if let Some(at) = self.senders.iter().position(|sender| sender.cluster == settings.egress.cluster) {
            let sender = self.senders.get_mut(at)?;
            sender.egress.set_max_memory(max_memory);
            return Some(sender);
        }
        let epoch = self.random.next()?;
        let (epoch, _) = epoch.split_first_chunk::<16>()?;
        let egress = Egress::new(u128::from_le_bytes(*epoch), max_memory);
        self.senders.push(Sender::new(settings.egress.cluster.clone(), egress));
        self.senders.last_mut()
    }

    /// Sends what is due, to every cluster: also to one that only an earlier configuration names.
    fn send(&mut self) {
        let now = host::monotonic_ns();
        let metrics = self.metrics.get_or_insert_with(Metrics::define);
        self.senders.iter_mut().for_each(|sender| sender.send(now, metrics));
    }

    /// Defined when they are first needed, which they are not in the VM that Envoy tries a configuration in.
    fn metrics(&mut self) -> &mut Metrics {
        self.metrics.get_or_insert_with(Metrics::define)
    }
}

#[cfg(test)]
mod tests;
