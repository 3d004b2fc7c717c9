//! When the next attempt follows.

use std::time::Duration;

use crate::config::Delivery;

/// The wait after this many failed attempts (1 and more): `retry_first`, doubled each time up to
/// `retry_max`, give or take a fifth, so that mail which failed together does not return together.
/// `random` is any number.
pub(super) fn wait(config: &Delivery, attempts: u32, random: u64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    let plain = config.retry_first.saturating_mul(1_u32 << doublings).min(config.retry_max);
    let percent = 80 + u32::try_from(random % 41).unwrap_or(20);
    plain.saturating_mul(percent) / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeliveryTls, Route};

    #[test]
    fn waits_double_up_to_the_longest_and_vary_by_a_fifth() {
        let config = Delivery {
            route: Route::Smarthost { host: "127.0.0.1".into(), port: 25 },
            tls: DeliveryTls::None,
            tls_required_domains: vec![],
            give_up_after: Duration::from_secs(172_800),
            delay_notice_after: Duration::from_secs(14_400),
            retry_first: Duration::from_secs(2),
            retry_max: Duration::from_secs(1800),
            connections: 1,
        };
        let secs = |attempts, random| wait(&config, attempts, random).as_secs_f64();
        assert_eq!([secs(1, 20), secs(2, 20), secs(3, 20), secs(50, 20)], [2.0, 4.0, 8.0, 1800.0]);
        assert_eq!((secs(1, 0), secs(1, 40)), (1.6, 2.4));
        assert_eq!(secs(u32::MAX, u64::MAX) as u64 / 1000, 1);
    }
}
