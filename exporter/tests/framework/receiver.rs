//! A backend that takes spans over OTLP, and answers as a test wants it to.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// All events of it are taken.
    Taken,
    /// A status, lines of headers, and a body; nothing is taken.
    Status(u16, String, String),
    /// These bytes, whatever they are, and the end of the connection.
    Raw(&'static [u8]),
    /// Nothing, for as long as the exporter waits.
    Silence,
    /// Something else, once the gate is open.
    Late(Gate, Box<Reply>),
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::Status(status, String::new(), String::new())
    }
}

/// What replies wait at. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<AtomicBool>);

impl Gate {
    pub(crate) fn open(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

type Answer = Box<dyn FnMut(&[u128]) -> Reply + Send>;

/// The backend. It ends with the process.
#[derive(Clone)]
pub(crate) struct Receiver {
    address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    answer: Mutex<Answer>,
    /// Ids of the events that were taken, in the order in which they came.
    taken: Mutex<Vec<u128>>,
    /// The heads of all requests.
    heads: Mutex<Vec<String>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    tls: Option<Arc<ServerConfig>>,
}

impl Receiver {
    /// One that takes everything.
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// The same behind TLS.
    pub(crate) fn start_with(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::new(Inner {
            answer: Mutex::new(Box::new(|_| Reply::Taken)),
            taken: Mutex::default(),
            heads: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
            tls,
        });
        let receiver = Self { address, inner };
        let accepting = receiver.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let receiver = accepting.clone();
                // A connection that breaks off is what some tests are about.
                thread::spawn(move || _ = receiver.serve(stream));
            }
        });
        receiver
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it answers so, being told the ids of the events in the request.
    pub(crate) fn answers(&self, answer: impl FnMut(&[u128]) -> Reply + Send + 'static) {
        *self.inner.answer.lock().expect("no panic") = Box::new(answer);
    }

    /// From now on it answers everything with this.
    pub(crate) fn always(&self, reply: Reply) {
        self.answers(move |_| reply.clone());
    }

    /// Ids of the events that were taken, in order, as often as they came.
    pub(crate) fn taken(&self) -> Vec<u128> {
        let mut taken = self.inner.taken.lock().expect("no panic").clone();
        taken.sort_unstable();
        taken
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.inner.heads.lock().expect("no panic").len()
    }

    /// The heads of the requests that came, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.inner.heads.lock().expect("no panic").clone()
    }

    /// The most requests at a time since this was last asked.
    pub(crate) fn take_most_in_flight(&self) -> usize {
        self.inner.most_in_flight.swap(0, Ordering::SeqCst)
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        match &self.inner.tls {
            None => self.requests_of(stream),
            Some(tls) => {
                let connection = ServerConnection::new(Arc::clone(tls)).map_err(std::io::Error::other)?;
                self.requests_of(StreamOwned::new(connection, stream))
            }
        }
    }

    fn requests_of(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let Some((head, body)) = read_request(&mut stream)? else { return Ok(()) };
            let in_flight = self.inner.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            self.inner.most_in_flight.fetch_max(in_flight, Ordering::SeqCst);
            let ids = ids(&head, &body);
            self.inner.heads.lock().expect("no panic").push(head);
            let reply = (self.inner.answer.lock().expect("no panic"))(&ids);
            // Before who asked knows: what it sends next is another request.
            self.inner.in_flight.fetch_sub(1, Ordering::SeqCst);
            if !self.reply(stream.get_mut(), reply, ids)? {
                return Ok(());
            }
        }
    }

    /// Returns whether the connection goes on.
    fn reply(&self, stream: &mut impl Write, reply: Reply, ids: Vec<u128>) -> std::io::Result<bool> {
        let (status, headers, body) = match reply {
            Reply::Taken => {
                self.inner.taken.lock().expect("no panic").extend(ids);
                (200, "content-type: application/x-protobuf\r\n".to_owned(), String::new())
            }
            Reply::Status(status, headers, body) => (status, headers, body),
            Reply::Raw(bytes) => {
                stream.write_all(bytes)?;
                stream.flush()?;
                return Ok(false);
            }
            Reply::Silence => {
                thread::sleep(Duration::from_secs(60));
                return Ok(false);
            }
            Reply::Late(gate, reply) => {
                super::eventually("the gate is open", || gate.0.load(Ordering::SeqCst));
                return self.reply(stream, *reply, ids);
            }
        };
        let length = body.len();
        write!(stream, "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}")?;
        stream.flush()?;
        Ok(true)
    }
}

/// Head, in lower case, and body; `None` at the end of the connection.
fn read_request(stream: &mut BufReader<impl Read>) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(Some((head, body)))
}

/// Ids of the events whose spans these are: tests give an event and its trace the same.
fn ids(head: &str, body: &[u8]) -> Vec<u128> {
    let mut plain = Vec::new();
    if head.contains("content-encoding: gzip") {
        GzDecoder::new(body).read_to_end(&mut plain).expect("gzip");
    } else {
        plain.extend_from_slice(body);
    }
    let request = ExportTraceServiceRequest::decode(plain.as_slice()).expect("spans");
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    let id = |trace: &[u8]| u128::from_be_bytes(trace.try_into().expect("16 bytes")) & u128::from(u64::MAX);
    scopes.flat_map(|scope| &scope.spans).map(|span| id(&span.trace_id)).collect()
}
