//! Takes connections in and gives each a session of its own.

use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, debug, error, info, info_span, warn};

use crate::relay::Peer;

use super::door::Door;
use super::limits::Settings;
use super::proxy::{self, Source};
use super::reply::Reply;
use super::seats::Seat;
use super::session;

/// How long to wait after the system refused a connection (mostly: no file handles left).
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Connections that wait to be taken: what comes beyond them is not heard by the system, and tries again
/// after one second, three, seven and so on. No more than it allows (`net.core.somaxconn`).
const BACKLOG: u32 = 1024;

/// Opens a port.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Connections of the process before this one may still be closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes connections until `stop` is cancelled, then returns. Sessions run on `tracker`: once
/// `stop` is cancelled idle ones end at once, those with a transaction within `Limits::drain`.
pub async fn serve<D: Door>(
    listener: TcpListener,
    settings: watch::Receiver<Arc<Settings>>,
    door: Arc<D>,
    stop: CancellationToken,
    tracker: TaskTracker,
) {
    loop {
        let taken = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            taken = listener.accept() => taken,
        };
        match taken {
            Ok((stream, from)) => {
                // A session keeps to its end the settings that it began with.
                let settings = Arc::clone(&settings.borrow());
                receive(stream, from.ip(), &settings, &door, &stop, &tracker);
            }
            // Of one connection (it was reset) or of them all; either way the next one may do.
            Err(problem) => {
                warn!(%problem, "a connection could not be taken");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(AFTER_FAILURE) => {}
                }
            }
        }
    }
}

fn receive<D: Door>(
    stream: TcpStream,
    from: IpAddr,
    settings: &Arc<Settings>,
    door: &Arc<D>,
    stop: &CancellationToken,
    tracker: &TaskTracker,
) {
    let number = settings.next_session();
    let proxied = settings.is_proxy(from);
    // Of a load balancer's connections each counts for whoever is behind it, once that is known.
    let seat = if proxied { settings.seat_of_proxy(from, stop) } else { settings.seat(from, stop) };
    let Some(seat) = seat else {
        info!(session = number, peer = %from, "connection refused: too many");
        return turn_away(stream);
    };
    let span = info_span!("smtp", session = number);
    let (settings, door, stop) = (Arc::clone(settings), Arc::clone(door), stop.clone());
    let conversation = async move {
        let mut stream = stream;
        let (peer, seat) = if proxied {
            let named = tokio::select! {
                named = behind(&mut stream, from, seat, &settings, &stop) => named,
                () = stop.cancelled() => return,
            };
            match named {
                Some((peer, Some(seat))) => (peer, seat),
                Some((peer, None)) => {
                    info!(peer = %peer.address(), "connection refused: too many");
                    return turn_away(stream);
                }
                None => return,
            }
        } else {
            (Peer::new(from, &settings.trusted_networks), seat)
        };
        debug!(peer = %peer.address(), trusted = peer.is_trusted(), "session begun");
        // Replies are gathered by us; without it each would wait for the peer's ACK.
        if let Err(problem) = stream.set_nodelay(true) {
            debug!(%problem, "TCP_NODELAY could not be set");
        }
        session::run(seat.listening(stream), peer, &settings, &*door, seat.leave()).await;
    };
    // A task of its own, so that a panic in it is seen and ends this session only.
    let task = tracker.spawn(conversation.instrument(span));
    tracker.spawn(async move {
        if task.await.is_err_and(|end| end.is_panic()) {
            error!(session = number, "a session panicked");
        }
    });
}

/// Who is behind a load balancer, and the seat of that address; none: it didn't say.
async fn behind(
    stream: &mut TcpStream,
    proxy: IpAddr,
    seat: Seat,
    settings: &Settings,
    stop: &CancellationToken,
) -> Option<(Peer, Option<Seat>)> {
    match timeout(settings.limits.proxy, proxy::read(stream)).await {
        Ok(Ok(Source::Address(address))) => {
            drop(seat);
            Some((Peer::new(address, &settings.trusted_networks), settings.seat(address, stop)))
        }
        // The balancer itself, or somebody it can't name. Its own address must not make anybody
        // trusted.
        Ok(Ok(Source::Unnamed)) => Some((Peer::behind(proxy), Some(seat))),
        Ok(Err(problem)) => {
            info!(%proxy, %problem, "connection refused");
            None
        }
        Err(_) => {
            info!(%proxy, "connection refused: no PROXY header came");
            None
        }
    }
}

/// One line without waiting: whoever can't take it now doesn't get it.
fn turn_away(stream: TcpStream) {
    let told = stream
        .into_std()
        .and_then(|mut s| s.write_all(Reply::TooManyConnections.render().as_bytes()));
    if let Err(problem) = told {
        debug!(%problem, "a connection over the limit was not told so");
    }
}
