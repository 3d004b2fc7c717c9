//! Reading anything: charsets, names and structures as they really come, right and broken. What
//! comes out is what the person wrote; what is odd is noted.

#![allow(clippy::unwrap_used)]

use bauta::mail::{Attachment, Defect, Message, Piece, read};
use data_encoding::BASE64;

fn mail(head: &str, body: &[u8]) -> Message {
    let mut raw = head.replace('\n', "\r\n").into_bytes();
    raw.extend_from_slice(b"\r\n\r\n");
    raw.extend_from_slice(body);
    read(&raw)
}

#[test]
fn every_charset_that_mail_has_is_decoded() {
    for (name, bytes, expected) in [
        ("iso-2022-jp", b"\x1b$B%i%s%W$rCmJ8$7$^$7$?\x1b(B", "ランプを注文しました"),
        ("gb18030", b"\xce\xd2\xd2\xaa\xc0\xb6\xc9\xab\xb5\xc4\xb5\xc6", "我要蓝色的灯"),
        ("gb2312", b"\xce\xd2\xd2\xaa\xc0\xb6\xc9\xab\xb5\xc4\xb5\xc6", "我要蓝色的灯"),
        (
            "shift_jis",
            b"\x83\x89\x83\x93\x83v\x82\xf0\x92\x8d\x95\xb6\x82\xb5\x82\xdc\x82\xb5\x82\xbd",
            "ランプを注文しました",
        ),
        ("windows-31j", b"\x87@\x83\x89\x83\x93\x83v", "①ランプ"),
        ("euc-jp", b"\xa5\xe9\xa5\xf3\xa5\xd7", "ランプ"),
        ("koi8-r", b"\xe7\xc4\xc5 \xcd\xcf\xd1 \xcc\xc1\xcd\xd0\xc1?", "Где моя лампа?"),
        ("windows-1251", b"\xc3\xe4\xe5 \xec\xee\xff \xeb\xe0\xec\xef\xe0?", "Где моя лампа?"),
        ("windows-1250", b"\xaf\xf3\xb3ta lampa", "Żółta lampa"),
        ("windows-1252", b"\x93Gr\xfc\xdfe\x94 \x96 5 \x80", "“Grüße” – 5 €"),
        ("windows-1253", b"\xca\xe1\xeb\xe7\xec\xdd\xf1\xe1", "Καλημέρα"),
        ("windows-1254", b"I\xfe\xfdk", "Işık"),
        ("windows-1255", b"\xf9\xec\xe5\xed", "שלום"),
        ("windows-1256", b"\xe3\xd1\xcd\xc8\xc7", "مرحبا"),
        ("windows-1257", b"\xc0\xfeuolas", "Ąžuolas"),
        ("windows-1258", b"\xd0\xe8n", "Đèn"),
        ("iso-8859-2", b"\xaf\xf3\xb3ta lampa", "Żółta lampa"),
        ("iso-8859-15", b"5 \xa4", "5 €"),
        ("big5", b"\xc2\xc5\xa6\xe2\xaa\xba\xbfO", "藍色的燈"),
        ("euc-kr", b"\xc6\xc4\xb6\xf5 \xb7\xa5\xc7\xc1", "파란 램프"),
        ("ks_c_5601-1987", b"\xc6\xc4\xb6\xf5 \xb7\xa5\xc7\xc1", "파란 램프"),
        ("cp1251", b"\xeb\xe0\xec\xef\xe0", "лампа"),
        ("x-sjis", b"\x83\x89\x83\x93\x83v", "ランプ"),
        ("cp932", b"\x83\x89\x83\x93\x83v", "ランプ"),
        ("utf-7", b"Gr+APwA3w-e +ZeVnLA-", "Grüße 日本"),
        ("unicode-1-1-utf-7", b"Gr+APwA3w-e", "Grüße"),
        ("utf-16", b"\xff\xfeG\x00r\x00\xfc\x00\xdf\x00e\x00 \x00\xe5e,g", "Grüße 日本"),
        ("utf-16be", b"\x00G\x00r\x00\xfc\x00\xdf\x00e", "Grüße"),
        ("utf-16le", b"G\x00r\x00\xfc\x00\xdf\x00e\x00", "Grüße"),
        ("macintosh", b"Gr\x9a\xa7e", "Größe"),
        ("hz-gb-2312", b"a ~~ ~{NRR*@6I+5D5F~} b", "a ~ 我要蓝色的灯 b"),
    ] as [(&str, &[u8], &str); 31]
    {
        let label = format!("Content-Type: text/plain; charset=\"{name}\"");
        let encoded = format!("{label}\nContent-Transfer-Encoding: base64");
        let read = mail(&encoded, BASE64.encode(bytes).as_bytes());
        assert_eq!((read.text.body.as_str(), &read.defects[..]), (expected, &[][..]), "{name}");
        if !name.starts_with("utf-16") {
            assert_eq!(mail(&label, bytes).text.body, expected, "{name}, 8 bit");
        }
        let word = format!("Subject: =?{name}?B?{}?=", BASE64.encode(bytes));
        assert_eq!(mail(&word, b"").subject, expected, "{name}, in the subject");
    }
}

#[test]
fn a_charset_that_is_missing_or_wrong_is_told_by_the_bytes() {
    let latin = b"Gr\xfc\xdfe, J\xf6rg";
    let utf8 = "Grüße, Jörg".as_bytes();
    let japanese = b"\x1b$B%i%s%W\x1b(B";
    for (label, bytes, expected) in [
        ("", utf8, "Grüße, Jörg"),
        ("", latin.as_slice(), "Grüße, Jörg"),
        ("", japanese.as_slice(), "ランプ"),
        ("", b"\xef\xbb\xbfHi".as_slice(), "Hi"),
        ("", b"\xff\xfeH\0i\0".as_slice(), "Hi"),
        ("utf-8", latin.as_slice(), "Grüße, Jörg"),
        ("utf-8", japanese.as_slice(), "ランプ"),
        ("iso-8859-1", utf8, "Grüße, Jörg"),
        ("windows-1252", utf8, "Grüße, Jörg"),
        ("koi8-r", utf8, "Grüße, Jörg"),
        ("windows-1251", utf8, "Grüße, Jörg"),
        ("us-ascii", utf8, "Grüße, Jörg"),
        ("us-ascii", latin.as_slice(), "Grüße, Jörg"),
        ("us-ascii", japanese.as_slice(), "ランプ"),
        ("iso-8859-1", japanese.as_slice(), "ランプ"),
        ("none-such", utf8, "Grüße, Jörg"),
        ("none-such", latin.as_slice(), "Grüße, Jörg"),
        ("iso-2022-kr", b"Hello".as_slice(), "Hello"),
        // Right, but damaged: what is whole stays.
        ("utf-8", b"Gr\xc3\xbc\xc3 e".as_slice(), "Grü\u{fffd} e"),
    ] {
        let label = match label {
            "" => "X: y".to_owned(),
            label => format!("Content-Type: text/plain; charset={label}"),
        };
        let read = mail(&label, bytes);
        assert_eq!(read.text.body, expected, "{label}");
        let fine = bytes == utf8 && (label == "X: y" || label.ends_with("us-ascii"));
        if !fine && bytes != b"\xef\xbb\xbfHi" {
            assert_eq!(read.defects, [Defect::Charset], "{label} {expected}");
        }
    }
}

#[test]
fn what_says_nothing_of_its_charset_is_told_by_its_letters() {
    let mut otherwise = Vec::new();
    for (name, text) in [
        ("windows-1251", "Здравствуйте! Когда придёт лампа, которую я заказала в понедельник?"),
        ("koi8-r", "Здравствуйте! Когда придёт лампа, которую я заказала в понедельник?"),
        ("windows-1251", "Спасибо, лампа пришла."),
        ("koi8-r", "Спасибо, лампа пришла."),
        (
            "windows-1250",
            "Dzień dobry, czy jesteś pewien, że żółta lampa, którą zamówiłem, przyjdzie?",
        ),
        ("iso-8859-2", "Dzień dobry, kiedy przyjdzie żółta lampa, którą zamówiłem?"),
        ("windows-1253", "Καλημέρα, πότε θα έρθει η λάμπα που παρήγγειλα;"),
        ("windows-1254", "Günaydın, sipariş ettiğim lamba ne zaman gelecek, şu sarı olan?"),
        ("windows-1255", "שלום, מתי תגיע המנורה שהזמנתי ביום שני?"),
        ("shift_jis", "こんにちは。注文したランプはいつ届きますか。"),
        ("euc-jp", "こんにちは。注文したランプはいつ届きますか。"),
        ("gbk", "你好，我订的灯什么时候到？"),
        ("big5", "你好，我訂的燈什麼時候到？"),
        ("euc-kr", "안녕하세요, 주문한 램프는 언제 도착하나요?"),
        ("windows-1252", "Guten Tag, wann kommt die grüne Lampe, die ich für Jörg bestellt habe?"),
        ("windows-1252", "Bonjour, où est la lampe que j’ai commandée ? Le délai est dépassé."),
        ("windows-1252", "¿Cuándo llegará la lámpara? El niño la espera."),
        ("windows-1252", "Quando chega o candeeiro? Não recebi nenhuma informação."),
        // Few letters that are not ASCII's.
        ("windows-1252", "Jörg"),
        ("windows-1252", "Grüße"),
        ("windows-1252", "5 € für die Lampe"),
        ("windows-1252", "Größe? Länge? Höhe?"),
        ("windows-1252", "l’été"),
        ("windows-1252", "Ñandú"),
        ("windows-1252", "çà et là"),
        ("windows-1252", "il prezzo è più alto, perché?"),
    ] {
        let (bytes, _, lost) =
            encoding_rs::Encoding::for_label(name.as_bytes()).unwrap().encode(text);
        assert!(!lost);
        let read = mail("Subject: lamp", &bytes);
        assert_eq!(read.defects, [Defect::Charset], "{name}");
        let mut header = b"Subject: ".to_vec();
        header.extend_from_slice(&bytes);
        header.extend_from_slice(b"\r\n\r\nHi\r\n");
        for (found, place) in
            [(read.text.body, "text"), (bauta::mail::read(&header).subject, "subject")]
        {
            if found != text {
                otherwise.push(format!("{name}, {place}: {found}"));
            }
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    // What is UTF-8 but for one place that was cut.
    let mut cut = "Grüße, schöne grüne Lämpchen, für mich".as_bytes().to_vec();
    cut.truncate(cut.len() - 7);
    assert_eq!(mail("Subject: x", &cut).text.body, "Grüße, schöne grüne Lämpchen, f\u{fffd}");
}

#[test]
fn a_raw_subject_is_in_what_the_text_below_it_is_in() {
    let subject = |head: &[u8], raw: &[u8]| {
        let mut mail = [head, b"Subject: ", raw, b"\r\n\r\nHi\r\n"].concat();
        mail.extend_from_slice(b"\r\n");
        read(&mail).subject
    };
    let of =
        |charset: &str| format!("Content-Type: text/plain; charset={charset}\r\n").into_bytes();
    // Too short for a guess: "Как?", "Żółw".
    assert_eq!(subject(&of("koi8-r"), b"\xeb\xc1\xcb?"), "Как?");
    assert_eq!(subject(&of("windows-1251"), b"\xca\xe0\xea?"), "Как?");
    assert_eq!(subject(&of("iso-8859-2"), b"\xaf\xf3\xb3w"), "Żółw");
    assert_eq!(subject(&of("koi8-r"), "Как?".as_bytes()), "Как?");
    assert_eq!(subject(&of("koi8-r"), b"=?windows-1251?q?=CA=E0=EA=3F?="), "Как?");
    assert_eq!(subject(&of("us-ascii"), b"Gr\xfc\xdfe"), "Grüße");
    assert_eq!(subject(&of("utf-16"), b"Gr\xfc\xdfe"), "Grüße");
    let related = b"Content-Type: multipart/mixed; boundary=b\r\nSubject: \xeb\xc1\xcb?\r\n\r\n\
        --b\r\nContent-Type: text/html; charset=koi8-r\r\n\r\n<p>\xeb\xc1\xcb?\r\n--b--\r\n";
    assert_eq!(read(related).subject, "Как?");
}

#[test]
fn two_forms_of_one_kind_are_shown_or_noted() {
    let two = |kind: &str, first: &str, second: &str| {
        let part = |text| format!("--b\nContent-Type: text/{kind}; charset=utf-8\n\n{text}\n");
        let body = format!("{}{}--b--\n", part(first), part(second)).replace('\n', "\r\n");
        mail("Content-Type: multipart/alternative; boundary=b", body.as_bytes())
    };
    let check = |read: &Message, text: &str, otherwise: &str, differ: bool| {
        assert_eq!(read.text.body, text);
        assert_eq!(read.otherwise.body.trim_end(), otherwise, "{text}");
        assert_eq!(read.defects.contains(&Defect::AlternativesDiffer), differ, "{text}");
    };
    let said = "Is the lamp of brass?";
    check(&two("plain", said, said), said, "", false);
    check(
        &two("plain", said, "Is the lamp of brass? Jane"),
        "Is the lamp of brass? Jane",
        "",
        false,
    );
    check(
        &two("plain", "Is the lamp of brass? Jane", "Jane"),
        "Is the lamp of brass? Jane",
        "Jane",
        true,
    );
    check(
        &two("plain", said, "Written in the shop's app"),
        &format!("{said}\n\nWritten in the shop's app"),
        "",
        true,
    );
    let html = two(
        "html",
        "<p>Is the lamp of <b>brass</b>?</p>",
        "<p>Written in the shop's <i>app</i></p>",
    );
    check(&html, "Is the lamp of brass?\n\nWritten in the shop's app", "", true);
    let long = "I do so hope that the lamp is of brass, for my old one is too";
    let nearly = two("plain", long, &long.replace("old", "new"));
    check(&nearly, &long.replace("old", "new"), long, true);
}

#[test]
fn of_many_forms_of_one_kind_each_is_shown_or_judged() {
    let form = |n: usize| format!("--b\r\nContent-Type: text/plain\r\n\r\nform{n} only{n}\r\n");
    let forms: String = (0..400).map(form).collect();
    let read = mail(
        "Content-Type: multipart/alternative; boundary=b",
        format!("{forms}--b--\r\n").as_bytes(),
    );
    assert!(read.defects.contains(&Defect::AlternativesDiffer));
    let shown = read.text.body.lines().filter(|line| !line.is_empty()).count();
    assert!(shown <= 10, "each is compared with all that is shown: {shown}");
    assert!(read.text.body.ends_with("form399 only399"));
    let all = format!("{}\n{}", read.text.body, read.otherwise.body);
    for n in 0..400 {
        assert!(all.lines().any(|line| line == format!("form{n} only{n}")), "{n}");
    }
}

#[test]
fn uuencoded_files_are_files() {
    let lamp = "begin 644 lamp.txt\r\n42&5L;&\\L(&ET(&ES(&)R87-S+@H`\r\n`\r\nend\r\n";
    let said = b"Hello, it is brass.\n";
    let file = |read: &Message, raw: &[u8]| {
        let [file] = &read.attachments[..] else { panic!("{:?}", read.attachments) };
        assert_eq!((&*file.content.decode(raw), file.size), (&said[..], said.len()));
        file.name.clone()
    };
    let within = mail("Subject: x", format!("See below.\r\n\r\n{lamp}\r\nJane").as_bytes());
    assert_eq!(within.text.body, "See below.\n\n\nJane");
    assert_eq!(file(&within, b"").as_deref(), Some("lamp.txt"));
    assert_eq!(within.defects, []);
    let raw = format!(
        "Content-Type: application/octet-stream; name=b.txt\r\n\
         Content-Transfer-Encoding: x-uuencode\r\n\r\n{lamp}"
    );
    assert_eq!(file(&read(raw.as_bytes()), raw.as_bytes()).as_deref(), Some("b.txt"));
}

#[test]
fn uuencoded_files_are_files_whatever_the_text_is_written_in() {
    let lamp = "begin 644 a.js\n42&5L;&\\L(&ET(&ES(&)R87-S+@H`\n`\nend\n";
    let taken = |read: &Message, text: &str| {
        assert_eq!(read.text.body, text);
        assert!(read.rich.is_none() && read.otherwise.body.is_empty());
        let [file] = &read.attachments[..] else { panic!("{:?}", read.attachments) };
        assert_eq!(file.name.as_deref(), Some("a.js"));
        assert_eq!(&*file.content.decode(b""), b"Hello, it is brass.\n");
    };
    let wide: Vec<u8> =
        format!("See:\n{lamp}Jane").encode_utf16().flat_map(u16::to_le_bytes).collect();
    taken(&mail("Content-Type: text/plain; charset=utf-16le", &wide), "See:\nJane");
    // Lines of a Macintosh.
    taken(&mail("Subject: x", format!("See:\n{lamp}").replace('\n', "\r").as_bytes()), "See:");
    // A signed text, in which a dash stands before each dash that begins a line.
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSee:\n{lamp}\
         -----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n"
    );
    taken(&mail("Subject: x", signed.as_bytes()), "See:");
    let marked = lamp.replace('&', "&amp;");
    for html in [
        format!("<p>See:</p><pre>{marked}</pre>"),
        format!("<div>See:</div>{}", marked.replace('\n', "<br>\n")),
    ] {
        taken(&mail("Content-Type: text/html", html.as_bytes()), "See:");
    }
    // Both forms have it: it is one file.
    let both = format!(
        "--b\nContent-Type: text/plain\n\nSee:\n{lamp}\n--b\nContent-Type: text/html\n\n\
         <p><b>See:</b></p><pre>{marked}</pre>\n--b--\n"
    );
    taken(&mail("Content-Type: multipart/alternative; boundary=b", both.as_bytes()), "See:");
}

#[test]
fn a_hundred_uuencoded_files_of_a_mail_are_files() {
    let some = |from: usize, to: usize| -> String {
        let file = |n| format!("begin 644 {n}.txt\n42&5L;&\\L(&ET(&ES(&)R87-S+@H`\n`\nend\n");
        (from..to).map(file).collect()
    };
    let inner = format!("Subject: y\nContent-Type: text/plain\n\n{}", some(60, 100));
    let of = |more: &str| {
        let body = format!(
            "--b\nContent-Type: text/plain\n\n{}\n--b\nContent-Type: message/rfc822\n\n{inner}\n\
             --b\nContent-Type: text/plain\n\nJane\n{more}\n--b--\n",
            some(0, 60)
        );
        mail("Content-Type: multipart/mixed; boundary=b", body.as_bytes())
    };
    let just = of("");
    assert_eq!((just.attachments.len(), &just.defects[..]), (100, &[][..]));
    let above = of(&some(100, 110));
    assert_eq!((above.attachments.len(), &above.defects[..]), (100, &[Defect::Bounds][..]));
    // It is not lost: it is judged as words, in a mail that nobody has read to the end.
    assert!(above.text.body.contains("begin 644 109.txt"));
}

#[test]
fn what_stands_around_the_one_file_of_a_uuencoded_part_is_noted() {
    let lamp = "begin 644 lamp.txt\r\n42&5L;&\\L(&ET(&ES(&)R87-S+@H`\r\n`\r\nend\r\n";
    for kind in ["application/octet-stream", "text/plain"] {
        let defects = |body: &str| {
            let head = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: x-uuencode");
            mail(&head, body.as_bytes()).defects
        };
        assert_eq!(defects(&format!("\r\n{lamp}\r\n")), [], "{kind}");
        assert_eq!(defects(&format!("Ring me\r\n{lamp}")), [Defect::Encoding], "{kind}");
        assert_eq!(defects(&format!("{lamp}{lamp}")), [Defect::Encoding], "{kind}");
        assert_eq!(defects("Ring me\r\n"), [Defect::Encoding], "{kind}");
    }
}

#[test]
fn a_form_that_only_shows_pictures_stands_beside_the_words() {
    let picture = "--r\nContent-Type: image/jpeg\nContent-ID: <a>\nContent-Transfer-Encoding: base64\n\nAAEC\n--r--\n";
    let words = "--b\nContent-Type: text/html\n\n<p>Broken, see photo</p>\n";
    let shown = format!(
        "--b\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n\
         <img src=\"cid:a\">\n{picture}"
    );
    for (forms, pictures) in [
        (format!("{words}{shown}"), 1),
        (format!("{shown}{words}"), 1),
        (format!("{words}{shown}{}", shown.replace("cid:a", "cid:b")), 2),
    ] {
        let read = mail(
            "Content-Type: multipart/alternative; boundary=b",
            format!("{forms}--b--\n").as_bytes(),
        );
        assert_eq!((&*read.text.body, &*read.otherwise.body), ("Broken, see photo", ""), "{forms}");
        let pieces = read.rich.unwrap().pieces;
        let found = pieces.iter().filter(|piece| matches!(piece, Piece::Picture(..))).count();
        assert_eq!(found, pictures, "{forms}");
    }
}

#[test]
fn raw_eight_bit_headers_and_broken_encoded_words_are_read() {
    let subject = |bytes: &[u8]| {
        let mut raw = b"Subject: ".to_vec();
        raw.extend_from_slice(bytes);
        raw.extend_from_slice(b"\r\n\r\nHi\r\n");
        read(&raw).subject
    };
    for (bytes, expected) in [
        ("Grüße".as_bytes(), "Grüße"),
        (b"Gr\xfc\xdfe", "Grüße"),
        (b"\x1b$B%i%s%W\x1b(B", "ランプ"),
        (b"=?utf-8?q?two words?=", "two words"),
        (b"=?utf-8?q?is_it?=", "is it"),
        (b"=?utf-8?q?is it? yes?=", "is it? yes"),
        (b"=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        (b"=?utf-8?b?R3LDvMOf ZQ==?=", "Grüße"),
        (b"=?utf-8?B?R3LDvMOfZQ==?==?utf-8?B?IQ==?=", "Grüße!"),
        (b"=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?q?Gr=FC=DFe?=", "Grüße"),
        (b"=?iso-8859-1?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?unknown?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        (b"=?utf-8?q?abc", "=?utf-8?q?abc"),
        (b"=??q?abc?=", "=??q?abc?="),
        (b"\"=?utf-8?q?quoted?=\"", "\"quoted\""),
    ] as [(&[u8], &str); 17]
    {
        assert_eq!(subject(bytes), expected, "{}", String::from_utf8_lossy(bytes));
    }
}

/// The one attachment of a mail whose second part has these fields.
fn attached(fields: &str) -> Attachment {
    let read = read(
        format!(
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b\n\
             {fields}\n\n%PDF-1.4\n--b--\n"
        )
        .replace('\n', "\r\n")
        .as_bytes(),
    );
    assert_eq!(read.attachments.len(), 1, "{fields}");
    read.attachments.into_iter().next().unwrap()
}

#[test]
fn file_names_are_read_in_all_their_forms() {
    for (value, expected) in [
        ("filename=bill.pdf", "bill.pdf"),
        ("filename=\"my bill.pdf\"", "my bill.pdf"),
        ("filename=my bill.pdf", "my bill.pdf"),
        ("FileName = \"a;b.pdf\"", "a;b.pdf"),
        ("filename=\"say \\\"hi\\\".pdf\"", "say \"hi\".pdf"),
        ("filename*=utf-8''f%C3%BCr%20Sie.pdf", "für Sie.pdf"),
        ("filename*=UTF-8'de'f%C3%BCr.pdf", "für.pdf"),
        ("filename*=iso-8859-1''f%FCr.pdf", "für.pdf"),
        ("filename*=\"utf-8''f%C3%BCr.pdf\"", "für.pdf"),
        ("filename*=f%C3%BCr.pdf", "für.pdf"),
        ("filename*0=\"long \";\n filename*1=\"name.pdf\"", "long name.pdf"),
        ("filename*0*=utf-8''f%C3%BC;\n filename*1*=r%20Sie;\n filename*2=\".pdf\"", "für Sie.pdf"),
        ("filename*1=\"name.pdf\";\n filename*0=\"long \"", "long name.pdf"),
        ("filename=\"=?utf-8?b?ZsO8ci5wZGY=?=\"", "für.pdf"),
        ("filename==?utf-8?q?f=C3=BCr.pdf?=", "für.pdf"),
        ("filename=\"=?utf-8?q?f=C3=BC?=\n =?utf-8?q?r.pdf?=\"", "für.pdf"),
        ("filename=\"für.pdf\"", "für.pdf"),
        ("filename=für.pdf", "für.pdf"),
        ("filename=\"bill.pdf", "bill.pdf"),
        ("filename=\"a.pdf\"; filename*=utf-8''b.pdf", "b.pdf"),
    ] {
        let fields =
            format!("Content-Type: application/pdf\nContent-Disposition: attachment; {value}");
        assert_eq!(attached(&fields).name.as_deref(), Some(expected), "{value}");
    }
    let by_type = "Content-Type: application/pdf; name*0*=utf-8''f%C3%BC;\n name*1*=r.pdf";
    assert_eq!(attached(by_type).name.as_deref(), Some("für.pdf"));
    let none = "Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"\"";
    assert_eq!(attached(none).name, None);
}

#[test]
fn broken_structures_give_their_words() {
    const KIND: &str = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n";
    const PDF: &str = "Content-Type: application/pdf; name=x.pdf\n\n%PDF\n";
    for (what, raw, words, files) in [
        ("no last boundary", format!("{KIND}--b\n\nHi\n--b\n{PDF}"), "Hi", 1),
        ("no boundary at all", format!("{KIND}Hi\n"), "Hi", 0),
        ("a boundary twice", format!("{KIND}--b\n--b\n\nHi\n--b--\n"), "Hi", 0),
        ("two ends", format!("{KIND}--b\n\nHi\n--b--\n--b--\n"), "Hi", 0),
        ("a part after the end", format!("{KIND}--b\n\nHi\n--b--\n--b\n{PDF}--b--\n"), "Hi", 0),
        (
            "no blank line in a part",
            format!("{KIND}--b\nContent-Type: text/plain\n--b\n\nHi\n--b--\n"),
            "Hi",
            0,
        ),
        ("white space behind it", format!("{KIND}--b \t\n\nHi\n--b--  \n"), "Hi", 0),
        ("no parameter", "Content-Type: multipart/mixed\n\n--b\n\nHi\n--b--\n".to_owned(), "", 0),
        (
            "an empty one",
            "Content-Type: multipart/mixed; boundary=\"\"\n\nHi\n".to_owned(),
            "Hi",
            0,
        ),
        ("only a header", "Subject: x".to_owned(), "", 0),
        ("only a header and a blank line", "Subject: x\n\n".to_owned(), "", 0),
        ("only a blank line", "\n".to_owned(), "", 0),
        ("nothing", String::new(), "", 0),
        ("a body at once", "\nHi\n".to_owned(), "Hi", 0),
        ("a type that is none", "Content-Type: text\n\nHi".to_owned(), "Hi", 0),
        ("a type without words", "Content-Type: ;;;\n\nHi".to_owned(), "Hi", 0),
        (
            "a transfer encoding that is none",
            "Content-Transfer-Encoding: hexbin\n\nHi".to_owned(),
            "Hi",
            0,
        ),
    ] {
        // Bare LF as it stands, and the line ends of the wire.
        for raw in [raw.clone(), raw.replace('\n', "\r\n")] {
            let read = read(raw.as_bytes());
            let found = read.text.body.trim();
            if !words.is_empty() || what.starts_with("only") || what == "nothing" {
                assert_eq!(found, words, "{what}");
            } else {
                assert!(found.contains("Hi"), "{what}: {found}");
            }
            assert_eq!(read.attachments.len(), files, "{what}");
        }
    }
}

#[test]
fn huge_headers_and_deep_nesting_are_cut_and_said() {
    let long = format!(
        "X-Spam: {}\nSubject: {}\nFrom: a@x.example\n\nHi\n",
        "x".repeat(200_000),
        "word ".repeat(40_000)
    );
    let read_long = read(long.replace('\n', "\r\n").as_bytes());
    assert_eq!(read_long.text.body, "Hi");
    assert_eq!(read_long.from[0].address, "a@x.example");
    assert!(read_long.subject.len() <= 16 * 1024 && read_long.defects.contains(&Defect::Bounds));

    let folded = format!("Subject: {}x\r\n\r\nHi\r\n", "\r\n ".repeat(60_000));
    assert_eq!(read(folded.as_bytes()).text.body, "Hi");

    let mut deep = String::new();
    for n in 0..200 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"));
    }
    deep.push_str("\r\nHi\r\n");
    let read = read(deep.as_bytes());
    assert!(read.defects.contains(&Defect::Bounds));
    assert!(read.text.body.contains("Hi"), "{}", read.text.body);
}
