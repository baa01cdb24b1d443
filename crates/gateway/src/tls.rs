//! TLS: the operator's certificate, which may be replaced while the server runs.
//!
//! Owns reading the two files, judging whether they belong together, and what a new handshake shows. Connections that are
//! open keep the certificate they began with.
//!
//! Invariant: once there is a certificate that works there always is one; a broken successor is told and left alone.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error as TlsError, InconsistentKeys, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::linger::Lingering;

/// The two files do not make a certificate that could be shown.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The chain's file holds none.
    #[error("{} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", .path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The key's file holds none.
    #[error("{} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is there, under a password.
    #[error("the private key in {} is under a password", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file is PEM, what is in it is damaged or of a kind that is not known.
    #[error("what is in {} cannot be used: {reason}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the library says of it.
        reason: String,
    },
    /// Each file is right, together they are not.
    #[error("the key in {} does not belong to the first certificate in {}", .key.display(), .chain.display())]
    Strangers {
        /// The key's file.
        key: PathBuf,
        /// The chain's file.
        chain: PathBuf,
    },
}

/// What became of a look at the files.
#[derive(Debug)]
pub enum Renewal {
    /// They are as they were at the last look.
    Unchanged,
    /// New handshakes show a new certificate.
    Renewed,
    /// They changed and cannot be used; the certificate before goes on.
    Kept(CertificateError),
}

/// A chain of certificates with its key, from two files.
pub struct Certificates {
    chain: PathBuf,
    key: PathBuf,
    /// What the files held at the last look.
    seen: Mutex<u64>,
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
}

/// What handshakes show now.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // One pointer, whole even when a thread panicked.
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// What both files hold.
struct Files {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    fn read(chain: &Path, key: &Path) -> Result<Self, CertificateError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| CertificateError::Unreadable {
                path: path.to_owned(),
                source,
            })
        };
        Ok(Self {
            chain: read(chain)?,
            key: read(key)?,
        })
    }

    /// Tells one content from another; the key itself is not kept a second time for it.
    fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.chain, &self.key).hash(&mut hasher);
        hasher.finish()
    }

    fn pair(&self, chain: &Path, key: &Path) -> Result<CertifiedKey, CertificateError> {
        let unusable = |path: &Path, reason: String| CertificateError::Unusable {
            path: path.to_owned(),
            reason,
        };
        let certificates = CertificateDer::pem_slice_iter(&self.chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unusable(chain, error.to_string()))?;
        if certificates.is_empty() {
            return Err(CertificateError::NoCertificate {
                path: chain.to_owned(),
            });
        }
        let under_password = self.key.windows(9).any(|part| part == b"ENCRYPTED");
        let private = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| {
            let path = key.to_owned();
            if under_password {
                CertificateError::Locked { path }
            } else {
                CertificateError::NoKey { path }
            }
        })?;
        let signing =
            ring::sign::any_supported_type(&private).map_err(|error| unusable(key, error.to_string()))?;
        let pair = CertifiedKey::new(certificates, signing);
        match pair.keys_match() {
            // Unknown: a kind of key whose public half the library cannot compare.
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
            Err(TlsError::InconsistentKeys(_)) => Err(CertificateError::Strangers {
                key: key.to_owned(),
                chain: chain.to_owned(),
            }),
            Err(error) => Err(unusable(chain, error.to_string())),
        }
    }
}

impl Certificates {
    /// Reads the chain (the server's own certificate first) and its private key, both PEM.
    ///
    /// # Errors
    ///
    /// When they cannot be read or do not belong together; the error names the file.
    pub fn open(chain: PathBuf, key: PathBuf) -> Result<Self, CertificateError> {
        let files = Files::read(&chain, &key)?;
        let shown = Arc::new(Shown(RwLock::new(Arc::new(files.pair(&chain, &key)?))));
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| CertificateError::Unusable {
                path: chain.clone(),
                reason: error.to_string(),
            })?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(shown.clone());
        // WebSockets begin with a request of HTTP/1.1; nothing newer is spoken here.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            seen: Mutex::new(files.mark()),
            chain,
            key,
            shown,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    /// Looks at the files again and takes them where they changed and fit. Blocks on disk.
    pub fn renew(&self) -> Renewal {
        let read = Files::read(&self.chain, &self.key);
        let mark = read.as_ref().map_or(0, Files::mark);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == mark {
            return Renewal::Unchanged;
        }
        *seen = mark;
        match read.and_then(|files| files.pair(&self.chain, &self.key)) {
            Ok(pair) => {
                *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
                Renewal::Renewed
            }
            Err(error) => Renewal::Kept(error),
        }
    }

    /// Shakes hands with one client.
    pub(crate) async fn accept(&self, socket: Lingering) -> std::io::Result<Secured> {
        self.acceptor.accept(socket).await.map(Secured)
    }
}

/// A connection under TLS, which tells its peer when it ends.
///
/// Whoever sees the end of TCP without TLS's own farewell cannot know whether something was cut off.
pub(crate) struct Secured(TlsStream<Lingering>);

impl Drop for Secured {
    fn drop(&mut self) {
        // What finds no room in the socket now is not worth a wait: the peer does not read.
        let _ = Pin::new(&mut self.0).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
