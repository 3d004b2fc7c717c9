//! BDAT (RFC 3030): a mail in chunks whose octets are counted.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tracing::info;

use super::{Answer, Session, Transaction};
use crate::smtp::chunks::Assembler;
use crate::smtp::connection::Ended;
use crate::smtp::door::Door;
use crate::smtp::limits::Share;
use crate::smtp::reply::{Reply, Wrong};

/// What came of a mail so far.
#[derive(Debug)]
pub(super) enum Chunks {
    /// All of it was taken.
    Taken(Taken),
    /// A chunk was refused: the rest is read over, until RSET.
    Refused,
}

#[derive(Debug)]
pub(super) struct Taken {
    assembler: Assembler,
    /// None once the mail is lost.
    share: Option<Share>,
    /// For all chunks together, as for DATA.
    deadline: Instant,
}

impl<S, D> Session<'_, S, D>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    D: Door,
{
    /// A chunk. Whatever is answered, its octets are read first: none of them is ever a command.
    pub(super) async fn bdat(&mut self, size: usize, last: bool) -> Result<Answer, Ended> {
        if size > self.far() {
            return Ok(self.far_too_large());
        }
        let Some(mut transaction) = self.transaction.take() else {
            return self.read_over(size, Reply::Wrong(Wrong::MailFirst)).await;
        };
        if transaction.chunks.is_none()
            && !transaction.routes.is_empty()
            && let Some(reply) = self.put_off(&transaction).await?
        {
            transaction.chunks = Some(Chunks::Refused);
            self.transaction = Some(transaction);
            return self.read_over(size, reply).await;
        }
        let mut taken = match self.go_on(&mut transaction) {
            Ok(taken) => taken,
            Err(reply) => {
                self.transaction = Some(transaction);
                return self.read_over(size, reply).await;
            }
        };
        self.read_chunk(&mut taken, size).await?;
        let Taken { assembler, share, .. } = taken;
        if last {
            let coming = self.door.expect();
            return self.hand_over(transaction, share, (assembler.finish(), coming)).await;
        }
        let (chunks, answer) = match assembler.refusal().map(|why| self.raw(why)) {
            // RFC 3030 §2: after a chunk that failed only RSET helps.
            Some(Err(answer)) => (Chunks::Refused, answer),
            Some(Ok(_)) | None => {
                let deadline = taken.deadline;
                let taken = Taken { assembler, share, deadline };
                (Chunks::Taken(taken), Answer::Say(Reply::Chunk { octets: size }))
            }
        };
        transaction.chunks = Some(chunks);
        self.transaction = Some(transaction);
        Ok(answer)
    }

    /// What was taken so far, or why no chunk is.
    fn go_on(&self, transaction: &mut Transaction<D::Route>) -> Result<Taken, Reply> {
        if transaction.routes.is_empty() {
            return Err(Reply::Wrong(Wrong::RcptFirst));
        }
        match transaction.chunks.take() {
            Some(Chunks::Taken(taken)) => Ok(taken),
            Some(Chunks::Refused) => {
                transaction.chunks = Some(Chunks::Refused);
                Err(Reply::Wrong(Wrong::ChunksRefused))
            }
            None => match self.first_share(transaction.size) {
                Some(share) => Ok(Taken {
                    assembler: Assembler::new(self.settings.max_size),
                    share: Some(share),
                    deadline: Instant::now() + self.settings.limits.data,
                }),
                None => {
                    info!("BDAT refused: in_flight is used up");
                    transaction.chunks = Some(Chunks::Refused);
                    Err(Reply::InFlight)
                }
            },
        }
    }

    async fn read_chunk(&mut self, taken: &mut Taken, size: usize) -> Result<(), Ended> {
        let mut left = size;
        while left > 0 {
            self.connection.fill(taken.deadline, true).await?;
            // Each octet may be a line end that becomes two.
            let more = self.connection.at_hand().min(left).saturating_mul(2);
            let wanted = taken.assembler.kept().saturating_add(more).min(self.settings.max_size);
            if taken.share.as_mut().is_some_and(|share| !share.grow(wanted)) {
                taken.assembler.discard();
            }
            left = left.saturating_sub(self.connection.take(&mut taken.assembler, left));
            if !taken.assembler.is_keeping() {
                taken.share = None;
            }
        }
        Ok(())
    }

    /// Counts a chunk off that nobody wants, as far as the session bears that.
    async fn read_over(&mut self, size: usize, reply: Reply) -> Result<Answer, Ended> {
        self.counts.drained = self.counts.drained.saturating_add(size);
        if self.counts.drained > self.far() {
            return Ok(self.far_too_large());
        }
        let (assembler, share) = (Assembler::new(0), None);
        let deadline = Instant::now() + self.settings.limits.data;
        self.read_chunk(&mut Taken { assembler, share, deadline }, size).await?;
        Ok(Answer::Say(reply))
    }
}
