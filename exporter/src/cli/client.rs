//! Asks the exporter that runs, over HTTP.

use std::net::SocketAddr;

use http_body_util::Empty;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{AUTHORIZATION, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::config::{Secret, outline::Outline, paths};

/// Where the exporter said that it is, else where it is configured to be.
pub(super) fn address(exporter: &Outline) -> SocketAddr {
    let published = std::fs::read_to_string(paths::address_file(&exporter.data_dir));
    let mut address = published.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(exporter.listen);
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    address
}

/// Sends a GET; `address` is a host and a port. A token is for what is not shown to everybody.
pub(super) async fn get(
    address: &str,
    path: &str,
    token: Option<&Secret>,
) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::get(path).header(HOST, address);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
    }
    let request = request.body(Empty::<Bytes>::new())?;
    Ok(sender.send_request(request).await?)
}
