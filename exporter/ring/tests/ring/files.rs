use crate::{Dir, SMALL, eventually, names};
use offpath_ring::{
    Consumer, ConsumerLock, CreateError, DirectoryError, LockError, MAX_DEAD_RINGS, OpenError, Options,
    Producer, remove_leftovers, rings, set_aside,
};
use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{FileTypeExt, PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_ring_is_private_and_wholly_allocated() {
    use std::os::unix::fs::MetadataExt;
    let dir = Dir::new();
    let producer = dir.producer();
    assert_eq!((mode(&dir.path), mode(producer.path())), (0o700, 0o600));
    let found = fs::metadata(producer.path()).unwrap();
    assert_eq!(found.len(), 4096 + producer.capacity());
    assert!(found.blocks() * 512 >= found.len(), "sparse: {} blocks", found.blocks());
}

#[test]
fn a_ring_is_named_after_boot_process_and_ring_and_leaves_no_temporary() {
    let dir = Dir::new();
    let producer = dir.producer();
    let boot = offpath_ring::boot_id().unwrap();
    let short: String = boot[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = format!("{short}-{}-{:032x}.ring", std::process::id(), producer.ring_id());
    assert_eq!(names(&dir.path), [expected]);
}

#[test]
fn two_producers_never_share_a_ring() {
    let dir = Dir::new();
    let (first, second) = (dir.producer(), dir.producer());
    assert_ne!(first.path(), second.path());
    assert_ne!(first.ring_id(), second.ring_id());
}

#[test]
fn a_capacity_out_of_range_is_refused() {
    let dir = Dir::new();
    for capacity in [0, 1, 65_535, 100_000, 32 * 1024, 2 << 30, u64::MAX] {
        let error = Producer::create(&dir.path, &Options { capacity }).unwrap_err();
        assert!(matches!(error, CreateError::Capacity(found) if found == capacity), "{error}");
    }
    assert!(!dir.path.exists(), "nothing is made for a refused ring");
}

#[test]
fn a_directory_that_others_may_write_is_refused() {
    let dir = Dir::new();
    fs::create_dir(&dir.path).unwrap();
    for bad in [0o777, 0o1777, 0o770, 0o702] {
        chmod(&dir.path, bad);
        let error = Producer::create(&dir.path, &SMALL).unwrap_err();
        assert!(
            matches!(error, CreateError::Directory(DirectoryError::Mode { mode, .. }) if mode == bad),
            "{error}"
        );
        let error = ConsumerLock::acquire(&dir.path).unwrap_err();
        assert!(matches!(error, LockError::Directory(DirectoryError::Mode { .. })), "{error}");
    }
    chmod(&dir.path, 0o755);
    Producer::create(&dir.path, &SMALL).unwrap();
}

#[test]
fn a_directory_of_someone_else_is_refused() {
    // Whoever runs this owns either / or not /, and never both / and their own directory.
    use std::os::unix::fs::MetadataExt;
    let dir = Dir::new();
    let me = fs::metadata(dir.path.parent().unwrap()).unwrap().uid();
    let foreign = if me == 0 {
        fs::create_dir(&dir.path).unwrap();
        std::os::unix::fs::chown(&dir.path, Some(65_534), None).unwrap();
        dir.path.as_path()
    } else {
        Path::new("/")
    };
    let error = Producer::create(foreign, &SMALL).unwrap_err();
    assert!(
        matches!(error, CreateError::Directory(DirectoryError::Owner { uid, .. }) if uid == me),
        "{error}"
    );
}

#[test]
fn a_symbolic_link_is_no_ring_directory() {
    let dir = Dir::new();
    let real = dir.path.with_extension("real");
    fs::create_dir(&real).unwrap();
    symlink(&real, &dir.path).unwrap();
    let error = Producer::create(&dir.path, &SMALL).unwrap_err();
    assert!(matches!(error, CreateError::Directory(DirectoryError::Open { .. })), "{error}");
}

#[test]
fn a_file_in_the_directorys_place_is_refused() {
    let dir = Dir::new();
    fs::write(&dir.path, b"").unwrap();
    let error = Producer::create(&dir.path, &SMALL).unwrap_err();
    assert!(matches!(error, CreateError::Directory(DirectoryError::Open { .. })), "{error}");
}

#[test]
fn what_is_no_regular_file_is_not_opened() {
    let dir = Dir::new();
    let producer = dir.producer();
    let place = |name: &str| dir.path.join(name);
    symlink(producer.path(), place("link.ring")).unwrap();
    fs::create_dir(place("dir.ring")).unwrap();
    assert!(Command::new("mkfifo").arg(place("pipe.ring")).status().unwrap().success());
    assert!(fs::metadata(place("pipe.ring")).unwrap().file_type().is_fifo());
    for name in ["link.ring", "dir.ring", "pipe.ring"] {
        let error = Consumer::open(&place(name)).unwrap_err();
        assert!(matches!(error, OpenError::NotAFile { .. }), "{name}: {error}");
    }
}

#[test]
fn a_ring_that_others_may_write_is_not_opened() {
    let dir = Dir::new();
    let producer = dir.producer();
    chmod(producer.path(), 0o666);
    let error = Consumer::open(producer.path()).unwrap_err();
    assert!(matches!(error, OpenError::Mode { mode: 0o666, .. }), "{error}");
}

#[test]
fn a_ring_that_is_gone_says_so() {
    let dir = Dir::new();
    let error = Consumer::open(&dir.path.join("x.ring")).unwrap_err();
    assert!(matches!(error, OpenError::Gone { .. }), "{error}");
}

#[test]
fn only_rings_are_listed() {
    let dir = Dir::new();
    let producer = dir.producer();
    let _lock = ConsumerLock::acquire(&dir.path).unwrap();
    fs::write(dir.path.join("x.ring.tmp"), b"").unwrap();
    fs::write(dir.path.join("x.bad"), b"").unwrap();
    assert_eq!(rings(&dir.path).unwrap(), [producer.path()]);
}

#[test]
fn a_leftover_is_removed_once_it_is_old_and_unlocked() {
    let dir = Dir::new();
    fs::create_dir(&dir.path).unwrap();
    let place = |name: &str| dir.path.join(name);
    let old = SystemTime::now() - Duration::from_secs(3600);
    let make = |name: &str| {
        let file = File::create(place(name)).unwrap();
        file.set_modified(old).unwrap();
        file
    };
    drop(make("dead.ring.tmp"));
    drop(make("dead.ring"));
    let held = make("held.ring.tmp");
    held.lock().unwrap();
    drop(File::create(place("fresh.ring.tmp")).unwrap());

    assert_eq!(remove_leftovers(&dir.path).unwrap(), 1);
    let mut left = names(&dir.path);
    left.sort();
    assert_eq!(left, ["dead.ring", "fresh.ring.tmp", "held.ring.tmp"]);
}

#[test]
fn a_bad_file_is_set_aside_without_being_opened() {
    let dir = Dir::new();
    fs::create_dir(&dir.path).unwrap();
    fs::write(dir.path.join("x.ring"), b"garbage").unwrap();
    Consumer::open(&dir.only_ring()).unwrap_err();
    assert_eq!(set_aside(&dir.only_ring()).unwrap(), dir.path.join("x.bad"));
    assert!(rings(&dir.path).unwrap().is_empty());
}

#[test]
fn dead_rings_do_not_pile_up_without_end() {
    let dir = Dir::new();
    let living: Vec<_> = (0..MAX_DEAD_RINGS).map(|_| dir.tiny_producer(128)).collect();
    for _ in 0..=MAX_DEAD_RINGS {
        dir.tiny_producer(128);
    }
    eventually(
        "the locks to go",
        || matches!(Producer::create(&dir.path, &SMALL), Err(CreateError::TooManyDead { dead, .. }) if dead == MAX_DEAD_RINGS + 1),
    );
    for path in rings(&dir.path).unwrap().iter().filter(|path| living.iter().all(|ring| ring.path() != *path))
    {
        fs::remove_file(path).unwrap();
    }
    Producer::create(&dir.path, &SMALL).expect("living rings do not count");
}

/// A file system of 256 KiB, while it lives.
struct SmallTmpfs<'a>(&'a Path);

impl<'a> SmallTmpfs<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs"]).arg(at).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }
}

impl Drop for SmallTmpfs<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_tmpfs_is_an_error_and_leaves_nothing() {
    let dir = Dir::new();
    fs::create_dir(&dir.path).unwrap();
    let Some(_mounted) = SmallTmpfs::mount(&dir.path) else {
        println!("skipped: this user may not mount a tmpfs");
        return;
    };
    let mut small = Producer::create(&dir.path, &SMALL).unwrap();
    let error = Producer::create(&dir.path, &Options { capacity: 1 << 20 }).unwrap_err();
    assert!(matches!(&error, CreateError::Space { len, .. } if *len == 4096 + (1 << 20)), "{error}");
    assert_eq!(names(&dir.path).len(), 1);

    // The rest of the file system goes to someone else; the ring has its pages already.
    let _ = fs::write(dir.path.join("filler"), vec![1; 1 << 20]);
    while small.write(0, &[7; 1000]).is_ok() {}
    assert_eq!(small.used(), small.capacity());
}

/// What the next test starts: it makes a ring under a limit that this process must not have.
#[test]
#[ignore = "started by the test below"]
fn create_in_the_directory_given() {
    let Some(dir) = std::env::var_os("OFFPATH_TEST_DIR") else { return };
    eprintln!("{}", Producer::create(Path::new(&dir), &SMALL).unwrap_err());
}

#[test]
fn a_limit_on_file_size_is_an_error_and_no_signal() {
    let dir = Dir::new();
    let test = std::env::current_exe().unwrap();
    let output = Command::new("sh")
        .args([
            "-c",
            "ulimit -f 8; exec \"$0\" --ignored --exact files::create_in_the_directory_given --nocapture",
        ])
        .arg(test)
        .env("OFFPATH_TEST_DIR", &dir.path)
        .stdout(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("cannot reserve 69632 bytes"), "{error}");
}
