//! Certificates for backends of tests.

use std::{sync::Arc, time::Duration};

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject as _},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

/// An authority of its own.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("valid");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Its own certificate, as `tls.ca` names it.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate and its key for a client, in PEM.
    pub(crate) fn client(&self) -> (String, String) {
        let params = CertificateParams::new(vec!["offpath".to_owned()]).expect("valid");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// What a backend at 127.0.0.1 needs that takes none but clients of this authority.
    pub(crate) fn server_for_clients(&self) -> Arc<ServerConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(self.pem.as_bytes()).flatten());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        self.config(None, clients.build().expect("a verifier"))
    }

    /// What a backend at 127.0.0.1 needs, with a certificate that expired so long ago, or that is good.
    pub(crate) fn server(&self, expired: Option<Duration>) -> Arc<ServerConfig> {
        self.config(expired, WebPkiClientVerifier::no_client_auth())
    }

    fn config(&self, expired: Option<Duration>, clients: Arc<dyn ClientCertVerifier>) -> Arc<ServerConfig> {
        let (certificate, key) = self.certify(expired);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("supported")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.expect("a key that fits"))
    }

    /// The certificate and the key of such a backend, in PEM, for one that reads files.
    pub(crate) fn server_pem(&self) -> (String, String) {
        let (certificate, key) = self.certify(None);
        (certificate.pem(), key.serialize_pem())
    }

    fn certify(&self, expired: Option<Duration>) -> (Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("valid");
        if let Some(expired) = expired {
            params.not_after = (std::time::SystemTime::now() - expired).into();
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate, key)
    }
}
