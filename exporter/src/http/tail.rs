//! `/api/tail`: a reader of the spool that begins at its end, for as long as somebody listens.
//!
//! Nothing is kept for a follower. One that falls far behind is told how many events it missed, and goes on
//! with what is new.

use std::{convert::Infallible, time::Duration};

use axum::body::{Body, Bytes};
use http_body_util::channel::{Channel, Sender};
use offpath_core::event::Event;
use serde_json::json;
use tokio::{runtime::Handle, sync::OwnedSemaphorePermit};
use tracing::warn;

use crate::{
    event_json,
    spool::{Reader, Spool},
};

/// How far a follower may fall behind, in events.
const MOST_BEHIND: u64 = 10_000;

/// Bytes that are sent at a time.
const CHUNK: usize = 64 << 10;

/// How long a follower hears nothing before an empty line asks whether it is still there.
const SILENCE: Duration = Duration::from_secs(5);

/// A body of lines, one for each event from now on; `permit` is held until it ends.
pub(super) fn follow(spool: Spool, permit: OwnedSemaphorePermit) -> Body {
    let (sender, channel) = Channel::<Bytes, Infallible>::new(2);
    let reader = spool.follow();
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        send_all(&spool, reader, sender, &runtime);
        drop(permit);
    });
    Body::new(channel)
}

fn send_all(spool: &Spool, mut reader: Reader, mut sender: Sender<Bytes, Infallible>, runtime: &Handle) {
    loop {
        let lines = match next_lines(spool, &mut reader) {
            Ok(lines) => lines,
            Err(error) => {
                warn!(%error, "cannot follow the spool");
                return;
            }
        };
        let lines = if lines.is_empty() {
            if spool.wait(reader.position(), SILENCE) {
                continue;
            }
            vec![b'\n']
        } else {
            lines
        };
        if runtime.block_on(sender.send_data(lines.into())).is_err() {
            return;
        }
    }
}

fn next_lines(spool: &Spool, reader: &mut Reader) -> std::io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    let behind = spool.end().saturating_sub(reader.position());
    if behind > MOST_BEHIND {
        reader.seek(reader.position() + behind);
        missed(behind, &mut lines);
    }
    while lines.len() < CHUNK {
        let Some(record) = reader.read()? else { break };
        if let Ok(event) = Event::from_bytes(record.payload) {
            event_json::write(&event, &mut lines);
            lines.push(b'\n');
        }
    }
    missed(reader.take_missing(), &mut lines);
    Ok(lines)
}

fn missed(count: u64, lines: &mut Vec<u8>) {
    if count > 0 {
        let line = json!({"schema": event_json::SCHEMA, "kind": "missed", "count": count});
        lines.extend_from_slice(format!("{line}\n").as_bytes());
    }
}
