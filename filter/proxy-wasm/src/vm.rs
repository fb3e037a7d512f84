//! The VM of one worker: its plugins, its streams, and what they share.

use crate::{
    abi::host::{self, Level},
    egress::{Egress, Reason},
    metrics::{self, Metrics},
    plugin::{Plugin, Sender, Settings},
    random::Pool,
    stream::{Begun, Stream},
};
use offpath_core::Finished;
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
    metrics: Option<Metrics>,
    /// Exchanges that the metrics do not know of yet.
    recorded: u64,
    /// Events that were lost with their sender.
    lost: u64,
    /// Bytes that the exchanges in flight hold beside their bodies.
    described: usize,
}

impl Vm {
    /// Takes a configuration. What is wrong with a bad one is in Envoy's log, all of it; it is refused, and the plugin goes
    /// on as it was.
    pub(crate) fn on_configure(&mut self, root: u32, size: usize) -> bool {
        match Settings::read(size) {
            Ok(settings) => {
                settings.tell();
                let (cluster, max_memory) = (settings.egress.cluster.clone(), settings.egress.max_memory);
                self.plugins.entry(root).or_default().settings = Some(settings);
                if let Some(sender) = self.senders.iter_mut().find(|sender| sender.cluster == cluster) {
                    sender.egress.allow(max_memory as usize);
                }
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
        self.change(context, |vm, stream| {
            let has_memory = vm.has_memory(stream.root);
            stream.response_head(is_last, has_memory);
        });
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
        let root = stream.root;
        let Some(plugin) = self.plugins.get_mut(&root) else { return };
        plugin.tick();
        let answer = stream.ask(&mut plugin.query);
        let Some(sender) = self.sender(root) else { return };
        let finished = stream.finish(answer.as_ref(), sender.egress.longest_event());
        let is_recorded = matches!(finished, Finished::Event(_) | Finished::TooLong);
        match finished {
            Finished::Event(event) | Finished::Unsampled(event) => sender.egress.push(&event),
            Finished::TooLong => sender.egress.lose(Reason::TooBig, 1),
            Finished::Nothing => return,
        }
        if sender.egress.is_pressing() {
            self.send(root);
        }
        self.recorded = self.recorded.saturating_add(is_recorded.into());
    }

    pub(crate) fn on_tick(&mut self, root: u32) {
        if self.is_leaving(root) {
            self.go_on_leaving(root);
        } else {
            self.send(root);
            self.tell_metrics();
        }
    }

    /// The answer to a call of this plugin has come.
    pub(crate) fn on_call_response(&mut self, root: u32, token: u32, headers: u32) {
        let now = host::monotonic_ns();
        let metrics = self.metrics.get_or_insert_with(Metrics::define);
        let answered = |sender: &mut Sender| sender.answered(token, headers > 0, now, metrics);
        let Some(at) = self.senders.iter_mut().position(answered) else { return };
        let is_pressing = self.senders.get(at).is_some_and(|sender| sender.egress.is_pressing());
        if self.is_leaving(root) {
            self.go_on_leaving(root);
        } else if is_pressing {
            self.send(root);
        }
    }

    /// A context is to go; of a stream this comes after `on_log`. Returns whether it may go at once: a plugin waits for the
    /// answers to its calls, which would go with it, and if it is the last of this worker for everything to arrive.
    pub(crate) fn on_done(&mut self, context: u32) -> bool {
        self.remove(context);
        let Some(plugin) = self.plugins.get_mut(&context) else { return true };
        plugin.leaving_until = Some(host::monotonic_ns().saturating_add(LAST_SENDING_NS));
        if self.may_leave(context) {
            self.leave(context);
            return true;
        }
        // It is called until it may go.
        self.plugins.get_mut(&context).map(Plugin::tick);
        false
    }

    fn is_leaving(&self, root: u32) -> bool {
        self.plugins.get(&root).is_some_and(|plugin| plugin.leaving_until.is_some())
    }

    fn go_on_leaving(&mut self, root: u32) {
        let until = self.plugins.get(&root).and_then(|plugin| plugin.leaving_until);
        if self.may_leave(root) || until.is_none_or(|until| host::monotonic_ns() >= until) {
            self.leave(root);
            host::done();
        }
    }

    /// Whether nothing would be lost with this plugin. The last one sends what there is to send.
    fn may_leave(&mut self, root: u32) -> bool {
        let is_last = !self.leave_to_another(root);
        if is_last {
            self.send(root);
        }
        self.senders
            .iter()
            .all(|sender| !sender.egress.awaits(root) && (!is_last || sender.egress.is_empty()))
    }

    /// Has another plugin of this worker called by Envoy, though nothing passes it yet: it will send what is left. Returns
    /// whether there is one.
    fn leave_to_another(&mut self, leaving: u32) -> bool {
        let other = self.plugins.iter_mut().find(|(root, plugin)| {
            **root != leaving && plugin.settings.is_some() && plugin.leaving_until.is_none()
        });
        let Some((root, plugin)) = other else { return false };
        let ticks = host::act_for(*root).is_ok() && plugin.tick();
        let _ = host::act_for(leaving);
        ticks
    }

    /// A plugin is gone. What nobody is left to send is lost.
    fn leave(&mut self, root: u32) {
        self.plugins.remove(&root);
        self.senders.iter_mut().for_each(|sender| sender.egress.abandon(root));
        if !self.plugins.is_empty() {
            return;
        }
        let unsent = self.senders.iter().map(|sender| sender.egress.unsent()).fold(0, u64::saturating_add);
        if unsent > 0 {
            host::log(Level::Warn, &format!("the filter ends, and {unsent} events were not sent"));
        }
        for sender in self.senders.drain(..) {
            self.lost = self.lost.saturating_add(sender.egress.given_up());
        }
        self.tell_metrics();
        self.metrics().memory(0);
    }

    fn tell_metrics(&mut self) {
        let losses = self.senders.iter().map(|sender| sender.egress.losses().total());
        let total = losses.fold(self.lost, u64::saturating_add);
        let recorded = std::mem::take(&mut self.recorded);
        let metrics = self.metrics();
        metrics.events(recorded);
        metrics.dropped(total);
        metrics.memory(metrics::vm_memory());
    }

    fn begin(&mut self, stream: &mut Stream) {
        let has_memory = self.has_memory(stream.root);
        let Some(settings) = self.plugins.get(&stream.root).and_then(|plugin| plugin.settings.as_ref())
        else {
            return;
        };
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

    /// Whether an exchange of this plugin may describe more.
    fn has_memory(&self, root: u32) -> bool {
        let settings = self.plugins.get(&root).and_then(|plugin| plugin.settings.as_ref());
        settings.is_some_and(|settings| self.described < settings.max_described)
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
        let cluster = &self.plugins.get(&root)?.settings.as_ref()?.egress.cluster;
        if let Some(at) = self.senders.iter().position(|sender| sender.cluster == *cluster) {
            return self.senders.get_mut(at);
        }
        let epoch = self.random.next()?;
        let (epoch, _) = epoch.split_first_chunk::<16>()?;
        let egress = Egress::new(u128::from_le_bytes(*epoch), self.max_memory(cluster)?);
        self.senders.push(Sender::new(cluster.clone(), egress));
        self.senders.last_mut()
    }

    /// The most that a plugin which names this cluster lets wait for it; `None` if none does.
    fn max_memory(&self, cluster: &str) -> Option<usize> {
        let settings = self.plugins.values().filter_map(|plugin| plugin.settings.as_ref());
        let named = settings.filter(|settings| settings.egress.cluster == cluster);
        named.map(|settings| settings.egress.max_memory as usize).max()
    }

    /// Sends what is due, by this plugin, which must be the current context's: to every cluster, also one that only an
    /// earlier configuration names. If that one is gone too, what it did not take is lost.
    fn send(&mut self, root: u32) {
        let now = host::monotonic_ns();
        let metrics = self.metrics.get_or_insert_with(Metrics::define);
        let taken: Vec<_> =
            self.senders.iter_mut().map(|sender| sender.send(root, now, metrics).is_ok()).collect();
        if taken.iter().all(|taken| *taken) {
            return;
        }
        for (sender, taken) in std::mem::take(&mut self.senders).into_iter().zip(taken) {
            if taken || self.max_memory(&sender.cluster).is_some() {
                self.senders.push(sender);
            } else {
                sender.tell_of_its_end();
                self.lost = self.lost.saturating_add(sender.egress.given_up());
            }
        }
    }

    /// Defined when they are first needed, which they are not in the VM that Envoy tries a configuration in.
    fn metrics(&mut self) -> &mut Metrics {
        self.metrics.get_or_insert_with(Metrics::define)
    }
}

#[cfg(test)]
mod tests;
