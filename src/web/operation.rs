//! What whoever operates the relay asks of it.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::domain::{Clock, DeliveryState};
use crate::store::{HeldDepth, QueueDepth, Store};

#[derive(Clone)]
struct House {
    store: Store,
    clock: Clock,
    config: watch::Receiver<Arc<Config>>,
    stopping: CancellationToken,
}

/// Answers requests until `end`. While `stopping` is cancelled the relay is alive and not ready.
///
/// # Errors
/// The listener broke.
pub async fn serve(
    listener: TcpListener,
    store: Store,
    clock: Clock,
    config: watch::Receiver<Arc<Config>>,
    stopping: CancellationToken,
    end: CancellationToken,
) -> io::Result<()> {
    let routes = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(House { store, clock, config, stopping });
    tokio::select! {
        served = axum::serve(listener, routes) => served,
        () = end.cancelled() => Ok(()),
    }
}

async fn ready(State(house): State<House>) -> (StatusCode, &'static str) {
    if house.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match house.store.try_write().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready: the store can't write");
            (StatusCode::SERVICE_UNAVAILABLE, "the store can't write\n")
        }
    }
}

async fn metrics(State(house): State<House>) -> Response {
    let act_within = house.config.borrow().review.act_within;
    let due = house.clock.now().before(act_within);
    match (house.store.depth().await, house.store.held_depth(due).await) {
        (Ok(depth), Ok(held)) => {
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            let queue = render(&depth, &house.clock, house.store.commits());
            let text = format!("{queue}{}", render_held(&held, &house.clock));
            (kind, text).into_response()
        }
        (Err(error), _) | (_, Err(error)) => {
            tracing::warn!(%error, "the metrics could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The text format of Prometheus, version 0.0.4.
fn render(depth: &QueueDepth, clock: &Clock, commits: u64) -> String {
    let oldest = depth.oldest.map_or(0, |at| clock.now().since(at).as_secs());
    let mut text = String::from(
        "# HELP bauta_queue_deliveries Deliveries to which something will happen still.\n\
         # TYPE bauta_queue_deliveries gauge\n",
    );
    for (state, count) in [
        (DeliveryState::Queued, depth.queued),
        (DeliveryState::Sending, depth.sending),
        (DeliveryState::Deferred, depth.deferred),
    ] {
        let _ = writeln!(text, "bauta_queue_deliveries{{state=\"{state}\"}} {count}");
    }
    let _ = write!(
        text,
        "# HELP bauta_queue_oldest_seconds Age of the oldest of them; 0 where there is none.\n\
         # TYPE bauta_queue_oldest_seconds gauge\n\
         bauta_queue_oldest_seconds {oldest}\n\
         # HELP bauta_store_commits_total Transactions committed and synced since the start.\n\
         # TYPE bauta_store_commits_total counter\n\
         bauta_store_commits_total {commits}\n"
    );
    text
}

/// The same of what waits for a person.
fn render_held(held: &HeldDepth, clock: &Clock) -> String {
    let oldest = held.oldest.map_or(0, |at| clock.now().since(at).as_secs());
    format!(
        "# HELP bauta_held_messages Messages that wait for a person.\n\
         # TYPE bauta_held_messages gauge\n\
         bauta_held_messages {}\n\
         # HELP bauta_held_overdue Those that have waited for longer than review.act_within.\n\
         # TYPE bauta_held_overdue gauge\n\
         bauta_held_overdue {}\n\
         # HELP bauta_held_oldest_seconds How long the first of them waits; 0 where there is none.\n\
         # TYPE bauta_held_oldest_seconds gauge\n\
         bauta_held_oldest_seconds {oldest}\n",
        held.held, held.overdue
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;
    use crate::store::OpenMode;

    fn settings() -> watch::Receiver<Arc<Config>> {
        let text = "[relay]\nhostname = \"relay.example\"\nalias_domain = \"alias.example\"\n\
            marketplace = \"Lumo Market\"\n[senders]\nverify = \"address\"\n\
            [delivery]\nroute = \"smarthost\"\nsmarthost = \"127.0.0.1:2526\"\n";
        let config = Config::parse(text, std::path::Path::new("bauta.toml")).unwrap();
        watch::channel(Arc::new(config)).1
    }

    async fn ask(address: std::net::SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        heard
    }

    #[tokio::test]
    async fn the_relay_is_alive_until_its_end_and_ready_only_while_it_can_take_mail() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bauta.db");
        let store = Store::open(&path, OpenMode::Create, "relay.example").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stopping, end) = (CancellationToken::new(), CancellationToken::new());
        let clock = Clock::system();
        let serving = tokio::spawn(serve(
            listener,
            store.clone(),
            clock,
            settings(),
            stopping.clone(),
            end.clone(),
        ));
        let check = async |path: &str, status: &str, body: &str| {
            let heard = ask(address, path).await;
            assert!(heard.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {heard}");
            assert!(heard.contains(body), "{path}: {heard}");
        };
        check("/healthz", "200", "ok").await;
        check("/readyz", "200", "ready").await;
        check("/metrics", "200", "bauta_queue_deliveries{state=\"deferred\"} 0\n").await;
        check("/metrics", "200", "bauta_queue_oldest_seconds 0\n").await;
        check("/metrics", "200", "bauta_held_overdue 0\n").await;
        check("/nothing", "404", "").await;
        stopping.cancel();
        check("/readyz", "503", "stopping").await;
        check("/healthz", "200", "ok").await;
        end.cancel();
        serving.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_store_that_can_not_write_is_not_ready() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bauta.db");
        let store = Store::open(&path, OpenMode::Create, "relay.example").unwrap();
        let stopping = CancellationToken::new();
        let (clock, config) = (Clock::system(), settings());
        let house = House { store: store.clone(), clock, config, stopping };
        assert_eq!(ready(State(house.clone())).await.0, StatusCode::OK);
        store.close().await;
        assert_eq!(ready(State(house)).await.0, StatusCode::SERVICE_UNAVAILABLE);
    }
}
