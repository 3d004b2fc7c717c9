//! How much may be written in a time.

/// What the limits are; none: as much as one likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Messages of one party in an hour.
    pub messages_per_hour: Option<u32>,
    /// Messages in one conversation, of both sides, in 10 minutes.
    pub conversation_per_10_minutes: Option<u32>,
    /// A seller's proactive messages in a day: this many, and more with the orders.
    pub proactive_per_day: u32,
    /// So many more for each order of an average day.
    pub proactive_per_order: u32,
}

/// What was written lately, this message not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// The sender's messages in the last hour.
    pub hour: u32,
    /// The conversation's in the last 10 minutes.
    pub conversation: u32,
    /// The seller's proactive ones in the last 24 hours.
    pub proactive: u32,
    /// The seller's orders of the last 30 days.
    pub orders: u32,
}

/// A limit that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// `limits.messages_per_hour`
    #[error("the sender's messages of this hour are used up")]
    Hour,
    /// `limits.conversation_per_10_minutes`
    #[error("too many messages in this conversation in 10 minutes")]
    Conversation,
    /// `limits.mails_per_network_per_hour`
    #[error("the mails of the sender's network for this hour are used up")]
    Network,
    /// `limits.proactive_per_day`
    #[error("the seller's proactive messages of this day are used up")]
    Proactive,
}

/// The limit that one more message would pass, if any.
pub fn reached(limits: &Limits, traffic: &Traffic, proactive: bool) -> Option<Limit> {
    let used_up = |limit: Option<u32>, used| limit.is_some_and(|most| used >= most);
    // 30 days' orders for each of 30 days, rounded up: a new seller's first order counts.
    let more = traffic.orders.saturating_mul(limits.proactive_per_order).div_ceil(30);
    let cap = limits.proactive_per_day.saturating_add(more);
    if used_up(limits.messages_per_hour, traffic.hour) {
        Some(Limit::Hour)
    } else if used_up(limits.conversation_per_10_minutes, traffic.conversation) {
        Some(Limit::Conversation)
    } else if proactive && traffic.proactive >= cap {
        Some(Limit::Proactive)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_reached_by_the_message_that_would_pass_it() {
        let limits = Limits {
            messages_per_hour: Some(100),
            conversation_per_10_minutes: Some(20),
            proactive_per_day: 600,
            proactive_per_order: 5,
        };
        let none = Traffic::default();
        for (traffic, proactive, expected) in [
            (none, true, None),
            (Traffic { hour: 99, conversation: 19, proactive: 599, orders: 0 }, true, None),
            (Traffic { hour: 100, ..none }, false, Some(Limit::Hour)),
            (Traffic { conversation: 20, ..none }, false, Some(Limit::Conversation)),
            (Traffic { proactive: 600, ..none }, true, Some(Limit::Proactive)),
            (Traffic { proactive: 9999, ..none }, false, None),
            // 60 orders in 30 days: 2 a day, 10 messages more.
            (Traffic { proactive: 609, orders: 60, ..none }, true, None),
            (Traffic { proactive: 610, orders: 60, ..none }, true, Some(Limit::Proactive)),
            (Traffic { proactive: 600, orders: 1, ..none }, true, None),
        ] {
            assert_eq!(reached(&limits, &traffic, proactive), expected, "{traffic:?}");
        }
        let unlimited = Limits { proactive_per_day: u32::MAX, ..Limits::default() };
        let much = Traffic { hour: 9999, conversation: 9999, proactive: 9999, orders: u32::MAX };
        assert_eq!(reached(&unlimited, &much, true), None);
    }
}
