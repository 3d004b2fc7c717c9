//! Places for connections, bounded in all and per network. Where none is free, the connection that
//! has been silent longest makes room: a thousand that say nothing keep nobody's mail out.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

/// What all moments are counted from.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

fn now_ms() -> u64 {
    u64::try_from(BEGINNING.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The bounds that one connection meets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Connections in all.
    pub all: usize,
    /// Connections of one network.
    pub own: usize,
    /// How long nothing must have come from a connection that makes room.
    pub silent: Duration,
}

/// All places that are taken. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Seats(Arc<Mutex<HashMap<IpAddr, Vec<Arc<Place>>>>>);

#[derive(Debug)]
struct Place {
    /// When the peer was last heard.
    heard_ms: AtomicU64,
    /// Cancelled when the relay stops, or when it makes room: it may end what it has begun.
    leave: CancellationToken,
}

impl Place {
    fn stays(&self) -> bool {
        !self.leave.is_cancelled()
    }
}

fn staying(places: &[Arc<Place>]) -> usize {
    places.iter().filter(|place| place.stays()).count()
}

impl Seats {
    /// A place for a connection from this address; none: it has to come again. `stop`: the relay
    /// stops.
    pub fn take(&self, address: IpAddr, bounds: Bounds, stop: &CancellationToken) -> Option<Seat> {
        let network = network(address);
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().map(|places| staying(places)).sum();
        let own = taken.get(&network).map_or(0, |places| staying(places));
        if own >= bounds.own || all >= bounds.all {
            let leaving = taken.values().map(Vec::len).sum::<usize>() - all;
            // Each of them still has its file and its memory for a moment.
            if leaving > bounds.all / 10 {
                return None;
            }
            // Its own network's, or that of whoever has the most of all.
            let crowd = if own >= bounds.own {
                taken.get(&network)
            } else {
                taken.values().max_by_key(|places| staying(places))
            };
            make_room(crowd?, bounds.silent)?;
        }
        let place =
            Arc::new(Place { heard_ms: AtomicU64::new(now_ms()), leave: stop.child_token() });
        taken.entry(network).or_default().push(Arc::clone(&place));
        Some(Seat { network, place, seats: self.clone() })
    }

    /// Networks that have a place.
    #[cfg(test)]
    pub fn networks(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Tells the one that has been silent longest to go, if that is long enough.
fn make_room(places: &[Arc<Place>], silent: Duration) -> Option<()> {
    let staying = places.iter().filter(|place| place.stays());
    let longest = staying.min_by_key(|place| place.heard_ms.load(Ordering::Relaxed))?;
    let since = now_ms().saturating_sub(longest.heard_ms.load(Ordering::Relaxed));
    if u128::from(since) < silent.as_millis() {
        return None;
    }
    longest.leave.cancel();
    Some(())
}

/// One household of IPv6 has a /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

/// A connection's place, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    network: IpAddr,
    place: Arc<Place>,
    seats: Seats,
}

impl Seat {
    /// Cancelled when the connection has to end.
    pub fn leave(&self) -> &CancellationToken {
        &self.place.leave
    }

    /// The connection's stream; whatever comes over it is heard.
    pub fn listening<S>(&self, stream: S) -> Heard<S> {
        Heard { stream, place: Arc::clone(&self.place) }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = taken.get_mut(&self.network) {
            places.retain(|place| !Arc::ptr_eq(place, &self.place));
            if places.is_empty() {
                taken.remove(&self.network);
            }
        }
    }
}

/// A stream that notes when the peer was last heard.
#[derive(Debug)]
pub(super) struct Heard<S> {
    stream: S,
    place: Arc<Place>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.place.heard_ms.store(now_ms(), Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_counted_per_network_and_in_all_and_given_back() {
        let seats = Seats::default();
        let stop = CancellationToken::new();
        let bounds = Bounds { all: 3, own: 2, silent: Duration::from_secs(1000) };
        let seat = |address: &str| seats.take(address.parse().unwrap(), bounds, &stop);
        let first = seat("2001:db8::1").unwrap();
        let _second = seat("2001:db8::2").unwrap();
        assert!(seat("2001:db8::3").is_none(), "a third of the same /64");
        let _third = seat("192.0.2.1").unwrap();
        assert!(seat("192.0.2.2").is_none(), "a fourth in all");
        drop(first);
        assert!(seat("::ffff:192.0.2.1").is_some());
        assert_eq!(seats.networks(), 2, "a seat given back leaves no entry");
    }

    #[test]
    fn who_has_been_silent_longest_makes_room_in_its_own_network_or_in_the_largest() {
        let seats = Seats::default();
        let stop = CancellationToken::new();
        let bounds = Bounds { all: 40, own: 30, silent: Duration::ZERO };
        let seat = |address: &str| seats.take(address.parse().unwrap(), bounds, &stop);
        let crowd: Vec<_> = (0..30).map(|_| seat("192.0.2.1").unwrap()).collect();
        let others: Vec<_> = (0..10).map(|_| seat("192.0.2.2").unwrap()).collect();
        let heard = |seat: &Seat, at| seat.place.heard_ms.store(at, Ordering::Relaxed);
        crowd.iter().chain(&others).for_each(|seat| heard(seat, 5));
        heard(&crowd[7], 2);
        heard(&others[3], 1);
        let own = seat("192.0.2.1").unwrap();
        heard(&own, 9);
        assert!(!crowd[7].place.stays() && others[3].place.stays());
        heard(&crowd[8], 3);
        let new = seat("192.0.2.3").unwrap();
        heard(&new, 9);
        assert!(!crowd[8].place.stays() && others[3].place.stays());
        // Not more at a time than a tenth: their sockets are still there.
        let more: Vec<_> = (0..10).map_while(|_| seat("192.0.2.3")).collect();
        assert_eq!(more.len(), 3);
        stop.cancel();
        assert!(others.iter().all(|seat| seat.leave().is_cancelled()));
    }
}
