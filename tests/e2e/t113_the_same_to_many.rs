//! The same long text word for word, and the same picture, for many buyers: noted, and the picture
//! left out. What is kept to know them by tells nothing and goes with the message.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::house::{House, SHOP};
use crate::letter::Letter;
use crate::parcel::{File, files, parcel};

const TEXT: &str = "please note that our lamps are made of real brass, which darkens with the years. \
    To keep them bright, rub them with a soft cloth and a little wax, never with anything that \
    scratches, and keep them out of the rain and the sun.";

/// The same scene, packed otherwise for each.
fn picture(n: u32) -> Vec<u8> {
    let scene = RgbImage::from_fn(600 + n * 20, 450 + n * 15, |x, y| {
        let (x, y) = (x as f32 / (600 + n * 20) as f32, y as f32 / (450 + n * 15) as f32);
        let spot = if (x - 0.4).hypot(y - 0.3) < 0.25 { 90 } else { 0 };
        let grey = 90 + ((x * 9.0).sin() * 40.0 + (y * 5.0).cos() * 30.0) as i32 + spot;
        let grey = u8::try_from(grey.clamp(0, 255)).unwrap();
        Rgb([grey, grey / 2 + 50, 255 - grey])
    });
    let mut out = Cursor::new(vec![]);
    DynamicImage::ImageRgb8(scene).write_to(&mut out, ImageFormat::Jpeg).unwrap();
    out.into_inner()
}

#[test]
fn the_sixth_buyer_gets_the_text_with_a_note_and_not_the_picture() {
    let mut house = House::open();
    for n in 0..6 {
        let (buyer, order) = (format!("MANY{n}"), format!("MANY-{n}"));
        let email = format!("reader{n}@mail.example");
        house.put(&["buyer", "put", &buyer, "--name", "Ann Poe", "--email", &email]);
        house.put(&["order", "put", &order, "--seller", "S1", "--buyer", &buyer]);
        let asked = house.passes(&Letter::new(&email, &house.seller_of(&order), "Is it brass?\n"));
        let text = format!("Dear reader number {n},\n\n{TEXT} Order MANY-{n}.\n\nBob");
        let shown = File { shown: Some("lamp@shop"), ..File::new("", "image/jpeg", picture(n)) };
        let mail = house.passes(&parcel(Letter::answering(&asked, SHOP, &text), &[shown]));
        assert!(mail.words().contains("real brass"), "{}", mail.text);
        let found = house.show(&house.newest_is("delivered"));
        let rules: Vec<&str> = found["verdict"]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["rule"].as_str().unwrap())
            .collect();
        if n < 5 {
            assert_eq!((rules.len(), files(&mail).len()), (0, 1), "{rules:?} for reader {n}");
        } else {
            assert_eq!(rules, ["copied-answer", "image"]);
            assert_eq!(files(&mail), []);
        }
    }
}
