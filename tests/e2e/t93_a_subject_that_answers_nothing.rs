//! "Re:" before a subject proves nothing, and the name of a file is words too: what asks for a review
//! there does not reach a buyer.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;
use crate::parcel::{File, parcel, pdf_saying};

#[test]
fn a_request_for_a_review_is_refused_wherever_it_stands() {
    let mut house = House::open();
    let text = "Your lamp leaves our workshop on Friday, it was packed this morning.\n";
    for subject in [
        "Re: Please leave us a five star review on the product page",
        "AW: Re: Bitte geben Sie uns eine Bewertung mit 5 Sternen",
    ] {
        let letter = Letter::new(SHOP, &house.buyer_of("O1"), text).subject(subject);
        house.send(&letter).is("550 5.7.0").says("review-solicitation");
    }
    let file = File::new(
        "Please_leave_us_a_5_star_review.pdf",
        "application/pdf",
        pdf_saying("Invoice number 77, amount due 40.00 EUR."),
    );
    let letter = Letter::new(SHOP, &house.buyer_of("O1"), text);
    let letter = letter.subject("[Invoice] Your invoice");
    house.send(&parcel(letter, &[file])).is("550 5.7.0").says("review-solicitation");
    // What the buyer is asking about is the buyer's.
    let question = Letter::new(JANE, &house.seller_of("O1"), "Would that help you?\n");
    let asked = house.passes(&question.subject("Should I leave you a review?"));
    let answer = Letter::answering(&asked, SHOP, text);
    let mail = house.passes(&answer);
    assert!(mail.words().contains("leaves our workshop"), "{}", mail.text);
}
