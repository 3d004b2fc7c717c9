//! Files that could harm somebody: refused both ways and in every mode, and none takes the relay
//! down.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;
use crate::parcel::{File, parcel, pdf, pdf_bomb, zip};

fn dangerous() -> Vec<(File<'static>, &'static str)> {
    let program = zip(&[("docs/readme.txt", b"hello", 0), ("docs/setup.exe", b"MZ", 0)]);
    let nested = zip(&[("inner.zip", &program, 0)]);
    let macros = zip(&[("[Content_Types].xml", b"<x/>", 0), ("word/vbaProject.bin", b"x", 0)]);
    let sealed = zip(&[("photo.jpg", b"xxxx", 1)]);
    let bomb = zip(&[("zeros", &vec![0; 60 * 1024 * 1024], 0)]);
    vec![
        (File::new("invoice.pdf", "application/pdf", b"MZ\x90\0\x03".to_vec()), "program"),
        (File::new("photo.jpg", "image/jpeg", b"\x7fELF\x02\x01".to_vec()), "program"),
        (File::new("run.bat", "text/plain", "del *"), "script"),
        (File::new("lamps.zip", "application/zip", program), "setup.exe"),
        (File::new("lamps.zip", "application/zip", nested), "setup.exe"),
        (File::new("list.docx", "application/msword", macros), "macros"),
        (File::new("photos.zip", "application/zip", sealed), "encrypted"),
        (File::new("zeros.zip", "application/zip", bomb), "unpacks"),
    ]
}

#[test]
fn dangerous_files_are_refused_both_ways_also_where_rules_are_only_observed() {
    let observe = ("mode = \"enforce\"", "mode = \"observe\"");
    for changes in [&[][..], &[observe]] {
        let mut house = House::open_with(changes);
        let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
        for (file, word) in dangerous() {
            let from_jane = Letter::new(JANE, &house.seller_of("O1"), "See this.\n");
            for letter in [from_jane, Letter::answering(&asked, SHOP, "See this.")] {
                let answer = house.send(&parcel(letter, std::slice::from_ref(&file)));
                answer.is("550 5.7.0").says("dangerous-content").says(word).says(file.name);
            }
        }
        assert_eq!(house.smarthost.rest(), []);
    }
}

#[test]
fn a_file_that_brings_down_its_reader_is_refused_and_the_relay_goes_on() {
    let mut house = House::open();
    let bomb = File::new("order.pdf", "application/pdf", pdf_bomb());
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See this.\n");
    let answer = house.send(&parcel(letter, &[bomb]));
    answer.is("550 5.7.0").says("order.pdf");
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Still there?\n"));
}

#[test]
fn a_hundred_thousand_objects_and_deep_nesting_are_read_or_refused() {
    let mut house = House::open();
    let many = pdf("", |document, catalog| {
        let all: Vec<_> = (0..100_000).map(|n| document.add_object(n).into()).collect();
        catalog.set("Numbers", lopdf::Object::Array(all));
    });
    let deep = pdf("", |document, catalog| {
        let text = [vec![b'['; 300_000], vec![b']'; 300_000]].concat();
        let stream = lopdf::Stream::new(lopdf::Dictionary::new(), text);
        catalog.set("Deep", document.add_object(stream));
    });
    let mut deeper = deep.clone();
    let at = deeper.windows(7).position(|w| w == b"/Pages ").unwrap();
    deeper.splice(at..at, [b"/Deep2 ".to_vec(), vec![b'['; 200_000], vec![b']'; 200_000]].concat());
    for (name, bytes) in [("many.pdf", many), ("deep.pdf", deep), ("deeper.pdf", deeper)] {
        let letter = Letter::new(JANE, &house.seller_of("O1"), "See this.\n");
        let answer = house.send(&parcel(letter, &[File::new(name, "application/pdf", bytes)]));
        assert!(matches!(answer.code, 250 | 550), "{name}: {}", answer.text);
    }
    house.settle();
    house.smarthost.rest();
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Still there?\n"));
}
