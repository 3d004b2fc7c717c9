use super::*;

/// RFC 8463 §A.2 and §A.3, a public example: its keys and the mail that both have signed.
const RSA: &str = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
const ED25519: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const BY_ED25519: &str = "\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
";
const BY_RSA: &str = "\
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
";
const MAIL: &str = "\
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
";
const NOW: Timestamp = Timestamp::EPOCH;

fn wire(parts: &[&str]) -> Vec<u8> {
    parts.concat().replace('\n', "\r\n").into_bytes()
}

/// What the first signature is worth with this key.
fn first(parts: &[&str], key: &str) -> Result<(), Flaw> {
    let signatures = read(&wire(parts), NOW);
    verify_with(key, signatures.first().unwrap().as_ref().map_err(|flaw| *flaw)?)
}

#[test]
fn the_signatures_of_the_rfc_verify() {
    assert_eq!(first(&[BY_ED25519, MAIL], ED25519), Ok(()));
    assert_eq!(first(&[BY_RSA, BY_ED25519, MAIL], RSA), Ok(()));
    // Each with its own key only.
    assert_eq!(first(&[BY_ED25519, MAIL], RSA), Err(Flaw::Key));
    assert_eq!(first(&[BY_RSA, MAIL], ED25519), Err(Flaw::Key));
    let other = ED25519.replace("11qY", "12qY");
    assert_eq!(first(&[BY_ED25519, MAIL], &other), Err(Flaw::Wrong));
    // The key alone, without what RFC 5280 puts around it.
    let bare = base64(tags::value(&tags::read(RSA).unwrap(), "p").unwrap()).unwrap();
    let bare = BASE64_NOPAD.encode(rsa_key(&bare).unwrap());
    assert_eq!(first(&[BY_RSA, MAIL], &format!("p={bare}")), Ok(()));
}

#[test]
fn a_changed_mail_does_not_verify() {
    let check = |from: &str, to: &str, expected| {
        let mail = MAIL.replace(from, to);
        assert_ne!(mail, MAIL);
        assert_eq!(first(&[BY_ED25519, &mail], ED25519), expected, "{from} {to}");
    };
    check("hungry", "Hungry", Err(Flaw::Body));
    check("Joe.\n", "Joe.\nBuy!\n", Err(Flaw::Body));
    check("dinner", "supper", Err(Flaw::Wrong));
    check("joe@", "ceo@", Err(Flaw::Wrong));
    check("From: ", "From: x@evil.example\nFrom: ", Err(Flaw::Wrong));
    check("Subject: ", "Subject: Pay now\nSubject: ", Err(Flaw::Wrong));
    // Not covered twice, so that nobody can tell which of them was there.
    check("To: ", "To: x@evil.example\nTo: ", Err(Flaw::Added));
    check("Date: ", "Content-Type: text/html\nContent-Type: text/plain\nDate: ", Err(Flaw::Added));
    // What the form allows.
    check("Suzie Q ", "Suzie   Q\n  ", Ok(()));
    check("game.  Are", "game. Are", Ok(()));
    check("Joe.\n", "Joe.\n\n\n", Ok(()));
    check("Date: ", "X-Seen: yes\nDate: ", Ok(()));
}

#[test]
fn a_signature_that_proves_too_little_is_none() {
    let check = |from: &str, to: &str, expected: Flaw| {
        let signature = BY_ED25519.replace(from, to);
        assert_ne!(signature, BY_ED25519);
        assert_eq!(first(&[&signature, MAIL], ED25519), Err(expected), "{from} {to}");
    };
    check("v=1", "v=2", Flaw::Malformed);
    check("v=1; ", "", Flaw::Malformed);
    check("v=1; ", "v=1; v=1; ", Flaw::Malformed);
    check("ed25519-sha256", "rsa-sha1", Flaw::Algorithm);
    check("c=relaxed/relaxed", "c=odd", Flaw::Malformed);
    check("c=relaxed/relaxed", "c=relaxed", Flaw::Body);
    check("i=@football.example.com", "i=@example.com", Flaw::Malformed);
    check("i=@football.example.com", "i=@xfootball.example.com", Flaw::Malformed);
    check("q=dns/txt", "q=dnssec", Flaw::Malformed);
    check(
        "from : to :\n subject : date : message-id : from",
        "to :\n subject",
        Flaw::FromNotSigned,
    );
    check("t=1528637909", "t=1528637909; x=1528637909", Flaw::Malformed);
    check("t=1528637909", "x=0", Flaw::Expired);
    check("t=1528637909", "x=1; l=5", Flaw::PartOfBody);
    check("t=1528637909", "l=1000", Flaw::PartOfBody);
    check("t=1528637909", "l=x", Flaw::PartOfBody);
    check("bh=2jUS", "bh=2jUT", Flaw::Body);
    check("b=/gCr", "b=/gCs", Flaw::Wrong);
    check("d=football.example.com;", "d=;", Flaw::Malformed);
}

#[test]
fn a_key_says_what_it_is_for() {
    let check = |record: &str, expected| {
        assert_eq!(first(&[BY_ED25519, MAIL], record), expected, "{record}");
    };
    let p = "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    check(&format!("k=ed25519; {p}"), Ok(()));
    check(&format!("v=DKIM1; h=sha1:sha256; s=email; t=y:s; k=ed25519; {p};"), Ok(()));
    check(&format!("k=ed25519; v=DKIM1; {p}"), Err(Flaw::NoKey));
    check(&format!("v=DKIM2; k=ed25519; {p}"), Err(Flaw::NoKey));
    check(&format!("k=ed25519; h=sha1; {p}"), Err(Flaw::Key));
    check(&format!("k=ed25519; s=other; {p}"), Err(Flaw::Key));
    check(&format!("k=dsa; {p}"), Err(Flaw::Key));
    check("k=ed25519; p=", Err(Flaw::NoKey));
    check("k=ed25519", Err(Flaw::NoKey));
    check("rubbish", Err(Flaw::NoKey));
    let below = BY_ED25519.replace("i=@football", "i=@a.football");
    let strict = format!("k=ed25519; t=s; {p}");
    assert_eq!(first(&[&below, MAIL], &strict), Err(Flaw::Key));
    assert_eq!(first(&[&below, MAIL], ED25519), Err(Flaw::Wrong), "the tag is signed too");
}

#[test]
fn so_many_signatures_are_looked_at_and_no_more() {
    let many = BY_ED25519.repeat(MOST + 5);
    assert_eq!(read(&wire(&[&many, MAIL]), NOW).len(), MOST);
    assert_eq!(read(b"", NOW), []);
    assert_eq!(read(b"DKIM-Signature: x", NOW), [Err(Flaw::Malformed)]);
}
