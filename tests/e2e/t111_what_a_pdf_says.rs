//! A seller's PDF is an invoice, a warranty or instructions, with the seller's own contacts in it;
//! advertising does not reach the buyer unseen.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};
use crate::parcel::{File, files, parcel, pdf_saying};

const CONTACTS: &str = "Lamp Shop, Shop Street 1, +44 20 7946 0958, www.lamps.example";

fn check(house: &mut House, name: &str, words: &str, waits: Option<&str>) {
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "A paper, please.\n"));
    let file = File::new(name, "application/pdf", pdf_saying(words));
    let letter = parcel(Letter::answering(&asked, SHOP, "Here it is."), &[file]);
    match waits {
        None => {
            let mail = house.passes(&letter);
            assert_eq!(files(&mail)[0].0, name);
        }
        Some(rule) => {
            house.send(&letter).is("250 2.0.0").says("waits");
            let told = house.smarthost.next();
            assert_eq!(told.recipients, [bare(SHOP)]);
            assert!(told.text.contains(&format!("({rule})")), "{}", told.text);
            let newest = house.newest();
            assert_eq!(newest["state"], "held", "{newest}");
            house.settle();
            assert_eq!(house.smarthost.rest(), [], "nothing for the buyer");
        }
    }
}

#[test]
fn an_invoice_goes_with_its_contacts_and_advertising_does_not_go() {
    let mut house = House::open();
    let invoice =
        format!("Invoice number 17\nBill to: Jane Roe\nAmount due: 38.00 EUR\n{CONTACTS}");
    check(&mut house, "invoice.pdf", &invoice, None);
    check(&mut house, "engraving.pdf", "The engraving: JANE 2026", None);
    let flyer = "Our new collection\nShop now and get 20% off";
    check(&mut house, "invoice.pdf", flyer, Some("attachment-purpose"));
    check(&mut house, "engraving.pdf", CONTACTS, Some("phone-number"));
}
