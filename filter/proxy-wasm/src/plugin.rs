//! One configuration of the filter, and the way of its events to the exporter.

use crate::{
    abi::{
        Buffer, Map, Pairs,
        host::{self, Level, Status},
    },
    egress::{Answer, Egress, TIMEOUT_MS},
    metrics::Metrics,
    stream::Query,
};
use offpath_core::{
    Capture, Config, batch,
    config::{EgressSettings, Error},
};
use std::rc::Rc;

/// What the exchanges in flight may hold in one worker if the configuration does not say, in bytes. With as much for the
/// events on their way, and what lies between them, a worker's VM stays below 8 MB.
const DEFAULT_MAX_MEMORY: u32 = 2 << 20;

/// A root context: what one place in Envoy's configuration says of the filter.
#[derive(Debug, Default)]
pub(crate) struct Plugin {
    /// `None`: it has not been configured, and so records nothing.
    pub(crate) settings: Option<Settings>,
    /// How its streams' attributes are asked for: Envoy keeps expressions for each root context.
    pub(crate) query: Query,
    /// Whether its tick has been asked for.
    ticking: bool,
    /// Envoy wants it gone, and waits until this time for what is on its way.
    pub(crate) leaving_until: Option<u64>,
}

/// A configuration that was taken.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) capture: Rc<Capture>,
    pub(crate) egress: EgressSettings,
    /// What the exchanges in flight may hold beside their bodies, in bytes.
    pub(crate) max_described: usize,
}

impl Settings {
    /// Reads the configuration that Envoy holds for the plugin that is being configured.
    pub(crate) fn read(size: usize) -> Result<Self, Vec<Error>> {
        let bytes = host::buffer(Buffer::PluginConfiguration, 0, size).unwrap_or_default();
        Self::parse(&bytes)
    }

    fn parse(json: &[u8]) -> Result<Self, Vec<Error>> {
        let json = if json.trim_ascii().is_empty() { b"{}" } else { json };
        let config = Config::from_text(json)?;
        Ok(Self {
            egress: config.egress.clone(),
            max_described: config.max_memory_or(DEFAULT_MAX_MEMORY) as usize,
            capture: Capture::within(DEFAULT_MAX_MEMORY, config, "envoy"),
        })
    }

    /// Says in Envoy's log what was taken, and what in it will not do what it seems to.
    pub(crate) fn tell(&self) {
        let config = self.capture.config();
        host::log(Level::Info, &format!("took the rules {}", config.version()));
        for warning in config.warnings() {
            host::log(Level::Warn, &warning.to_string());
        }
        for path in config.scope() {
            host::log(
                Level::Warn,
                &format!("identity: Envoy has no ASGI scope, so scope:{path} tells nothing"),
            );
        }
    }
}

impl Plugin {
    /// Has Envoy call this plugin from now on; whether it will. Not at configuration: that is also done in a VM which is
    /// thrown away.
    pub(crate) fn tick(&mut self) -> bool {
        if let (Some(settings), false) = (&self.settings, self.ticking) {
            self.ticking = host::set_tick_period(settings.egress.interval_ms).is_ok();
        }
        self.ticking
    }
}

/// The way to one cluster, shared by all plugins of this worker that name it: so what an old configuration has not sent,
/// the new one sends.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) cluster: String,
    pub(crate) egress: Egress,
    headers: Vec<u8>,
    /// Whether the log says already that batches cannot be sent.
    told: bool,
}

impl Sender {
    pub(crate) fn new(cluster: String, egress: Egress) -> Self {
        let headers = Pairs::encode(&[
            (b":method", b"POST"),
            (b":path", batch::PATH.as_bytes()),
            (b":authority", b"offpath"),
            (b"content-type", batch::CONTENT_TYPE.as_bytes()),
        ]);
        Self { cluster, egress, headers, told: false }
    }

    /// Sends what is due, by this root context, which must be that of the current context. `Err`: Envoy takes no call to
    /// this cluster.
    pub(crate) fn send(&mut self, root: u32, now_ns: u64, metrics: &Metrics) -> Result<(), Status> {
        let mut taken = Ok(());
        while let Some((lane, body)) = self.egress.due(now_ns) {
            match host::http_call(&self.cluster, &self.headers, body, TIMEOUT_MS) {
                Ok(token) => self.egress.sent(lane, root, token, now_ns),
                Err(status) => {
                    self.egress.not_sent(lane, now_ns);
                    metrics.batch_failed();
                    let cluster = self.cluster.clone();
                    self.tell(|| {
                        format!("cannot send to the cluster \"{cluster}\": {status:?}; is it configured?")
                    });
                    taken = Err(status);
                }
            }
        }
        taken
    }

    /// Takes the answer that has come for a token. Returns whether it was awaited here.
    pub(crate) fn answered(&mut self, token: u32, has_headers: bool, now_ns: u64, metrics: &Metrics) -> bool {
        let pairs = if has_headers { host::pairs(Map::CallResponse).ok() } else { None };
        let status = pairs.and_then(|pairs| pairs.status());
        let answer = Answer::of(status);
        if !self.egress.answered(token, answer, now_ns) {
            return false;
        }
        if answer == Answer::Stored {
            metrics.batch_sent();
            if std::mem::take(&mut self.told) {
                host::log(Level::Info, "the exporter takes events again");
            }
        } else {
            metrics.batch_failed();
            let cluster = self.cluster.clone();
            self.tell(|| match status {
                Some(status) => {
                    format!("the exporter behind the cluster \"{cluster}\" answers {status}")
                }
                None => {
                    format!("the exporter behind the cluster \"{cluster}\" does not answer; events are kept")
                }
            });
        }
        true
    }

    /// Says that nothing will be sent to its cluster any more.
    pub(crate) fn tell_of_its_end(&self) {
        let (cluster, unsent) = (&self.cluster, self.egress.unsent());
        host::log(
            Level::Warn,
            &format!("the cluster \"{cluster}\" is gone, and {unsent} events were not sent"),
        );
    }

    fn tell(&mut self, what: impl FnOnce() -> String) {
        if !std::mem::replace(&mut self.told, true) {
            host::log(Level::Warn, &what());
        }
    }
}
