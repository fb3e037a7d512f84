//! A server, as users name it, and connections to it.

use std::{fs, time::Duration};

use offpath_core::config::Table;
use redis::{
    Client, ClientTlsConfig, Connection, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    TlsCertificates,
};

use super::Error;
use crate::{
    config::{Environment, Secret},
    delivery::{self, Tls},
};

/// From the first packet until the server has let us in.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long one command may take to be answered. A script on a large batch takes milliseconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// `url`, `username`, `password` and `tls`.
#[derive(Debug, Clone)]
pub struct Server {
    url: Secret,
    username: Option<String>,
    password: Option<Secret>,
    tls: Tls,
}

impl Server {
    /// The one at this address, such as `redis://localhost:6379/0`, with nothing else said of it.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: Secret::new(url.to_owned()), username: None, password: None, tls: Tls::default() }
    }

    pub(crate) fn read(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        const RULE: &str =
            "must be an address such as \"redis://host:6379/0\", \"rediss://host\" or \"unix:///path\"";
        let username = table.text("username").map(str::to_owned);
        let password = Secret::read(table, "password");
        let tls = delivery::tls(table.table("tls"), env);
        let url = table.take("url").and_then(|url| url.as_str()).unwrap_or_default().to_owned();
        // It may hold a password, so it is not shown.
        match url.as_str().into_connection_info() {
            Err(_) => table.refuse("url", RULE, None),
            Ok(info) => match info.addr() {
                ConnectionAddr::TcpTls { insecure: true, .. } => {
                    table.refuse(
                        "url",
                        "must not end in \"#insecure\"; name the certificate in tls.ca",
                        None,
                    );
                }
                _ => return Some(Self { url: Secret::new(url), username, password, tls }),
            },
        }
        None
    }

    /// Where it is, and which of its databases is meant, without name and password.
    #[must_use]
    pub fn place(&self) -> String {
        self.info()
            .map_or_else(|_| String::new(), |info| format!("{}/{}", info.addr(), info.redis_settings().db()))
    }

    /// Connects. Whatever takes too long on this connection fails.
    ///
    /// # Errors
    ///
    /// Nobody is there, or it does not let us in; or a file of `tls` cannot be used.
    pub fn connect(&self) -> Result<Connection, Error> {
        // The first to come sets it for the process; they are the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let info = self.info()?;
        let client = match info.addr() {
            ConnectionAddr::TcpTls { .. } => Client::build_with_tls(info, self.certificates()?),
            _ => Client::open(info),
        };
        let connection = client?.get_connection_with_timeout(CONNECT_WITHIN)?;
        connection.set_read_timeout(Some(ANSWER_WITHIN))?;
        connection.set_write_timeout(Some(ANSWER_WITHIN))?;
        Ok(connection)
    }

    fn info(&self) -> Result<ConnectionInfo, Error> {
        let info = self.url.expose().into_connection_info()?;
        let mut settings = info.redis_settings().clone();
        if let Some(username) = &self.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password.expose());
        }
        Ok(info.set_redis_settings(settings))
    }

    fn certificates(&self) -> Result<TlsCertificates, Error> {
        let read = |path: &std::path::Path| {
            fs::read(path)
                .map_err(|error| Error::blocking("tls", format!("tls: {}: {error}", path.display())))
        };
        let root_cert = self.tls.ca.as_deref().map(read).transpose()?;
        let client_tls = match &self.tls.identity {
            Some((cert, key)) => Some(ClientTlsConfig { client_cert: read(cert)?, client_key: read(key)? }),
            None => None,
        };
        Ok(TlsCertificates { client_tls, root_cert })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: &serde_json::Value) -> Result<Server, String> {
        let mut errors = Vec::new();
        let mut table = Table::root(json, &mut errors).expect("a table");
        let server = Server::read(&mut table, &|_| None);
        table.finish();
        server.ok_or_else(|| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_address_is_told_without_name_and_password() {
        for (url, place) in [
            ("redis://me:hush@host:7000/3", "host:7000/3"),
            ("rediss://:hush@host", "host:6379/0"),
            ("unix:///run/redis.sock", "/run/redis.sock/0"),
        ] {
            let server = read(&json!({"url": url})).expect("valid");
            assert_eq!(server.place(), place);
            assert!(!format!("{server:?}").contains("hush"));
        }
    }

    #[test]
    fn a_wrong_address_is_refused_and_not_shown() {
        for url in ["http://me:pass@host", "host:pass", "", "rediss://:pass@host/#insecure"] {
            let error = read(&json!({"url": url})).expect_err("refused");
            assert!(error.starts_with("url: ") && !error.contains("pass"), "{error}");
        }
    }
}
