//! Pictures, PDFs and texts go along, without what they tell about their maker.

use data_encoding::BASE64;

use crate::house::{House, JANE, SHOP, run};
use crate::letter::Letter;
use crate::parcel::{File, cleaned_photograph, files, parcel, pdf, photograph};

const TOLD: &str = "Jane Roe <jane.roe@mail.example> at 52.5200 N, C:\\Users\\jane.roe";

#[test]
fn a_buyers_photograph_arrives_without_where_it_was_taken_and_the_right_side_up() {
    let mut house = House::open();
    let photo = File::new("broken lamp.jpg", "image/jpeg", photograph(TOLD));
    let letter = Letter::new(JANE, &house.seller_of("O1"), "It came like this.\n");
    let mail = house.passes(&parcel(letter, &[photo]));
    assert_eq!(mail.words(), "It came like this.");
    let expected = ("broken lamp.jpg".into(), "image/jpeg".into(), cleaned_photograph());
    assert_eq!(files(&mail), [expected]);
    mail.holds_nothing_of(&["jane.roe", "52.5200", "xmpmeta"]);
}

#[test]
fn a_sellers_invoice_arrives_without_who_wrote_it_and_with_what() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "An invoice, please.\n"));
    let told = "Bob Shop, C:\\Users\\bob\\invoice.docx, LibreOffice";
    let invoice = File::new("Rechnung Nr. 7.pdf", "application/pdf", pdf(told, |_, _| {}));
    let mail = house.passes(&parcel(Letter::answering(&asked, SHOP, "Here it is."), &[invoice]));
    let [(name, kind, bytes)] = &files(&mail)[..] else { panic!("one file: {}", mail.text) };
    assert_eq!((name.as_str(), kind.as_str()), ("Rechnung Nr. 7.pdf", "application/pdf"));
    let read = lopdf::Document::load_mem(bytes).unwrap();
    assert_eq!(read.get_pages().len(), 1);
    assert!(read.extract_text(&[1]).unwrap_or_default().contains("Thank") || bytes.len() > 300);
    mail.holds_nothing_of(&["Bob Shop", "LibreOffice", "docx"]);
}

#[test]
fn what_needs_no_cleaning_arrives_byte_for_byte() {
    let mut house = House::open();
    let text = "Maße: 40 × 20\r\nランプ\n".as_bytes().to_vec();
    let sent = [
        File::new("maße.txt", "text/plain; charset=utf-8", text),
        File::new("photo.jpg", "image/jpeg", cleaned_photograph()),
        File::new("order.pdf", "application/pdf", pdf("", |_, _| {})),
    ];
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See these.\n");
    let mail = house.passes(&parcel(letter, &sent));
    let came: Vec<Vec<u8>> = files(&mail).into_iter().map(|(_, _, bytes)| bytes).collect();
    assert_eq!(came, sent.map(|f| f.bytes));
}

#[test]
fn names_arrive_readable_in_every_script_and_harmless() {
    let mut house = House::open();
    let names = [
        ("取扱説明書 ランプ.pdf", "取扱説明書 ランプ.pdf"),
        ("Größe & Farbe; \"groß\".pdf", "Größe & Farbe; groß.pdf"),
        ("💡 lamp.pdf", "💡 lamp.pdf"),
        ("C:\\Users\\x\\bill.pdf.exe", "bill.pdf"),
        ("from jane.roe@mail.example.pdf", "from"),
    ];
    let sent = names.map(|(name, _)| File::new(name, "application/pdf", pdf("", |_, _| {})));
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See these.\n");
    let mail = house.passes(&parcel(letter, &sent));
    mail.holds_nothing_of(&["jane.roe", "Users"]);
    let script = "import email, email.policy, json, sys\n\
        m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)\n\
        print(json.dumps([[a.get_filename(), [str(d) for d in a.defects]] for a in m.iter_attachments()]))";
    let file = house.dir.path().join("names.eml");
    std::fs::write(&file, &mail.raw).unwrap();
    let seen = run(std::process::Command::new("python3").args(["-c", script]).arg(&file)).json();
    for ((_, expected), seen) in names.iter().zip(seen.as_array().unwrap()) {
        let name = seen[0].as_str().unwrap();
        assert!(name == *expected || name.starts_with(expected), "{name:?} is not {expected:?}");
        assert!(name.ends_with(".pdf"), "{name:?}");
        assert_eq!(seen[1].as_array().unwrap().len(), 0, "{seen}");
    }
}

#[test]
fn a_picture_that_is_shown_in_the_text_comes_from_both_sides() {
    let mut house = House::open();
    let shown = || File {
        shown: Some("image001.png@01DB"),
        ..File::new("", "image/jpeg", photograph(TOLD))
    };
    let letter = Letter::new(JANE, &house.seller_of("O1"), "Like this:\n");
    let asked = house.passes(&parcel(letter, &[shown()]));
    let mail = house.passes(&parcel(Letter::answering(&asked, SHOP, "Or this:"), &[shown()]));
    for mail in [asked, mail] {
        assert_eq!(files(&mail)[0].2, cleaned_photograph());
        mail.holds_nothing_of(&["52.5200", "01DB", "C:\\Users"]);
    }
}

#[test]
fn a_text_that_holds_its_senders_address_in_disguise_arrives_without_it() {
    let mut house = House::open();
    let code = BASE64.encode(b"jane.roe@mail.example");
    let said = format!("My lamp\r\nme: {code}\r\nis broken.\r\n");
    let text = File::new("lamp.txt", "text/plain; charset=utf-8", said);
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See there.\n");
    let mail = house.passes(&parcel(letter, &[text]));
    let [(_, _, bytes)] = &files(&mail)[..] else { panic!("one file: {}", mail.text) };
    let came = String::from_utf8_lossy(bytes);
    assert_eq!(came.trim_end(), "My lamp\r\nme: [removed: e-mail address]\r\nis broken.");
    mail.holds_nothing_of(&["jane.roe", &code]);
}
