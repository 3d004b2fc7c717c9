//! What is kept of a mail while it comes in: its octets, as long as it may become one.

/// What came of a mail that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// A mail; every line end in it is CRLF.
    Mail(Vec<u8>),
    /// A bare CR or LF stood in it.
    BareLineEnd,
    /// It is over the size limit.
    TooLarge {
        /// Its length in octets.
        size: usize,
    },
    /// It was told to drop what it read.
    Dropped,
}

/// The octets of a mail so far. Once it can't become one any more they are counted only, and
/// their memory is given back.
#[derive(Debug)]
pub struct Intake {
    mail: Vec<u8>,
    max_size: usize,
    size: usize,
    keeping: bool,
    dropped: bool,
}

impl Intake {
    /// For a mail of at most `max_size` octets, counted as in RFC 1870 §3.
    pub fn new(max_size: usize) -> Self {
        Self { mail: Vec::new(), max_size, size: 0, keeping: true, dropped: false }
    }

    /// Whether what comes may still become a mail.
    pub fn is_keeping(&self) -> bool {
        self.keeping
    }

    /// Octets that are kept in memory.
    pub fn kept(&self) -> usize {
        self.mail.len()
    }

    /// Takes octets; they are kept if the mail still fits with them.
    pub fn take(&mut self, octets: &[u8]) {
        self.count(octets.len());
        if self.size > self.max_size {
            self.let_go();
        }
        if self.keeping {
            self.mail.extend_from_slice(octets);
        }
    }

    /// Counts octets that are part of no mail.
    pub fn count(&mut self, octets: usize) {
        self.size = self.size.saturating_add(octets);
    }

    /// Gives the memory back, because there is no room for it; the rest is counted only.
    pub fn discard(&mut self) {
        self.dropped = true;
        self.let_go();
    }

    /// Gives the memory back; the rest is counted only.
    pub fn let_go(&mut self) {
        self.keeping = false;
        self.mail = Vec::new();
    }

    /// Why it can't become a mail any more, whatever still comes.
    pub fn refusal(&self) -> Option<Scanned> {
        match self {
            _ if self.size > self.max_size => Some(Scanned::TooLarge { size: self.size }),
            _ if self.dropped => Some(Scanned::Dropped),
            _ => None,
        }
    }

    /// What came.
    pub fn finish(mut self) -> Scanned {
        match self.refusal() {
            Some(refused) => refused,
            None => {
                self.mail.shrink_to_fit();
                Scanned::Mail(self.mail)
            }
        }
    }
}
