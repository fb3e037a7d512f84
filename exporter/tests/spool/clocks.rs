//! The clock on the wall is set while the spool holds records: nothing goes for that, and nothing stays.

use std::time::Duration;

use offpath_exporter::spool::{Options, Spool, Writer};

use super::{drain, fill, open, options, sim::Sim};

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;
const NOW: u64 = 1_795_000_000 * SECOND;

fn week() -> Options {
    Options { max_age: Duration::from_secs(7 * 86_400), ..options() }
}

/// A spool with a backlog of 30 records, at a certain time.
fn backlog(sim: &Sim, unix_ns: u64) -> (Spool, Writer) {
    sim.set_clock(unix_ns);
    let (spool, mut writer) = open(sim, week());
    spool.enrol("a").expect("enrolled");
    fill(&mut writer, 0..30);
    (spool, writer)
}

fn is_whole(spool: &Spool) -> bool {
    spool.sweep().evicted.is_empty() && drain(spool, "a", 0) == ((0..30).collect(), 0)
}

#[test]
fn a_clock_that_was_wrong_and_is_set_costs_nothing() {
    let sim = Sim::default();
    let (spool, _writer) = backlog(&sim, 0);
    sim.set_clock(NOW);
    assert!(is_whole(&spool));
}

#[test]
fn a_clock_that_is_set_while_no_exporter_runs_costs_nothing() {
    let sim = Sim::default();
    drop(backlog(&sim, 0));
    sim.set_clock(NOW);
    let (spool, _writer) = open(&sim, week());
    spool.enrol("a").expect("enrolled");
    assert!(is_whole(&spool));
}

#[test]
fn a_clock_that_is_set_and_then_a_restart_cost_nothing() {
    let sim = Sim::default();
    let (spool, writer) = backlog(&sim, 0);
    sim.set_clock(NOW);
    spool.sweep();
    drop((spool, writer));
    sim.cut_power(|| true);
    let (spool, _writer) = open(&sim, week());
    spool.enrol("a").expect("enrolled");
    assert!(is_whole(&spool));
}

#[test]
fn a_clock_that_goes_back_and_forth_costs_nothing() {
    let sim = Sim::default();
    let (spool, _writer) = backlog(&sim, NOW);
    for unix_ns in [NOW + 3_600 * SECOND, 0, NOW + 365 * DAY, NOW] {
        sim.set_clock(unix_ns);
        assert!(is_whole(&spool));
    }
}

#[test]
fn a_clock_that_begins_in_1970_at_a_start_costs_nothing() {
    let sim = Sim::default();
    drop(backlog(&sim, NOW));
    sim.cut_power(|| true);
    sim.set_clock(0);
    let (spool, _writer) = open(&sim, week());
    spool.enrol("a").expect("enrolled");
    assert!(is_whole(&spool));
    sim.set_clock(NOW + 60 * SECOND);
    assert!(is_whole(&spool));
}

#[test]
fn what_is_old_goes_whatever_the_clock_says() {
    let sim = Sim::default();
    let (spool, mut writer) = backlog(&sim, NOW);
    sim.set_clock(0);
    sim.pass(4 * DAY);
    sim.set_clock(100);
    sim.pass(4 * DAY);
    fill(&mut writer, 30..31);
    let lost: u64 = spool.sweep().evicted.iter().map(|lost| lost.count).sum();
    assert!(lost >= 24, "all but the last segment of them: {lost}");
}

#[test]
fn time_passes_while_the_machine_is_off() {
    let sim = Sim::default();
    drop(backlog(&sim, NOW));
    sim.cut_power(|| true);
    sim.set_clock(NOW + 8 * DAY);
    let (spool, mut writer) = open(&sim, week());
    spool.enrol("a").expect("enrolled");
    fill(&mut writer, 30..31);
    let lost: u64 = spool.sweep().evicted.iter().map(|lost| lost.count).sum();
    assert!(lost >= 24, "all but the last segment of them: {lost}");
}
