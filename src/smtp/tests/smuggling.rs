//! What looks like the end of a mail to somebody, and a second mail behind it.

use super::*;

/// Every form of an end that some server somewhere takes for one, with a second mail behind it.
#[tokio::test]
async fn no_second_mail_can_be_smuggled_in() {
    let hidden = "MAIL FROM:<evil@mail.example>\r\nRCPT TO:<abc@in.example>\r\nDATA\r\nx";
    for end in [
        "\n.\n",
        "\r.\r",
        "\r\n.\n",
        "\n.\r\n",
        "\r.\r\n",
        "\r\n.\r",
        "\r\n.\r\r\n",
        "\r\n\0.\r\n",
        "\r\r\n.\n",
        "\n\n.\n\n",
        "\r\n.\n\r",
        "\r.\n",
        "\n.\r",
        "\r\n..\r\n",
    ] {
        let body = format!("Subject: a\r\n\r\nb{end}{hidden}\r\n.\r\n");
        for one_by_one in [false, true] {
            let mut line = call("127.0.0.1", settings());
            line.begin("abc").await;
            line.send(b"DATA\r\n").await;
            assert!(line.hear().await.starts_with("354 "));
            for chunk in body.as_bytes().chunks(if one_by_one { 1 } else { body.len() }) {
                line.send(chunk).await;
                tokio::task::yield_now().await;
            }
            line.send(b"QUIT\r\n").await;
            let all = line.hear_all().await;
            let bare = end.replace("\r\n", "").contains(['\r', '\n']);
            if bare {
                starts(&all, &["550 5.6.11"]);
                assert_eq!(line.door.came(), [], "{end:?}");
            } else {
                starts(&all, &["250 2.0.0", "221 2.0.0"]);
                assert_eq!(line.door.came().len(), 1, "{end:?}: the hidden mail came too");
            }
        }
    }
}

/// The same ends in a chunk: its length counts, and nothing in it is a command or an end.
#[tokio::test]
async fn nothing_in_a_chunk_is_an_end_or_a_command() {
    let hidden = "MAIL FROM:<evil@mail.example>\r\nRCPT TO:<abc@in.example>\r\nBDAT 1 LAST\r\nx";
    for end in ["\n.\n", "\r.\r", "\r\n.\n", "\r\n.\r\n", "\n", "\r", "\r\n", "\r\n.\r\r\n", "\0"] {
        let body = format!("Subject: a\r\n\r\nb{end}{hidden}\r\n.\r\n");
        let expected = body.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
        let (head, tail) = body.split_at(body.find("MAIL").unwrap() - 1);
        let whole = format!("BDAT {} LAST\r\n{body}QUIT\r\n", body.len());
        let halves = format!(
            "BDAT {}\r\n{head}BDAT {}\r\n{tail}BDAT 0 LAST\r\nQUIT\r\n",
            head.len(),
            tail.len()
        );
        for (said, answers) in [
            (&whole, &["250 2.0.0", "221 2.0.0"][..]),
            (&halves, &["250 2.0.0", "250 2.0.0", "250 2.0.0", "221 2.0.0"][..]),
        ] {
            for one_by_one in [false, true] {
                let mut line = call("127.0.0.1", settings());
                line.begin("abc").await;
                for chunk in said.as_bytes().chunks(if one_by_one { 1 } else { said.len() }) {
                    line.send(chunk).await;
                    tokio::task::yield_now().await;
                }
                starts(&line.hear_all().await, answers);
                let came = line.door.came();
                assert_eq!(came.len(), 1, "{said:?}");
                assert_eq!(came[0].2, expected, "{said:?}");
            }
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
