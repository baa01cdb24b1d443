//! `docent serve` from the open library to the last session: listeners, signals, certificates.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use docent_gateway::{Certificates, DeskSettings, Gateway, Listener, Renewal};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::failure::{Failure, chain};
use crate::fit;
use crate::journal::Keeping;
use crate::keeper::Keeper;
use crate::settings::{Config, Tls};

/// Serves until told to stop.
pub(crate) async fn serve(
    desk: Arc<Desk>,
    config: Config,
    certificates: Option<Arc<Certificates>>,
    keeping: Option<&Keeping>,
    ready_file: Option<PathBuf>,
    kept: Option<(Listener, DeskSettings, Keeper)>,
) -> Result<(), Failure> {
    // Before anybody is told that it is ready: whoever is told may stop it at once, and answers are finished all the same.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let buffer = config.gateway.socket_buffer_bytes;
    let bound = |address: SocketAddr| {
        let listener = docent_gateway::listen_with(address, buffer)
            .map_err(|source| Failure::Listen { address, source })?;
        let address = listener.local_addr()?;
        Ok::<_, Failure>((listener, address))
    };
    for doubt in fit::doubts(&config.gateway, certificates.is_some()) {
        tracing::warn!("{doubt}");
    }
    let (listener, address) = bound(config.listen)?;
    let admin = config.admin.map(bound).transpose()?;
    let s = if certificates.is_some() { "s" } else { "" };
    println!("chat page  http{s}://{address}/\nsocket     ws{s}://{address}/ws/assistant");
    if let Some((_, address)) = &admin {
        println!("admin      http://{address}/readyz, /livez, /metrics");
    }
    match (&kept, &admin) {
        (Some((Listener::Public, ..)), _) => println!("desk       http{s}://{address}/desk/"),
        (Some((Listener::Admin, ..)), Some((_, address))) => println!("desk       http://{address}/desk/"),
        _ => {}
    }
    if let Some(path) = &ready_file {
        write_ready(path, &address.to_string())?;
    }
    let mut gateway = Gateway::new(desk, config.gateway);
    if let Some(keeping) = keeping {
        gateway = keeping.of(gateway);
    }
    if let Some((listener, settings, keeper)) = kept {
        gateway = gateway.with_desk(listener, Arc::new(keeper), settings);
    }
    if let Some(certificates) = &certificates {
        gateway = gateway.secured(certificates.clone());
    }
    let (stop, stop_admin) = (CancellationToken::new(), CancellationToken::new());
    let mut told = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let served = async {
        gateway.serve(listener, stop.clone()).await;
        // Says that it is not ready until the last session has ended.
        stop_admin.cancel();
    };
    let administered = async {
        if let Some((listener, _)) = admin {
            gateway.administer(listener, stop_admin.clone()).await;
        }
    };
    let signals = async {
        told().await;
        stop.cancel();
        tracing::info!("stopping; a second signal stops at once");
        told().await;
    };
    tokio::select! {
        _ = async { tokio::join!(served, administered) } => {}
        ended = renewals(certificates) => ended?,
        () = signals => tracing::warn!("stopped at once: answers under way are lost"),
    }
    Ok(())
}

/// Reads the certificate, when one is set.
pub(crate) fn certificates(tls: Tls) -> Result<Option<Arc<Certificates>>, Failure> {
    match (tls.certificate, tls.key) {
        (None, None) => Ok(None),
        (Some(chain), Some(key)) => Ok(Some(Arc::new(Certificates::open(chain, key)?))),
        (Some(path), None) => Err(Failure::HalfTls { path, lacks: "key" }),
        (None, Some(path)) => Err(Failure::HalfTls {
            path,
            lacks: "certificate",
        }),
    }
}

/// How often the certificate's files are looked at: whoever renews one sees it in use before turning away.
const LOOK: Duration = Duration::from_secs(10);

/// Takes new certificates, for ever.
async fn renewals(certificates: Option<Arc<Certificates>>) -> Result<(), Failure> {
    let Some(certificates) = certificates else {
        return std::future::pending().await;
    };
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = hangup.recv() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
        let looked = certificates.clone();
        // Two small files, on a disk that may be slow.
        let renewal = tokio::task::spawn_blocking(move || looked.renew()).await;
        match renewal.map_err(std::io::Error::other)? {
            Renewal::Unchanged => {}
            Renewal::Renewed => tracing::info!("a new certificate is shown from now on"),
            Renewal::Kept(error) => {
                let error = chain(&error);
                tracing::error!(%error, "the new certificate cannot be used; the one before is kept");
            }
        }
    }
}

/// Writes the file in one step: whoever waits for it never reads half an address.
fn write_ready(path: &Path, address: &str) -> Result<(), Failure> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    std::fs::write(&temporary, address)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|source| Failure::ReadyFile {
            path: path.to_owned(),
            source,
        })
}
