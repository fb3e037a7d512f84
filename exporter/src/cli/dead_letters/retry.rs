//! `offpath dead-letters retry`: letters become parcels of their sinks.

use std::{collections::BTreeMap, io, process::ExitCode};

use super::{Kept, system};
use crate::{
    cli::{Failure, print},
    dead_letters::{Address, DeadLetters},
    resend::Packer,
};

pub(super) fn retry(kept: &Kept, ids: &[String]) -> Result<ExitCode, Failure> {
    let all = kept.list()?;
    let chosen: Vec<&Address> = if ids.is_empty() {
        all.iter().collect()
    } else {
        let found = ids.iter().map(|id| kept.of_event(&all, id)).collect::<Result<Vec<_>, _>>()?;
        found.into_iter().flatten().collect()
    };
    let mut by_sink: BTreeMap<&str, Vec<&Address>> = BTreeMap::new();
    for address in chosen {
        by_sink.entry(&address.sink).or_default().push(address);
    }
    if by_sink.is_empty() {
        return print("no dead letters\n");
    }
    let mut left = 0;
    for (sink, letters) in by_sink {
        if !kept.exporter.sinks.iter().any(|configured| configured.name == sink) {
            eprintln!("offpath: sink {sink} is not configured; left there: {}", count(letters.len()));
            left += letters.len();
            continue;
        }
        let packer = Packer::new(&kept.exporter.data_dir, sink);
        let (sent, damaged) = send(&kept.letters, packer, &letters).map_err(system)?;
        left += damaged;
        print(&format!("{sink}: {} to be sent again\n", count(sent)))?;
    }
    Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns how many go, and how many are damaged. A letter goes once its parcel is on the disk.
fn send(letters: &DeadLetters, mut packer: Packer, addresses: &[&Address]) -> io::Result<(usize, usize)> {
    let (mut taken, mut sent, mut damaged) = (Vec::new(), 0, 0);
    let mut packed = |taken: &mut Vec<&Address>| {
        sent += taken.len();
        taken.drain(..).try_for_each(|address| letters.sent(address))
    };
    for &address in addresses {
        match letters.take(address) {
            Ok(opened) => {
                taken.push(address);
                if packer.add(&opened.event.to_bytes())? {
                    packed(&mut taken)?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                eprintln!(
                    "offpath: the letter {:032x} of sink {} is damaged, and stays",
                    address.id, address.sink
                );
                damaged += 1;
            }
            // Another has taken it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    packer.finish()?;
    packed(&mut taken)?;
    Ok((sent, damaged))
}

fn count(letters: usize) -> String {
    format!("{letters} dead letter{}", if letters == 1 { "" } else { "s" })
}
