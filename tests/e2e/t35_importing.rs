//! Parties and orders come in bulk.

use std::fs;

use serde_json::json;

use crate::house::{House, Ran};
use crate::letter::Letter;

const GOOD: &str = r#"{"type":"seller","id":"S5","name":"Chairs","emails":["cs@chairs.example"],"domains":["chairs.example"]}
{"type":"buyer","id":"B5","name":"Ann Lee","emails":["ann@post.example"],"language":"de"}

{"type":"order","id":"O5","seller":"S5","buyer":"B5","items":["Chair"],"status":"shipped","placed":"2026-11-20"}
"#;

fn import(house: &House, text: &str) -> Ran {
    let file = house.dir.path().join("people.jsonl");
    fs::write(&file, text).unwrap();
    house.bauta(&["import", file.to_str().unwrap(), "--json"])
}

#[test]
fn what_was_imported_counts_at_once_and_twice_is_as_good_as_once() {
    let mut house = House::open();
    let ran = import(&house, GOOD);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = json!({"created": 3, "changed": 0, "unchanged": 0, "failed": 0, "errors": []});
    assert_eq!(ran.json(), told);
    assert_eq!(house.ask(&["buyer", "show", "B5"])["language"], "de");
    assert_eq!(house.ask(&["order", "show", "O5"])["placed"], "2026-11-20");
    house.passes(&Letter::new("ann@post.example", &house.seller_of("O5"), "Hello?\n"));
    house.passes(&Letter::new("desk@chairs.example", &house.buyer_of("O5"), "Hello.\n"));
    assert_eq!(import(&house, GOOD).json()["unchanged"], 3);
    let out = house.put(&["import", house.dir.path().join("people.jsonl").to_str().unwrap()]);
    assert_eq!(out, "created 0, changed 0, unchanged 3, failed 0\n");
}

#[test]
fn a_wrong_line_is_told_with_its_number_and_stops_none_of_the_others() {
    let house = House::open();
    let lines: [(&str, &str); 12] = [
        ("not json", "column"),
        (r#"{"type":"seller","id":"S 6","name":"X","emails":["x@m.example"]}"#, "S 6"),
        (r#"{"type":"seller","id":"S6","name":"X","emails":[]}"#, "at least one"),
        (r#"{"type":"seller","id":"S6","name":"X","emails":["x@alias.example"]}"#, "alias"),
        (
            r#"{"type":"buyer","id":"B6","name":"call 0171 5550199","emails":["x@m.example"]}"#,
            "name",
        ),
        (
            r#"{"type":"buyer","id":"B6","name":"X","emails":["x@m.example"],"domains":["gmail.com"]}"#,
            "free-mail",
        ),
        (
            r#"{"type":"buyer","id":"B6","name":"X","emails":["x@m.example"],"colour":"red"}"#,
            "colour",
        ),
        (r#"{"type":"order","id":"O6","seller":"S9","buyer":"B1"}"#, "seller S9 is not registered"),
        (r#"{"type":"order","id":"O1","seller":"S5","buyer":"B1"}"#, "another seller"),
        (r#"{"type":"order","id":"O6","seller":"S1","buyer":"B1","status":"lost"}"#, "lost"),
        (r#"{"type":"message"}"#, "message"),
        ("\u{fffd}", "column"),
    ];
    let mut text = String::new();
    for line in GOOD.lines().take(2) {
        text.push_str(&format!("{line}\n"));
    }
    for (line, _) in lines {
        text.push_str(&format!("{line}\n"));
    }
    text.push_str(r#"{"type":"buyer","id":"B7","name":"Last","emails":["last@m.example"]}"#);
    let ran = import(&house, &text);
    assert_eq!(ran.code, 1, "{ran:?}");
    let told = ran.json();
    assert_eq!((&told["created"], &told["failed"]), (&json!(3), &json!(12)), "{told}");
    for (at, (line, words)) in lines.iter().enumerate() {
        let error = &told["errors"][at];
        assert_eq!(error["line"], at + 3, "{line}");
        assert!(error["error"].as_str().unwrap().contains(words), "{line}: {error}");
        assert!(ran.err.contains(&format!("people.jsonl:{}: ", at + 3)), "{}", ran.err);
    }
    for nobody in [["seller", "show", "S6"], ["buyer", "show", "B6"], ["order", "show", "O6"]] {
        assert_eq!(house.bauta(&nobody).code, 1, "{nobody:?}");
    }
    assert_eq!(house.ask(&["order", "show", "O1"])["seller"], "S1");
    assert_eq!(house.bauta(&["import", "/nowhere/at.all"]).code, 1);
}

#[test]
fn thousands_of_lines_are_many_batches() {
    let house = House::open();
    let line = |n: usize| {
        format!(r#"{{"type":"buyer","id":"N{n}","name":"Nobody","emails":["n{n}@m.example"]}}"#)
    };
    let text: String = (0..3000).map(|n| line(n) + "\n").collect();
    let told = import(&house, &text).json();
    assert_eq!((&told["created"], &told["failed"]), (&json!(3000), &json!(0)));
    assert_eq!(house.ask(&["buyer", "list"]).as_array().unwrap().len(), 3001);
}
