use crate::{Dir, eventually, names, read_all};
use offpath_ring::{Consumer, ConsumerLock, LockError, LossReason, Producer, Refused, boot_id, rings};
use std::{
    io,
    os::unix::process::CommandExt,
    process::{self, Command},
    sync::Mutex,
};

#[test]
fn a_ring_says_who_made_it() {
    let dir = Dir::new();
    let producer = dir.producer();
    let consumer = dir.consumer();
    let info = consumer.info();
    assert_eq!((info.ring_id, info.pid), (producer.ring_id(), process::id()));
    assert_eq!((info.boot_id, info.capacity), (boot_id().unwrap(), 64 * 1024));
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    assert!(stat.split(' ').any(|field| field == info.start_time.to_string()));
}

#[test]
fn both_sides_can_move_between_threads() {
    fn can_move<T: Send>() {}
    can_move::<Producer>();
    can_move::<Consumer>();
}

#[test]
fn a_producer_is_alive_until_it_is_dropped() {
    let dir = Dir::new();
    let producer = dir.producer();
    let consumer = dir.consumer();
    assert!(consumer.producer_alive().unwrap());
    drop(producer);
    eventually("the lock to go", || !consumer.producer_alive().unwrap());
    assert!(!consumer.sealed(), "a drop is no clean end");
}

#[test]
fn a_consumer_that_asks_does_not_keep_the_lock() {
    let dir = Dir::new();
    drop(dir.producer());
    let (first, second) = (dir.consumer(), dir.consumer());
    eventually("the lock to go", || !first.producer_alive().unwrap());
    assert!(!second.producer_alive().unwrap());
    assert!(!first.producer_alive().unwrap());
}

#[test]
fn a_sealed_ring_can_be_drained_and_removed() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    producer.write(0, b"last").unwrap();
    let mut consumer = dir.consumer();
    assert!(!consumer.sealed());

    producer.seal();
    assert!(consumer.sealed());
    assert_eq!(producer.write(0, b"late"), Err(Refused::Sealed));
    assert_eq!(read_all(&mut consumer).len(), 1);
    consumer.release();
    consumer.remove().unwrap();
    assert!(rings(&dir.path).unwrap().is_empty());
}

#[test]
fn sealing_removes_a_ring_with_nothing_left_to_tell() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    producer.write(0, b"x").unwrap();
    let mut consumer = dir.consumer();
    read_all(&mut consumer);
    consumer.release();

    producer.seal();
    assert!(rings(&dir.path).unwrap().is_empty());
    assert!(consumer.sealed());
    consumer.remove().unwrap();
}

#[test]
fn sealing_keeps_a_ring_whose_losses_nobody_has_seen() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    producer.count_loss(LossReason::Memory, 1);
    producer.seal();
    assert_eq!(dir.consumer().losses()[LossReason::Memory], 1);
}

#[test]
fn a_heartbeat_reaches_the_producer() {
    let dir = Dir::new();
    let producer = dir.producer();
    assert_eq!(producer.consumer_seen_unix_ns(), None);
    dir.consumer().heartbeat(1_700_000_000_000_000_000);
    assert_eq!(producer.consumer_seen_unix_ns(), Some(1_700_000_000_000_000_000));
}

#[test]
fn a_ring_set_aside_tells_its_living_producer() {
    let dir = Dir::new();
    let producer = dir.producer();
    let consumer = dir.consumer();
    assert!(!producer.retired());
    let bad = consumer.set_aside().unwrap();
    assert!(producer.retired());
    assert!(bad.extension().unwrap() == "bad" && bad.exists());
    assert!(rings(&dir.path).unwrap().is_empty());
}

#[test]
fn a_directory_has_one_consumer_and_the_error_names_it() {
    let dir = Dir::new();
    let held = ConsumerLock::acquire(&dir.path).unwrap();
    match ConsumerLock::acquire(&dir.path) {
        Err(LockError::Held { pid, .. }) => assert_eq!(pid, Some(process::id())),
        other => panic!("{other:?}"),
    }
    drop(held);
    eventually("the lock to go", || ConsumerLock::acquire(&dir.path).is_ok());
}

/// Runs `in_child` in a real forked child, then replaces that child by a program that ends when its input does, so that
/// the caller looks while it lives.
fn while_forked(in_child: impl FnMut() -> io::Result<()> + Send + Sync + 'static, look: impl FnOnce()) {
    let mut command = Command::new("cat");
    command.stdin(process::Stdio::piped());
    // SAFETY: the closure takes no lock that another thread of this test could hold, but for the allocator's, which glibc
    // releases in the child (fork(2) with malloc is supported there).
    unsafe { command.pre_exec(in_child) };
    let mut child = command.spawn().expect("the checks in the child failed");
    look();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn check(holds: bool) -> io::Result<()> {
    if holds { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
}

#[test]
fn a_forked_child_cannot_write_to_its_parents_ring() {
    let dir = Dir::new();
    let shared = std::sync::Arc::new(Mutex::new(dir.producer()));
    let inherited = shared.clone();
    let in_child = move || check(inherited.lock().unwrap().write(0, b"child") == Err(Refused::Forked));
    while_forked(in_child, || {
        let mut producer = shared.lock().unwrap();
        assert_eq!(producer.losses()[LossReason::Forked], 1);
        assert_eq!(producer.write(0, b"parent"), Ok(0));
    });
    assert_eq!(read_all(&mut dir.consumer()), [(0, 0, b"parent".to_vec())]);
}

#[test]
fn a_forked_child_that_abandons_or_seals_leaves_the_parents_ring_alive() {
    let dir = Dir::new();
    // The child lets go of its copy; this process keeps the original in the closure until `while_forked` is over.
    let mut inherited = Some(dir.producer());
    let in_child = move || {
        let mut producer = inherited.take().ok_or(io::ErrorKind::Other)?;
        producer.seal();
        producer.abandon_after_fork();
        Ok(())
    };
    while_forked(in_child, || {
        let consumer = dir.consumer();
        assert!(consumer.producer_alive().unwrap());
        assert!(!consumer.sealed());
    });
}

#[test]
fn a_forked_child_makes_a_ring_of_its_own() {
    let dir = Dir::new();
    let parent = dir.producer();
    let path = dir.path.clone();
    let in_child = move || {
        let mut producer = Producer::create(&path, &crate::SMALL).map_err(io::Error::other)?;
        producer.write(0, b"child").map_err(io::Error::other)?;
        Ok(())
    };
    while_forked(in_child, || {
        let paths = rings(&dir.path).unwrap();
        assert_eq!(paths.len(), 2, "{:?}", names(&dir.path));
        let child = paths.iter().find(|path| *path != parent.path()).unwrap();
        let mut consumer = Consumer::open(child).unwrap();
        assert_ne!(consumer.info().pid, process::id());
        assert_eq!(read_all(&mut consumer), [(0, 0, b"child".to_vec())]);
    });
}
