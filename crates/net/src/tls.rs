//! TLS settings for both directions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};

/// Why TLS cannot be set up. Never tells what a key file holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or is not PEM.
    #[error("cannot read {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// A certificate file holds no certificate.
    #[error("{path} holds no certificate")]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// Certificate and key do not work, or not together.
    #[error("certificate and key do not fit")]
    Unusable(#[from] rustls::Error),
    /// A self-signed certificate cannot be made.
    #[error("cannot make a certificate")]
    SelfSigned(#[from] rcgen::Error),
}

/// A listener's certificate. It can be replaced while connections are open.
pub struct ServerTls {
    config: RwLock<Arc<ServerConfig>>,
    files: Option<(PathBuf, PathBuf)>,
    plain_too: bool,
}

impl ServerTls {
    /// From a certificate chain and its private key, both PEM.
    ///
    /// # Errors
    /// A file cannot be read, or the two do not fit.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let config = read_server_config(certificate, key)?;
        Ok(Self {
            config: RwLock::new(Arc::new(config)),
            files: Some((certificate.to_owned(), key.to_owned())),
            plain_too: false,
        })
    }

    /// With a certificate for `localhost` that is made here and signed by itself: for development.
    /// The listener keeps taking plain connections on the same port.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub fn self_signed() -> Result<Self, TlsError> {
        let made = rcgen::generate_simple_self_signed(vec![
            "localhost".to_owned(),
            IpAddr::from(Ipv4Addr::LOCALHOST).to_string(),
            IpAddr::from(Ipv6Addr::LOCALHOST).to_string(),
        ])?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = server_config(vec![made.cert.der().clone()], key)?;
        Ok(Self {
            config: RwLock::new(Arc::new(config)),
            files: None,
            plain_too: true,
        })
    }

    /// Reads the files again. Open connections go on as they are; without files nothing happens.
    ///
    /// # Errors
    /// As [`ServerTls::from_files`]; the certificate in use stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        if let Some((certificate, key)) = &self.files {
            let config = read_server_config(certificate, key)?;
            *self.config.write() = Arc::new(config);
        }
        Ok(())
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read())
    }

    pub(crate) fn takes_plain(&self) -> bool {
        self.plain_too
    }
}

fn read_server_config(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let file = |path: &Path, source| TlsError::File {
        path: path.to_owned(),
        source,
    };
    let chain = read_certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|source| file(key, source))?;
    server_config(chain, key)
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| TlsError::File {
            path: path.to_owned(),
            source,
        })?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(chain)
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// How an engine's certificate is checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ClientTls {
    /// A PEM file with certificates that are trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// Accept any certificate: for development.
    pub insecure: bool,
}

impl ClientTls {
    /// Whether the settings can be used.
    ///
    /// # Errors
    /// The certificate file cannot be read.
    pub fn check(&self) -> Result<(), TlsError> {
        client_config(self).map(|_| ())
    }
}

pub(crate) fn client_config(options: &ClientTls) -> Result<ClientConfig, TlsError> {
    let builder =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    if options.insecure {
        let verifier = Arc::new(AcceptAny(provider()));
        return Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "a system certificate cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    if let Some(path) = &options.ca {
        for certificate in read_certificates(path)? {
            roots.add(certificate)?;
        }
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Takes any certificate, but still checks that the peer holds its key.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
