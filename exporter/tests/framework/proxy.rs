//! A TCP proxy that fails in the ways in which networks do.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What becomes of what passes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing bad.
    None,
    /// Nobody listens.
    Refuse,
    /// Connections come about, and nothing ever comes back.
    Hang,
    /// After so many bytes of what is sent, the connection ends.
    CutRequest(usize),
    /// After so many bytes of what comes back, the connection ends.
    CutAnswer(usize),
    /// Each piece of up to 4 KiB takes this long.
    Slow(Duration),
}

/// How often the proxy looks whether it is to fail in another way.
const LOOK: Duration = Duration::from_millis(5);

/// The proxy. It ends with the process.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    fault: Fault,
    connections: Vec<TcpStream>,
    is_listening: bool,
}

impl Proxy {
    /// Before what listens at `to`.
    pub(crate) fn before(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let inner = Inner { fault: Fault::None, connections: Vec::new(), is_listening: true };
        let proxy = Self { address, inner: Arc::new(Mutex::new(inner)) };
        let listening = proxy.clone();
        thread::spawn(move || listening.listen(listener, to));
        proxy
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Fails like this from now on, and ends all connections that there are. When this returns, it does.
    pub(crate) fn set(&self, fault: Fault) {
        let mut inner = self.inner.lock().expect("no panic");
        inner.fault = fault;
        inner.connections.drain(..).for_each(|connection| _ = connection.shutdown(Shutdown::Both));
        drop(inner);
        super::eventually("the proxy listens, or does not", || {
            self.inner.lock().expect("no panic").is_listening != (fault == Fault::Refuse)
        });
    }

    fn fault(&self) -> Fault {
        self.inner.lock().expect("no panic").fault
    }

    fn listen(&self, listener: TcpListener, to: SocketAddr) {
        let mut listener = Some(listener);
        loop {
            if self.fault() == Fault::Refuse {
                listener = None;
            } else if listener.is_none() {
                listener = TcpListener::bind(self.address).ok();
            }
            self.inner.lock().expect("no panic").is_listening = listener.is_some();
            let accepted = listener.as_ref().and_then(|listener| {
                listener.set_nonblocking(true).expect("set");
                listener.accept().ok()
            });
            match accepted {
                Some((stream, _)) => self.join(&stream, to),
                None => thread::sleep(LOOK),
            }
        }
    }

    fn join(&self, from: &TcpStream, to: SocketAddr) {
        let Ok(onward) = TcpStream::connect(to) else { return };
        from.set_nonblocking(false).expect("set");
        let mut inner = self.inner.lock().expect("no panic");
        let clone = |stream: &TcpStream| stream.try_clone().expect("cloned");
        inner.connections.extend([clone(from), clone(&onward)]);
        drop(inner);
        for (from, to, is_answer) in [(clone(from), clone(&onward), false), (onward, clone(from), true)] {
            let proxy = self.clone();
            thread::spawn(move || proxy.copy(from, to, is_answer));
        }
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream, is_answer: bool) {
        let (mut piece, mut passed) = ([0; 4096], 0);
        while let Ok(length) = from.read(&mut piece) {
            let room = match self.fault() {
                Fault::Hang if is_answer => 0,
                Fault::CutRequest(after) if !is_answer => after.saturating_sub(passed),
                Fault::CutAnswer(after) if is_answer => after.saturating_sub(passed),
                Fault::Slow(pause) => {
                    thread::sleep(pause);
                    length
                }
                _ => length,
            };
            if self.fault() == Fault::Hang && is_answer {
                continue;
            }
            passed += length.min(room);
            if length == 0 || to.write_all(&piece[..length.min(room)]).is_err() || room < length {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
