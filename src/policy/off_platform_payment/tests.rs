use super::*;

fn found(text: &str) -> Vec<String> {
    let view = View::new(text);
    let tokens = Tokens::new(&view.text);
    let clauses = Clauses::new(&tokens);
    let accounts: Vec<_> =
        super::super::account_numbers::find(&view, &tokens).into_iter().map(|f| f.range).collect();
    let payments = find(&view, &tokens, &clauses, &accounts, &accounts);
    let all = payments.details.iter().chain(&payments.words);
    all.map(|f| view.words(&f.range).to_owned()).collect()
}

#[test]
fn the_exact_words_are_found() {
    for (text, words) in [
        ("C a s h a p p me at $quickdealer", "$quickdealer"),
        ("Z 3 l l e works, name is Oakwood", "Z 3 l l e"),
        ("Zahlen Sie auf Konto 1234567890 ein", "1234567890"),
    ] {
        assert!(found(text).contains(&words.to_owned()), "{text} {:?}", found(text));
    }
}
