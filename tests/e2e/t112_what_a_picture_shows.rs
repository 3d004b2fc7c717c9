//! A code in a seller's picture leads the buyer nowhere that words could not.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use qrcode::{Color, QrCode};

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;
use crate::parcel::{File, files, parcel};

fn code(says: &str) -> Vec<u8> {
    let code = QrCode::new(says).unwrap();
    let width = u32::try_from(code.width()).unwrap() + 8;
    let picture = GrayImage::from_fn(width * 8, width * 8, |x, y| {
        let (x, y) = ((x / 8) as usize, (y / 8) as usize);
        let inside = |at: usize| (4..code.width() + 4).contains(&at);
        let dark = inside(x) && inside(y) && code[(x - 4, y - 4)] == Color::Dark;
        Luma([if dark { 0 } else { 255 }])
    });
    let mut out = Cursor::new(vec![]);
    DynamicImage::ImageLuma8(picture).write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

fn shown(says: &str) -> File<'static> {
    File { shown: Some("code@shop"), ..File::new("", "image/png", code(says)) }
}

#[test]
fn a_code_that_leads_outside_is_left_out_and_any_other_goes() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Where is it?\n"));
    let letter = Letter::answering(&asked, SHOP, "Scan this:");
    let mail = house.passes(&parcel(letter, &[shown("https://www.other-lamps.example/shop")]));
    assert_eq!(files(&mail), [], "{}", mail.text);
    assert!(mail.words().contains("[removed: picture]"), "{}", mail.text);
    let shown_there = house.show(&house.newest_is("delivered"));
    let finding = &shown_there["verdict"]["findings"][0];
    assert_eq!((&finding["rule"], &finding["action"]), (&"image".into(), &"redact".into()));
    let words = finding["words"].as_str().unwrap();
    assert!(words.contains("QR code: https://www.other-lamps.example/shop"), "{words}");

    let letter = Letter::answering(&asked, SHOP, "The number on the lamp:");
    let mail = house.passes(&parcel(letter, &[shown("SN-2026-000017")]));
    assert_eq!(files(&mail).len(), 1);
    // A buyer's parcel has codes on it; that is nobody's fault.
    let letter = Letter::new(JANE, &house.seller_of("O1"), "This was on the parcel:\n");
    let mail = house.passes(&parcel(letter, &[shown("https://www.other-lamps.example/shop")]));
    assert_eq!(files(&mail).len(), 1);
}
