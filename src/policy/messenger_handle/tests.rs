use super::*;

fn found(text: &str) -> Vec<(String, Certainty)> {
    let view = View::new(text);
    let tokens = Tokens::new(&view.text);
    let clauses = Clauses::new(&tokens);
    let found = find(&view, &tokens, &clauses, &[], &[]);
    found.iter().map(|f| (view.words(&f.range).to_owned(), f.certainty)).collect()
}

#[test]
fn the_exact_words_are_found() {
    for (text, words) in [
        ("Just WhatsApp me about it", "WhatsApp me"),
        ("Skype: live:sales_engineer_88", "Skype: live:sales_engineer_88"),
        ("ok. Message me on Telegram, please", "Message me on Telegram"),
    ] {
        assert_eq!(found(text).first().map(|f| f.0.as_str()), Some(words), "{text}");
    }
}
