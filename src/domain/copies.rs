//! The same text or picture sent to many buyers, as plain data: numbers that only our key makes, and
//! counts of them.

/// What a seller's message holds that may be sent again, each as numbers made with a key: whoever
/// has the numbers alone learns nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prints {
    /// Of each long passage.
    pub texts: Vec<u64>,
    /// Of each attachment: parts of a picture's print, of which a few may differ where it is the
    /// same picture; none where there is nothing to know it by.
    pub pictures: Vec<Vec<u64>>,
}

impl Prints {
    /// Parts of a picture's print.
    pub const PARTS: usize = 8;
    /// So many of them are the same where the picture is.
    pub const SAME: usize = 5;

    /// Whether there is anything to know the message by.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.pictures.iter().all(Vec::is_empty)
    }
}

/// To how many other buyers the same seller sent the same before, in the order of [`Prints`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// Of each long passage.
    pub texts: Vec<u32>,
    /// Of each attachment.
    pub pictures: Vec<u32>,
}

impl Copies {
    /// More buyers than these are not counted: many are many, and `policy.many_buyers` is no more.
    pub const ENOUGH: u32 = 10_000;
}
