//! `offpath replay`: sends again what the spool or a local store still holds.
//!
//! It puts events into parcels (see `resend`), which the sinks pick up: those of the exporter that runs, or of the next one.

mod past;
mod time;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use self::past::{Plan, Range};
use super::{Failure, amount, beside, data_dir, print};
use crate::{
    config::outline::{Outline, Outlined, Store},
    ids,
    resend::Packer,
    spool::frame,
};

/// Bytes that are to stay free: the exporter needs some for what comes in meanwhile.
const RESERVE: u64 = 64 << 20;

/// What a user asks for.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Events that began then or later: a time such as 2026-11-20T08:00:00Z, a date, or how long ago, such as 2h
    #[arg(long, value_name = "T")]
    since: String,
    /// Events that began before this, written in the same way [default: now]
    #[arg(long, value_name = "T")]
    until: Option<String>,
    /// Sink to send to; may be repeated [default: all but local stores]
    #[arg(long = "sink", value_name = "NAME")]
    sinks: Vec<String>,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Configuration of the exporter [default: $OFFPATH_CONFIG, then ./offpath.toml, then the defaults]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let now = ids::now_unix_ns();
    let since = time::parse("since", &arguments.since, now)?;
    let until = arguments.until.map_or(Ok(now), |until| time::parse("until", &until, now))?;
    if since >= until {
        return Err(Failure::Usage("--since must be before --until, and in the past".to_owned()));
    }
    let exporter = beside(arguments.config)?;
    let data_dir = data_dir(&exporter)?;
    let sinks = chosen(&exporter, &arguments.sinks)?;
    let range = Range { since, until };
    let mut plan = Plan::make(range, data_dir, &stores(&exporter)).map_err(Failure::Other)?;
    print(&found(&plan))?;
    if plan.events() == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let needed = plan.bytes().saturating_mul(sinks.len() as u64);
    if arguments.dry_run {
        let names: Vec<&str> = sinks.iter().map(|sink| sink.name.as_str()).collect();
        return print(&format!(
            "would go to {}; {} of disk needed\n",
            names.join(", "),
            amount::bytes(needed)
        ));
    }
    has_room(data_dir, needed)?;
    send(&mut plan, data_dir, &sinks)?;
    let gone = plan.gone();
    if gone > 0 {
        eprintln!(
            "offpath: {gone} events went from the spool meanwhile; another replay finds them in a store"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The sinks that are named, or else all for which sending again makes sense.
fn chosen<'e>(exporter: &'e Outline, named: &[String]) -> Result<Vec<&'e Outlined>, Failure> {
    if named.is_empty() {
        let sinks: Vec<_> = exporter.sinks.iter().filter(|sink| sink.store.is_none()).collect();
        return match sinks.len() {
            0 => Err(Failure::Usage(
                "all sinks are local stores, which have it; name one with --sink".to_owned(),
            )),
            _ => Ok(sinks),
        };
    }
    let by_name: BTreeMap<&str, &Outlined> =
        exporter.sinks.iter().map(|sink| (sink.name.as_str(), sink)).collect();
    let known = || by_name.keys().copied().collect::<Vec<_>>().join(", ");
    let find = |name: &str| {
        let unknown = || Failure::Usage(format!("--sink: must be one of {}, got {name:?}", known()));
        by_name.get(name).copied().ok_or_else(unknown)
    };
    let once: std::collections::BTreeSet<&str> = named.iter().map(String::as_str).collect();
    once.into_iter().map(find).collect()
}

/// Where the local stores are; says of which that is not known.
fn stores(exporter: &Outline) -> Vec<PathBuf> {
    let store = |sink: &Outlined| match sink.store.as_ref()? {
        Store::At(path) => Some(path.clone()),
        Store::Unknown(why) => {
            eprintln!("offpath: {why}; what only this store has is left out");
            None
        }
    };
    exporter.sinks.iter().filter_map(store).collect()
}

fn found(plan: &Plan) -> String {
    let events = |count: u64| format!("{} event{}", amount::count(count), if count == 1 { "" } else { "s" });
    let mut text = format!(
        "{}, {}: {} from the spool, {} from local stores\n",
        events(plan.events()),
        amount::bytes(plan.bytes()),
        amount::count(plan.in_spool.events),
        amount::count(plan.in_stores.events),
    );
    if plan.unreadable > 0 {
        text.push_str(&format!("{} cannot be read, and are left out\n", events(plan.unreadable)));
    }
    text
}

fn has_room(directory: &Path, needed: u64) -> Result<(), Failure> {
    let room = rustix::fs::statvfs(directory).map_err(|error| Failure::Other(error.to_string()))?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    if free >= needed.saturating_add(RESERVE) {
        return Ok(());
    }
    Err(Failure::Other(format!(
        "not enough space: this takes {} in {}, where {} are free and {} are to stay so; replay a shorter time, or to \
         fewer sinks at a time",
        amount::bytes(needed),
        directory.display(),
        amount::bytes(free),
        amount::bytes(RESERVE),
    )))
}

fn send(plan: &mut Plan, data_dir: &Path, sinks: &[&Outlined]) -> Result<(), Failure> {
    let mut packers: Vec<Packer> = sinks.iter().map(|sink| Packer::new(data_dir, &sink.name)).collect();
    let mut sent = 0_u64;
    let done = plan.each(|event| {
        sent += 1;
        packers.iter_mut().try_for_each(|packer| packer.add(event).map(drop))
    });
    let done = done
        .and_then(|()| packers.iter_mut().try_for_each(Packer::finish).map_err(|error| error.to_string()));
    let told = if done.is_ok() { sent } else { 0 };
    if told > 0 {
        for sink in sinks {
            print(&format!("{}: {} to be sent again\n", sink.name, amount::count(told)))?;
        }
    }
    done.map_err(|error| {
        Failure::Other(format!(
            "{error}; a part may be sent already, which another replay does not make worse"
        ))
    })
}

/// Bytes that an event takes in a parcel.
fn packed(event: &[u8]) -> u64 {
    frame::size(event.len()) as u64
}
