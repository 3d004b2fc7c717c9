//! Connections to the next hop: made, kept for a while, handed out again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::times::Times;
use crate::config::{Delivery, DeliveryTls, Route};

/// Peers close idle connections; what lay about longer is not worth a try.
const IDLE: Duration = Duration::from_secs(20);

/// The connections to one destination.
pub(super) struct Pool {
    host: String,
    port: u16,
    tls: DeliveryTls,
    hello: ClientId,
    pub times: Times,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// Why there is no connection. For log and store: names the destination, never a recipient.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The destination does not answer, or not as SMTP.
    #[error("{0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// It can't be reached.
    #[error("{0}")]
    Network(#[from] std::io::Error),
    /// Nobody answered in time.
    #[error("nobody answered in time")]
    Timeout,
    /// `delivery.tls = "required"`, and the destination offers none.
    #[error("the destination offers no STARTTLS, which delivery.tls requires")]
    NoTls,
}

impl Pool {
    pub fn new(config: &Delivery, hostname: &str, times: Times) -> Self {
        let Route::Smarthost { host, port } = config.route.clone();
        Self {
            host,
            port,
            tls: config.tls,
            hello: ClientId::Domain(hostname.to_owned()),
            times,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// A connection that was used before, if one still lies about.
    pub async fn reuse(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().await;
        while let Some((connection, since)) = idle.pop() {
            if since.elapsed() < IDLE && !connection.has_broken() {
                return Some(connection);
            }
        }
        None
    }

    /// A new connection, greeted, encrypted as `delivery.tls` says.
    pub async fn connect(&self) -> Result<AsyncSmtpConnection, ConnectError> {
        let opening = TcpStream::connect((self.host.as_str(), self.port));
        let stream = within(self.times.connect, opening).await??;
        // The final dot is written on its own: held back for the peer's ACK it would cost 40 ms.
        stream.set_nodelay(true)?;
        let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello);
        let mut connection = within(self.times.greeting, greeting).await??;
        match self.tls {
            DeliveryTls::None => {}
            _ if connection.can_starttls() => {
                let handshake = connection.starttls(self.tls_parameters()?, &self.hello);
                within(self.times.tls, handshake).await??;
            }
            DeliveryTls::Required => return Err(ConnectError::NoTls),
            DeliveryTls::Opportunistic => {}
        }
        Ok(connection)
    }

    fn tls_parameters(&self) -> Result<TlsParameters, ConnectError> {
        let mut builder = TlsParameters::builder(self.host.clone());
        if self.tls == DeliveryTls::Opportunistic {
            // RFC 7435: without a promise that it is genuine, an unproved key still beats none.
            builder = builder
                .dangerous_accept_invalid_certs(true)
                .dangerous_accept_invalid_hostnames(true);
        }
        Ok(builder.build_rustls()?)
    }

    /// Takes a connection back that is ready for the next MAIL.
    pub async fn keep(&self, connection: AsyncSmtpConnection) {
        if !connection.has_broken() {
            self.idle.lock().await.push((connection, Instant::now()));
        }
    }

    /// Says QUIT to every idle connection.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.idle.lock().await);
        self.part(all).join_all().await;
    }

    /// Says QUIT to those that lay about too long, so that the peer need not wonder. Does not wait
    /// for their answers.
    pub async fn prune(&self) {
        let stale: Vec<_> = {
            let mut idle = self.idle.lock().await;
            idle.extract_if(.., |(_, since)| since.elapsed() >= IDLE).collect()
        };
        self.part(stale).detach_all();
    }

    fn part(&self, from: Vec<(AsyncSmtpConnection, Instant)>) -> JoinSet<()> {
        let time = self.times.farewell;
        let quit = |mut connection: AsyncSmtpConnection| async move {
            let _ = tokio::time::timeout(time, connection.quit()).await;
        };
        from.into_iter().map(|(connection, _)| quit(connection)).collect()
    }
}

/// Closes all of them.
pub(super) async fn close_all(pools: Vec<Arc<Pool>>) {
    for pool in pools {
        pool.close().await;
    }
}

async fn within<T>(time: Duration, doing: impl Future<Output = T>) -> Result<T, ConnectError> {
    tokio::time::timeout(time, doing).await.map_err(|_| ConnectError::Timeout)
}
