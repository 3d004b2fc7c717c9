//! Timing one call.

use std::time::{Duration, Instant};

/// The median time of one call.
pub fn median(mut call: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..400)
        .map(|_| {
            let began = Instant::now();
            call();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}
