use crate::{Dir, read_all};
use offpath_ring::{LossReason, Refused};
use std::thread;

#[test]
fn a_record_is_read_as_it_was_written() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    assert_eq!(producer.write(7, b"hello"), Ok(0));
    assert_eq!(producer.write(255, b""), Ok(1));

    let mut consumer = dir.consumer();
    assert_eq!(read_all(&mut consumer), [(0, 7, b"hello".to_vec()), (1, 255, Vec::new())]);
    assert_eq!(consumer.backlog(), 0);
}

#[test]
fn a_full_ring_refuses_counts_and_keeps_what_it_has() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    // 1,000 bytes take 1,024 in the ring: 64 of them fill it to the last byte.
    for sequence in 0..64 {
        assert_eq!(producer.write(0, &[1; 1000]), Ok(sequence));
    }
    assert_eq!(producer.used(), producer.capacity());
    assert_eq!(producer.write(0, &[2; 1000]), Err(Refused::Full));

    assert_eq!(producer.losses()[LossReason::Full], 1);
    assert_eq!(read_all(&mut dir.consumer()), (0..64).map(|n| (n, 0, vec![1; 1000])).collect::<Vec<_>>());
}

#[test]
fn space_comes_back_with_release_and_not_with_read() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    while producer.write(0, &[1; 1000]).is_ok() {}
    let mut consumer = dir.consumer();

    read_all(&mut consumer);
    assert_eq!(producer.write(0, b"x"), Err(Refused::Full));
    consumer.release();
    assert_eq!(producer.write(0, b"x"), Ok(64));
}

#[test]
fn a_refused_record_takes_no_sequence_number() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    producer.write(0, b"a").unwrap();
    producer.write(0, &vec![0; 20_000]).unwrap_err();
    assert_eq!(producer.write(0, b"b"), Ok(1));
}

#[test]
fn the_largest_record_passes_and_one_byte_more_is_too_big() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    let max = producer.max_record();
    assert_eq!(max, 16 * 1024);
    let payload = vec![9; usize::try_from(max).unwrap() + 1];

    assert_eq!(producer.write(0, &payload), Err(Refused::TooBig { len: max + 1, max }));
    assert_eq!(producer.write(0, &payload[1..]), Ok(0));
    assert_eq!(producer.losses()[LossReason::TooBig], 1);
    assert_eq!(read_all(&mut dir.consumer())[0].2.len() as u64, max);
}

#[test]
fn the_largest_record_fits_an_empty_ring_wherever_it_starts() {
    let dir = Dir::new();
    let mut producer = dir.tiny_producer(128);
    let mut consumer = dir.consumer();
    for start in 0..64_u64 {
        producer.write(0, &[0; 3]).unwrap();
        read_all(&mut consumer);
        consumer.release();
        assert!(producer.write(1, &[1; 32]).is_ok(), "at {} of lap {start}", producer.written() % 128);
        assert_eq!(read_all(&mut consumer).len(), 1);
        consumer.release();
    }
}

#[test]
fn records_larger_than_what_is_copied_at_once_pass() {
    let dir = Dir::new();
    let mut producer = dir.tiny_producer(4 * 1024 * 1024);
    let large = |n: u8| vec![n; 1024 * 1024];
    for n in 0..3 {
        producer.write(n, &large(n)).unwrap();
    }
    assert_eq!(
        read_all(&mut dir.consumer()),
        (0..3).map(|n| (u64::from(n), n, large(n))).collect::<Vec<_>>()
    );
}

#[test]
fn a_read_stops_before_its_limit_but_always_moves() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    for _ in 0..3 {
        producer.write(0, &[0; 1000]).unwrap();
    }
    let mut consumer = dir.consumer();
    assert_eq!(consumer.read(0, |_| {}), Ok(1));
    assert_eq!(consumer.read(2047, |_| {}), Ok(1));
    assert_eq!(consumer.read(2048, |_| {}), Ok(1));
    assert_eq!(consumer.read(usize::MAX, |_| {}), Ok(0));
}

#[test]
fn positions_tell_a_flush_when_all_is_taken() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    producer.write(0, b"a").unwrap();
    let mark = producer.written();
    let mut consumer = dir.consumer();
    assert_eq!((producer.consumed(), producer.used()), (0, mark));

    read_all(&mut consumer);
    consumer.release();
    assert_eq!((producer.consumed(), producer.used()), (mark, 0));
}

#[test]
fn the_used_ratio_is_what_the_producer_cannot_use() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    for _ in 0..16 {
        producer.write(0, &[0; 1000]).unwrap();
    }
    let mut consumer = dir.consumer();
    read_all(&mut consumer);
    assert_eq!(consumer.used_ratio(), 0.25);
    consumer.release();
    assert_eq!(consumer.used_ratio(), 0.0);
}

#[test]
fn losses_reach_the_consumer_by_reason() {
    let dir = Dir::new();
    let producer = dir.producer();
    producer.count_loss(LossReason::Trap, 3);
    producer.count_loss(LossReason::Abandoned, 1);

    let losses = dir.consumer().losses();
    assert_eq!((losses[LossReason::Trap], losses[LossReason::Abandoned], losses.total()), (3, 1, 4));
}

#[test]
fn records_keep_their_order_while_both_sides_run() {
    const RECORDS: u64 = 100_000;
    let dir = Dir::new();
    let mut producer = dir.tiny_producer(4096);
    let mut consumer = dir.consumer();
    let writer = thread::spawn(move || {
        for n in 0..RECORDS {
            let payload = n.to_le_bytes().repeat(usize::try_from(n % 100).unwrap());
            while producer.write(0, &payload) == Err(Refused::Full) {
                thread::yield_now();
            }
        }
    });
    let mut next = 0;
    while next < RECORDS {
        let check = |record: offpath_ring::Record<'_>| {
            assert_eq!(record.sequence, next);
            assert_eq!(record.payload, next.to_le_bytes().repeat(usize::try_from(next % 100).unwrap()));
            next += 1;
        };
        consumer.read(1000, check).unwrap();
        consumer.release();
    }
    writer.join().unwrap();
    assert_eq!(consumer.backlog(), 0);
}
