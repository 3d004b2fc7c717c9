//! What looks like the end of a mail to somebody, and a second mail behind it.

use super::*;

/// What stands before and after a dot somewhere. Of all pairs of them only CRLF.CRLF is an end, and
/// each of the others is one to some server out there.
const AROUND: [&str; 14] = [
    "", "\n", "\r", "\r\n", "\n\r", "\r\r\n", "\r\n\r", "\n\n", "\r\r", "\r\n\n", "\0\r\n",
    "\r\n\0", "\r\n.", "x\r\n",
];

/// Sends this whole or octet by octet, says QUIT, and gives what was answered and what came.
async fn answers_to(said: &str, one_by_one: bool) -> (Vec<String>, Vec<Came>) {
    let mut line = call("127.0.0.1", settings());
    line.begin("abc").await;
    for chunk in said.as_bytes().chunks(if one_by_one { 1 } else { said.len() }) {
        line.send(chunk).await;
        tokio::task::yield_now().await;
    }
    line.send(b"QUIT\r\n").await;
    (line.hear_all().await, line.door.came())
}

fn texts(came: &[Came]) -> Vec<&str> {
    came.iter().map(|(_, _, text)| text.as_str()).collect()
}

/// A mail's lines as a server reads them that knows CRLF only, without the dot that stands first.
fn unstuffed(text: &str) -> String {
    let lines = text.split_inclusive("\r\n");
    lines.map(|line| line.strip_prefix('.').unwrap_or(line)).collect()
}

#[tokio::test]
async fn no_second_mail_can_be_smuggled_in() {
    let hidden = "MAIL FROM:<evil@mail.example>\r\nRCPT TO:<abc@in.example>\r\nDATA\r\n";
    let mut bare = 0;
    for (before, after) in AROUND.iter().flat_map(|b| AROUND.iter().map(move |a| (b, a))) {
        let first = format!("Subject: a\r\n\r\nb{before}");
        let text = format!("{first}.{after}{hidden}x\r\n");
        for one_by_one in [false, true] {
            let (said, came) = answers_to(&format!("DATA\r\n{text}.\r\n"), one_by_one).await;
            let place = format!("{before:?} . {after:?} {one_by_one} {said:#?}");
            if before.ends_with("\r\n") && after.starts_with("\r\n") {
                // The one true end: what is behind it are commands, if it is any.
                let first = unstuffed(&first);
                if first.replace("\r\n", "").contains(['\r', '\n']) {
                    starts(&said, &["354 Send", "550 5.6.11"]);
                    assert_eq!(came, [], "{place}");
                } else {
                    assert_eq!(texts(&came)[0], first, "{place}");
                }
            } else if text.replace("\r\n", "").contains(['\r', '\n']) {
                starts(&said, &["354 Send", "550 5.6.11"]);
                assert_eq!(came, [], "{place}");
                bare += 1;
            } else {
                starts(&said, &["354 Send", "250 2.0.0", "221 2.0.0"]);
                assert_eq!(texts(&came), [unstuffed(&text)], "{place}");
            }
        }
    }
    assert!(bare > 200, "only {bare} of the cases had a bare line end");
}

/// The same in a chunk: its length counts, and nothing in it is a command or an end.
#[tokio::test]
async fn nothing_in_a_chunk_is_an_end_or_a_command() {
    let hidden = "MAIL FROM:<evil@mail.example>\r\nRCPT TO:<abc@in.example>\r\nBDAT 1 LAST\r\nx";
    for (before, after) in AROUND.iter().flat_map(|b| AROUND.iter().map(move |a| (b, a))) {
        let body = format!("Subject: a\r\n\r\nb{before}.{after}{hidden}\r\n.\r\n");
        let expected = body.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
        let whole = format!("BDAT {} LAST\r\n{body}", body.len());
        // In two: in the midst of what stands around the dot.
        let (head, tail) = body.split_at(body.find("MAIL").unwrap() - 1);
        let halves =
            format!("BDAT {}\r\n{head}BDAT {}\r\n{tail}BDAT 0 LAST\r\n", head.len(), tail.len());
        for one_by_one in [false, true] {
            let (said, came) = answers_to(&whole, one_by_one).await;
            starts(&said, &["250 2.0.0", "221 2.0.0"]);
            assert_eq!(texts(&came), [&expected], "{body:?}");
            let (said, came) = answers_to(&halves, one_by_one).await;
            starts(&said, &["250 2.0.0", "250 2.0.0", "250 2.0.0", "221 2.0.0"]);
            assert_eq!(texts(&came), [&expected], "{body:?}");
        }
    }
}

#[tokio::test]
async fn an_end_that_comes_in_two_segments_is_an_end() {
    let mut line = call("127.0.0.1", settings());
    line.begin("abc").await;
    for piece in ["DATA\r\n", "a\r\n.\r", "\nQUIT\r\n"] {
        line.send(piece.as_bytes()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    starts(&line.hear_all().await, &["354 Send", "250 2.0.0", "221 2.0.0"]);
    assert_eq!(line.door.came(), [("jane@mail.example".into(), "abc".into(), "a\r\n".into())]);
}
