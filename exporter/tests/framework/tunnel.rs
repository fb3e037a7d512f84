//! A proxy that HTTPS goes through: it is asked with CONNECT, and passes on what comes then as it is.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The proxy. It ends with the process.
#[derive(Debug, Clone)]
pub(crate) struct Tunnel {
    address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The value of `Proxy-Authorization` without which nobody gets through.
    wants: Option<&'static str>,
    /// What it answers who may get through, if it makes no connection.
    refuses: Option<u16>,
    /// The heads of what it was asked.
    heads: Mutex<Vec<String>>,
}

impl Tunnel {
    /// One for all.
    pub(crate) fn start() -> Self {
        Self::start_with(None, None)
    }

    /// One for who sends this as `Proxy-Authorization`.
    pub(crate) fn for_whom(authorization: &'static str) -> Self {
        Self::start_with(Some(authorization), None)
    }

    /// One that answers with this status, and makes no connection.
    pub(crate) fn that_refuses(status: u16) -> Self {
        Self::start_with(None, Some(status))
    }

    fn start_with(wants: Option<&'static str>, refuses: Option<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let tunnel = Self { address, inner: Arc::new(Inner { wants, refuses, heads: Mutex::default() }) };
        let accepting = tunnel.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tunnel = accepting.clone();
                // A connection that breaks off is the end of it.
                thread::spawn(move || _ = tunnel.serve(stream));
            }
        });
        tunnel
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked, with the headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.inner.heads.lock().expect("no panic").clone()
    }

    fn serve(&self, mut from: TcpStream) -> io::Result<()> {
        let (mut head, mut reader) = (String::new(), BufReader::new(from.try_clone()?));
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        self.inner.heads.lock().expect("no panic").push(head.clone());
        let target = head.strip_prefix("CONNECT ").and_then(|head| head.split(' ').next());
        let given = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("proxy-authorization").then_some(value)
        });
        let is_let_in = self.inner.wants.is_none_or(|wanted| given == Some(wanted));
        let status = match (target, self.inner.refuses) {
            (None, _) => Some(405),
            _ if !is_let_in => Some(407),
            (Some(_), refuses) => refuses,
        };
        if let Some(status) = status {
            return write!(from, "HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n");
        }
        let mut to = TcpStream::connect(target.unwrap_or_default())?;
        write!(from, "HTTP/1.1 200 OK\r\n\r\n")?;
        let (mut back, mut forth) = (to.try_clone()?, from.try_clone()?);
        thread::spawn(move || {
            let _ = io::copy(&mut back, &mut forth);
            let _ = forth.shutdown(Shutdown::Both);
        });
        io::copy(&mut reader, &mut to)?;
        to.shutdown(Shutdown::Both)
    }
}
