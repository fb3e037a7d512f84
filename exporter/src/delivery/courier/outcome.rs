//! What becomes of a request's events, by what was answered.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::task::{self, JoinError, spawn_blocking};
use tracing::warn;

use super::{Courier, Job};
use crate::{
    dead_letters::Letter,
    delivery::{Answer, Verdict, batch::Origin, client::Received, failure::Failure, refusals::Then, retry},
    health::Trouble,
    ids,
};

/// Where a backend does not say which events it did not take, those of a request no larger than this are all set aside: they can
/// be sent again. Of more, only the number is kept, as writing them all would slow the sink to what a disk can sync.
const MAX_SUSPECTS: usize = 100;

/// What is set aside is told no more often than this.
const QUIET: Duration = Duration::from_secs(10);

type Landed = Result<(task::Id, Result<Received, Failure>), JoinError>;

impl Courier {
    pub(super) async fn land(&mut self, landed: Landed) {
        let is_full = self.flying.len() >= self.limit.now();
        let (id, result) = match landed {
            Ok((id, result)) => (id, result),
            // It panicked, which is a bug: as if no answer had come.
            Err(error) => (error.id(), Err(Failure::broken(error.to_string()))),
        };
        let Some(job) = self.flying.remove(&id) else { return };
        match result {
            Ok(received) => {
                let Received { status, headers, body, latency } = received;
                let request = &job.request;
                let answer = Answer { status, headers: &headers, body: &body, request };
                let verdict = self.backend.judge(&answer);
                self.judged(job, verdict, latency, is_full).await;
            }
            Err(Failure { kind, why, is_blocked: true, .. }) => self.blocked(&job, kind, &why),
            Err(Failure { kind, why, is_absent, .. }) => self.failed(job, kind, &why, None, is_absent),
        }
    }

    async fn judged(&mut self, job: Job, verdict: Verdict, latency: Duration, is_full: bool) {
        match verdict {
            Verdict::Delivered => {
                self.delivered(&job, latency, is_full, job.request.events.len());
                self.source.settle(&job.batch, &job.request.events);
            }
            Verdict::Partly { rejected, why } => {
                let of = job.request.events.len();
                let rejected = usize::try_from(rejected).unwrap_or(of).min(of);
                if rejected < of {
                    self.delivered(&job, latency, is_full, of - rejected);
                }
                self.partly(job, rejected, &why).await;
            }
            Verdict::Retry { kind, why, after } => self.failed(job, kind, &why, after, false),
            Verdict::Blocked { kind, why } => self.blocked(&job, kind, &why),
            Verdict::Refused { why } => self.refused(job, "refused", &why).await,
            Verdict::TooLarge { why } => self.refused(job, "too_large", &why).await,
        }
    }

    /// Whether it was sent before the backend was to be left alone. What is answered to it says nothing of whether that is over,
    /// and what it would change is decided by what is tried then.
    fn is_late(&self, job: &Job) -> bool {
        self.circuit.is_open() && !job.is_probe
    }

    /// The backend took `taken` of the events.
    fn delivered(&mut self, job: &Job, latency: Duration, is_full: bool, taken: usize) {
        self.limit.answered(latency, is_full);
        self.circuit.answered();
        self.lane.metrics.sink_sent(&self.lane.name, taken as u64);
        if self.is_late(job) {
            return;
        }
        if taken > 0 {
            self.refusals.accepted();
        }
        self.close_circuit();
        self.lane.delivers();
    }

    /// The request failed; it, or what it holds, is sent again.
    fn failed(
        &mut self,
        mut job: Job,
        kind: &'static str,
        why: &str,
        after: Option<Duration>,
        is_absent: bool,
    ) {
        let now = Instant::now();
        if self.is_late(&job) {
            self.lane.metrics.sink_error(&self.lane.name, kind);
            return;
        }
        self.limit.failed(job.sent, now);
        let is_one_too_many = self.circuit.failed();
        if job.is_probe || is_absent || after.is_some() || is_one_too_many {
            let problem = self.secrets.clean(why, Some(&job.request));
            self.open_circuit(&Trouble { kind, problem, is_blocked: false }, after);
            return;
        }
        self.lane.metrics.sink_error(&self.lane.name, kind);
        job.due = now + retry::pause(job.attempts, ids::random_u64());
        job.attempts += 1;
        self.waiting.push(job);
    }

    fn blocked(&mut self, job: &Job, kind: &'static str, why: &str) {
        if self.is_late(job) {
            self.lane.metrics.sink_error(&self.lane.name, kind);
            return;
        }
        let problem = self.secrets.clean(why, Some(&job.request));
        self.open_circuit(&Trouble { kind, problem, is_blocked: true }, None);
    }

    /// The backend is left alone for a while. What is read is let go, to be read again.
    pub(super) fn open_circuit(&mut self, trouble: &Trouble, after: Option<Duration>) {
        let random = ids::random_u64();
        let pause = match after {
            None if trouble.is_blocked => retry::blocked_pause(random),
            // A backend that asks for no pause at all gets one, too.
            after => retry::pause(self.circuit.times(), random).max(after.unwrap_or_default()),
        };
        if trouble.kind == "tls" {
            self.client = None;
        }
        self.waiting.clear();
        self.source.let_go();
        self.is_stale = true;
        self.limit.restart();
        self.circuit.open(pause, Instant::now());
        self.lane.fails(trouble, pause);
    }

    /// The backend is there. What was passed over while it was not is to be read now.
    fn close_circuit(&mut self) {
        if self.circuit.is_open() {
            self.circuit.close();
            self.limit.restart();
            self.waiting.clear();
            self.is_stale = true;
        }
    }

    /// At least one of the events is wrong: it is found by halving.
    async fn refused(&mut self, job: Job, reason: &'static str, why: &str) {
        if self.is_late(&job) {
            return;
        }
        self.circuit.answered();
        self.lane.metrics.sink_error(&self.lane.name, reason);
        let events = &job.request.events;
        let why = self.secrets.clean(why, Some(&job.request));
        if events.len() > 1 {
            if self.circuit.is_open() {
                // It answers, so it is there. This request comes again.
                self.close_circuit();
                return;
            }
            let (left, right) = events.split_at(events.len() / 2);
            self.prepare(&Rc::clone(&job.batch), left);
            self.prepare(&Rc::clone(&job.batch), right);
            return;
        }
        self.none_taken(&job, reason, &why).await;
    }

    /// Events that the backend takes in no company, as it answers, and so is there.
    async fn none_taken(&mut self, job: &Job, reason: &'static str, why: &str) {
        let events = &job.request.events;
        match self.then(job, events.len() as u64) {
            Then::SetAside => {
                self.close_circuit();
                self.set_aside(job, events, reason, why).await;
            }
            Then::Hold => self.hold(why),
        }
    }

    /// What to do with `count` events of a job, which are all that is in it. What somebody has sent again may well be bad
    /// altogether, and says nothing of what else there is.
    fn then(&mut self, job: &Job, count: u64) -> Then {
        match job.batch.origin {
            Origin::Spool => self.refusals.refused(count),
            Origin::Parcel(_) => Then::SetAside,
        }
    }

    fn hold(&mut self, why: &str) {
        let problem = format!(
            "every event is refused, so it is hardly the events' fault; they stay in the spool, and one is tried now and then; \
             check the address of this sink, and its type; the last answer: {why}"
        );
        self.open_circuit(&Trouble { kind: "refused_all", problem, is_blocked: true }, None);
    }

    /// `rejected` of the events were not taken, and may not be sent again; it is not said which.
    async fn partly(&mut self, job: Job, rejected: usize, why: &str) {
        let events = &job.request.events;
        let why = self.secrets.clean(why, Some(&job.request));
        if rejected == events.len() {
            if !self.is_late(&job) {
                self.circuit.answered();
                self.none_taken(&job, "rejected", &why).await;
            }
            return;
        }
        if rejected == 0 {
            warn!(sink = self.lane.name, why, "the backend took all events, and warns");
        } else if events.len() <= MAX_SUSPECTS {
            let of = events.len();
            let why = format!(
                "{rejected} of {of} events sent together were not taken, and it is not said which: {why}"
            );
            if !self.write_letters(&job, events, "rejected", &why).await {
                return;
            }
        } else {
            warn!(
                sink = self.lane.name,
                count = rejected,
                why,
                "the backend does not take some events, and does not say which"
            );
        }
        if rejected > 0 {
            self.lane.metrics.sink_dropped(&self.lane.name, "rejected", rejected as u64);
        }
        self.source.settle(&job.batch, events);
    }

    /// Makes dead letters of events, which are then done.
    async fn set_aside(&mut self, job: &Job, places: &[usize], reason: &'static str, why: &str) {
        if !self.write_letters(job, places, reason, why).await {
            return;
        }
        self.lane.metrics.sink_dropped(&self.lane.name, reason, places.len() as u64);
        self.source.settle(&job.batch, places);
        self.lane.delivers();
    }

    /// Returns whether it could. If not, the events are held, and sent again.
    async fn write_letters(&mut self, job: &Job, places: &[usize], reason: &'static str, why: &str) -> bool {
        let events = job.batch.read(places).events;
        let count = events.len();
        let (sink, words, letters) = (self.lane.name.clone(), why.to_owned(), self.lane.dead_letters.clone());
        let written = spawn_blocking(move || {
            let at_unix_ns = ids::now_unix_ns();
            letters.add(&Letter { sink: &sink, reason, why: &words, at_unix_ns, events: &events })
        });
        let error = match written.await {
            Ok(Ok(())) => {
                self.tell_set_aside(count, reason, why);
                return true;
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        let problem = format!("cannot write a dead letter: {error}");
        self.open_circuit(&Trouble { kind: "dead_letters", problem, is_blocked: false }, None);
        false
    }

    fn tell_set_aside(&mut self, count: usize, reason: &str, why: &str) {
        let now = Instant::now();
        if self.quiet_until.is_none_or(|until| now >= until) {
            warn!(
                sink = self.lane.name,
                count, reason, why, "the backend does not take events; they are now dead letters"
            );
            self.quiet_until = Some(now + QUIET);
        }
    }
}
