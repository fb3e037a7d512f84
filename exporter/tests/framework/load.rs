//! A load on a ring, while something happens to whoever reads it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use offpath_exporter::ids;
use offpath_ring::Producer;

use super::{
    Place,
    events::{EVENT, exchange},
};

/// Writes about `burst` events a millisecond, as far as the ring has room, for as long as `disturb` takes. Returns their ids.
pub(crate) fn written_while(ring: &mut Producer, burst: usize, disturb: impl FnOnce()) -> Vec<u128> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| write_until(ring, burst, &stop));
        disturb();
        stop.store(true, Ordering::Relaxed);
        writer.join().expect("no panic")
    })
}

fn write_until(ring: &mut Producer, burst: usize, stop: &AtomicBool) -> Vec<u128> {
    let mut ids = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..burst {
            // An exporter that takes long to start is no loss.
            if ring.capacity() - ring.used() <= 2 * ring.max_record() {
                break;
            }
            let id = ids.len() as u128 + 1;
            ring.write(EVENT, &exchange(id).to_bytes()).expect("room in the ring");
            ids.push(id);
        }
        thread::sleep(Duration::from_millis(1));
    }
    ids
}

/// Starts so many exporters, one after another, and kills each within so many milliseconds.
pub(crate) fn kill_at_random(place: &Place, times: usize, most_ms: u64) {
    for _ in 0..times {
        let exporter = place.run();
        any_moment(most_ms);
        exporter.kill();
    }
}

/// Waits for less than so many milliseconds. What comes after may come at any moment: this is what is tested, so there is
/// nothing to wait for.
pub(crate) fn any_moment(most_ms: u64) {
    thread::sleep(Duration::from_millis(ids::random_u64() % most_ms));
}
