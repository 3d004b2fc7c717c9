//! SMTP by hand, for what no mail program would say.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use crate::letter::Letter;
use crate::smarthost::PATIENCE;

pub struct Wire(BufReader<TcpStream>);

impl Wire {
    /// Connects, reads the greeting and says EHLO.
    pub fn open(relay: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&relay, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut wire = Self(BufReader::new(stream));
        wire.hear()?;
        wire.say("EHLO client.example")?;
        Ok(wire)
    }

    /// Says a line and hears the answer, all its lines.
    pub fn say(&mut self, line: &str) -> io::Result<String> {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.hear()
    }

    /// The next answer.
    pub fn hear(&mut self) -> io::Result<String> {
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let last = line.as_bytes().get(3) != Some(&b'-');
            answer.push_str(&line);
            if last {
                return Ok(answer.trim_end().to_owned());
            }
        }
    }

    /// One whole mail; the answer to it, or the first that was no.
    pub fn send(&mut self, letter: &Letter) -> io::Result<String> {
        for line in [
            format!("MAIL FROM:<{}>", letter.sender),
            format!("RCPT TO:<{}>", letter.to),
            "DATA".to_owned(),
        ] {
            let answer = self.say(&line)?;
            if !answer.starts_with(['2', '3']) {
                self.say("RSET")?;
                return Ok(answer);
            }
        }
        self.ends(letter)
    }

    /// The mail itself after DATA, to its final dot; the answer to it.
    pub fn ends(&mut self, letter: &Letter) -> io::Result<String> {
        self.0.get_mut().write_all(&letter.on_the_wire())?;
        self.hear()
    }
}
