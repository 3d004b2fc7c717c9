//! Whoever is refused reads which rule, where, the exact words and what to change: in a reply line of
//! plain ASCII, and in a mail in their own language.

use crate::house::{House, SHOP};
use crate::letter::{Letter, bare};

const ASKS: [(&str, &str, &str, &str); 3] = [
    (
        "pl",
        "Dzień dobry, prosimy o wystawienie opinii z pięcioma gwiazdkami. Dziękujemy!\n",
        "(review-solicitation w tresci: ",
        "Twoja wiadomość została odrzucona",
    ),
    (
        "fr",
        "Bonjour, merci de nous laisser un avis cinq étoiles sur la page du produit.\n",
        "(review-solicitation dans le texte: ",
        "Votre message a été refusé",
    ),
    // Japanese can't be written in ASCII: the reply is English and names the line, the mail has the words.
    (
        "ja",
        "ランプはいかがでしたか。よろしければ星5つのレビューを書いてください。\n",
        "550-5.7.0 Don't ask for a review, rating or feedback (review-solicitation in the text, line 1)",
        "メッセージは受け付けられませんでした",
    ),
];

#[test]
fn a_refusal_names_rule_place_words_and_what_to_change_in_the_senders_language() {
    let link = "support_link = \"https://market.example/help/{rule}\"\n";
    for (language, text, line, subject) in ASKS {
        let mut house = House::open_with(&[("[policy]\n", &format!("[policy]\n{link}"))]);
        let put = ["seller", "put", "S1", "--name", "Lamp Shop", "--email", &bare(SHOP)];
        house.put(&[&put[..], &["--language", language]].concat());
        let answer = house.send(&Letter::new(SHOP, &house.buyer_of("O1"), text));
        assert!(answer.text.is_ascii(), "{}", answer.text);
        assert!(answer.is("550-5.7.0").text.contains(line), "{}", answer.text);
        let last = answer.text.lines().last().unwrap();
        assert!(last.ends_with("https://market.example/help/review-solicitation"), "{last}");
        assert!(answer.text.lines().all(|l| l.len() <= 510), "{}", answer.text);
        let notice = house.smarthost.told();
        assert!(notice.subject.starts_with(subject), "{}", notice.subject);
        // The same finding, with the words as they were written.
        let words = house.show(&house.newest())["verdict"]["findings"][0].clone();
        let words = words["words"].as_str().unwrap();
        assert!(text.contains(words), "{words}");
        let told = format!("(review-solicitation): {words}");
        assert!(notice.text.contains(&told), "{told} is not in {}", notice.text);
        assert!(notice.text.contains("https://market.example/help/review-solicitation"));
    }
}
