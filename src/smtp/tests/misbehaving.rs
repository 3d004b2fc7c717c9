//! The sink, which misbehaves when it is told to.

use super::*;

#[tokio::test]
async fn the_sink_takes_every_mail_and_misbehaves_when_told() {
    let (sink, mut mails) = Sink::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let two = "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<One@c.example>\r\nRCPT TO:<two@c.example>\r\nDATA\r\n..x\r\n.\r\nQUIT\r\n";
    let heard = say(sink.address(), two).await;
    assert!(heard.contains("250 2.0.0 Taken by the sink\r\n221 "), "{heard}");
    let expected = |recipients: &[&str]| Received {
        mail_from: "a@b.example".into(),
        recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
        bytes: b".x\r\n".to_vec(),
    };
    assert_eq!(mails.try_recv().unwrap(), expected(&["One@c.example", "two@c.example"]));

    sink.behave(Behaviour {
        refuse_recipients: [("one@c.example".to_owned(), 550)].into(),
        ..Behaviour::default()
    });
    let heard = say(sink.address(), two).await;
    assert!(heard.contains("550 5.0.0 As the sink was told\r\n250 2.1.5 "), "{heard}");
    assert_eq!(mails.try_recv().unwrap(), expected(&["two@c.example"]));

    for (behaviour, said) in [
        (Behaviour { refuse_mail: Some(451), ..Behaviour::default() }, "451 4.0.0 As the sink"),
        (Behaviour { refuse_data: Some(452), ..Behaviour::default() }, "452 4.0.0 As the sink"),
    ] {
        sink.behave(behaviour);
        let heard = say(sink.address(), two).await;
        assert!(heard.contains(said) && !heard.contains("Taken"), "{heard}");
    }
    assert!(mails.try_recv().is_err());

    sink.behave(Behaviour { drop_after_dot: true, ..Behaviour::default() });
    let heard = say(sink.address(), two).await;
    assert!(!heard.contains("Taken") && !heard.contains("221 "), "{heard}");
    assert_eq!(mails.try_recv().unwrap().recipients.len(), 2);

    sink.behave(Behaviour { hang: Some(Stage::Mail), ..Behaviour::default() });
    let hung = tokio::time::timeout(Duration::from_millis(300), say(sink.address(), two)).await;
    assert!(hung.is_err(), "it did not hang");
}
