use super::*;

const SINK: &str = "collector";

fn event(id: u64) -> Event {
    Event { id_low: id, service: "chat".to_owned(), ..Event::default() }
}

fn put(data_dir: &Path, ids: std::ops::RangeInclusive<u64>) {
    let mut packer = Packer::new(data_dir, SINK);
    for id in ids {
        packer.add(&event(id).to_bytes()).expect("added");
    }
    packer.finish().expect("written");
}

fn ids(parcel: &Parcel) -> Vec<u64> {
    parcel.events.iter().map(|event| event.id_low).collect()
}

#[test]
fn where_nothing_was_put_there_is_no_parcel() {
    let data = tempfile::tempdir().expect("a directory");
    assert!(Resends::new(data.path(), SINK).next().expect("read").is_none());
    assert_eq!(fs::read_dir(data.path()).expect("listed").count(), 0);
}

#[test]
fn a_parcel_comes_again_until_it_is_done() {
    let data = tempfile::tempdir().expect("a directory");
    put(data.path(), 1..=3);
    let mut resends = Resends::new(data.path(), SINK);
    for _ in 0..2 {
        let parcel = resends.next().expect("read").expect("a parcel");
        assert_eq!((ids(&parcel), parcel.damaged), (vec![1, 2, 3], 0));
        assert_eq!(parcel.events[0], event(1));
    }
    resends.next().expect("read").expect("a parcel").done().expect("removed");
    assert!(resends.next().expect("read").is_none());
}

#[test]
fn what_is_too_much_for_one_parcel_comes_in_order_in_several() {
    let data = tempfile::tempdir().expect("a directory");
    put(data.path(), 1..=2_500);
    put(data.path(), 2_501..=2_502);
    let mut resends = Resends::new(data.path(), SINK);
    assert_eq!(resends.waiting().expect("read"), 4);
    let mut seen = Vec::new();
    while let Some(parcel) = resends.next().expect("read") {
        assert!(parcel.events.len() <= MAX_EVENTS);
        seen.extend(ids(&parcel));
        parcel.done().expect("removed");
    }
    assert_eq!(seen, (1..=2_502).collect::<Vec<_>>());
}

#[test]
fn parcels_are_of_one_sink_and_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = tempfile::tempdir().expect("a directory");
    put(data.path(), 1..=1);
    assert!(Resends::new(data.path(), "other").next().expect("read").is_none());
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let directory = directory(data.path(), SINK);
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&parcels(&directory).expect("listed")[0]), 0o600);
}

#[test]
fn a_damaged_event_is_counted_and_the_others_are_delivered() {
    let data = tempfile::tempdir().expect("a directory");
    put(data.path(), 1..=3);
    let path = parcels(&directory(data.path(), SINK)).expect("listed").remove(0);
    let mut bytes = fs::read(&path).expect("read");
    let second = START + frame::size(event(1).to_bytes().len());
    bytes[second + frame::HEADER] ^= 1;
    fs::write(&path, bytes).expect("written");
    let parcel = Resends::new(data.path(), SINK).next().expect("read").expect("a parcel");
    assert_eq!((ids(&parcel), parcel.damaged), (vec![1, 3], 1));
}

#[test]
fn what_is_no_parcel_is_set_aside_and_holds_nothing_up() {
    let data = tempfile::tempdir().expect("a directory");
    put(data.path(), 1..=1);
    let directory = directory(data.path(), SINK);
    fs::write(directory.join("0.parcel"), b"something else altogether").expect("written");
    let parcel = Resends::new(data.path(), SINK).next().expect("read").expect("a parcel");
    assert_eq!(ids(&parcel), [1]);
    assert!(directory.join("0.damaged").exists());
}
