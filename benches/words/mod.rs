//! Texts to send and to search: the same ones every time.

/// The same numbers every time.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Small numbers much more often than large ones, as words are.
    pub fn skewed(&mut self, below: u64) -> u64 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((below as f64).powf(unit * unit * 0.999) as u64).min(below - 1)
    }
}

/// So many words there are.
pub const VOCABULARY: u64 = 60_000;

/// The nth of all words.
pub fn word(mut n: u64) -> String {
    let mut word = String::new();
    for _ in 0..3 {
        word.push(char::from(b"dfhjlmnprstvwz"[(n % 14) as usize]));
        n /= 14;
        word.push(char::from(b"aeiou"[(n % 5) as usize]));
        n /= 5;
    }
    word
}

/// About 130 words, "order" among them always.
pub fn text(dice: &mut Dice, n: usize) -> String {
    let mut text = format!("Hello, about my order number {n}: ");
    for at in 0..130 {
        text.push_str(&word(dice.skewed(VOCABULARY)));
        text.push_str(if at % 13 == 12 { ".\r\n" } else { " " });
    }
    text
}

/// A buyer's mail of 4 KiB, of which there is no second one.
pub fn mail(from: &str, to: &str, n: usize) -> String {
    let mut dice = Dice(n as u64 * 77 + 1);
    let mut body = String::new();
    while body.len() < 3_600 {
        body.push_str(&text(&mut dice, n));
    }
    body.truncate(3_600);
    format!(
        "From: Jane Roe <{from}>\r\nTo: <{to}>\r\nSubject: Question {n}\r\n\
         Message-ID: <{n}.{}@mail.example>\r\nDate: Sat, 28 Nov 2026 08:00:00 +0000\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n",
        dice.next()
    )
}

/// Median, 99th percentile and the longest, in a line.
pub fn told(what: &str, mut took: Vec<std::time::Duration>) {
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!("  {what:36} p50 {:>9.2?}   p99 {:>9.2?}   max {:>9.2?}", at(0.5), at(0.99), at(1.0));
}
