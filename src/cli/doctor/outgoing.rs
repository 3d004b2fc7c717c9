//! Outgoing: whether mail gets out of here at all. Many a network shuts port 25.

use super::finding::Finding;
use super::world::World;
use crate::config::Route;
use crate::delivery::reach;

const CHECK: &str = "outgoing";

pub(super) async fn check(world: &World) -> Finding {
    let config = &world.config;
    match (&config.delivery.route, &config.relay.postmaster) {
        (Route::Smarthost { host, port }, _) => match reach(config, "").await {
            Ok(()) => Finding::ok(CHECK, format!("the smarthost {host}:{port} answers")),
            Err(why) => Finding::wrong(
                CHECK,
                format!("the smarthost {host}:{port} can't be used: {why}"),
                format!("nc -v {host} {port}    and look at delivery.smarthost and delivery.tls"),
            ),
        },
        (Route::Mx { port, .. }, Some(postmaster)) => {
            let domain = postmaster.domain();
            match reach(config, domain).await {
                Ok(()) => {
                    let says = format!("the mail servers of {domain} answer at port {port}");
                    Finding::ok(CHECK, says)
                }
                Err(why) => Finding::wrong(
                    CHECK,
                    format!(
                        "the mail servers of {domain} (where relay.postmaster is) can't be reached: {why}"
                    ),
                    format!(
                        "see whether your network lets anything out to port {port}: nc -v MAIL-SERVER {port}\nif not, ask the provider to open it, or send by one that is allowed to:\n[delivery]\nroute = \"smarthost\"\nsmarthost = \"HOST:PORT\""
                    ),
                ),
            }
        }
        (Route::Mx { .. }, None) => Finding::unknown(
            CHECK,
            "whether mail gets out is not known: relay.postmaster names nobody whose mail server could be tried",
            "bauta doctor --send-test ADDRESS",
        ),
    }
}
