//! The marketplace registers people and orders beside the running relay.

use crate::house::{House, JANE, SHOP, bauta, eventually, run};
use crate::letter::{Letter, bare};
use crate::wire::Wire;

#[test]
fn what_was_put_counts_at_once() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let order = ["order", "put", "O1", "--seller", "S1", "--buyer", "B1", "--status"];
    house.put(&[&order[..], &["cancelled"]].concat());
    let answer = Letter::answering(&asked, SHOP, "Tomorrow.");
    house.send(&answer).is("550 5.7.1").says("This order is closed");
    let ask = Letter::new(JANE, &house.seller_of("O1"), "And now?\n");
    house.send(&ask).is("550 5.7.1").says("This order is closed");
    house.put(&[&order[..], &["shipped"]].concat());
    house.passes(&answer);

    house.put(&[&order[..], &["shipped", "--fulfilled-by", "marketplace"]].concat());
    house.send(&ask).is("550 5.7.1").says("Messages are off for this order");
    house.send(&answer.subject("Re: again")).is("550 5.7.1").says("Messages are off");
}

#[test]
fn a_put_replaces_the_whole_record_and_says_what_it_did() {
    let house = House::open();
    let put =
        |more: &[&str]| house.put(&[&["buyer", "put", "B1", "--name", "Jane Roe"], more].concat());
    let two = ["--email", "one@mail.example", "--email", "two@mail.example", "--language", "de"];
    assert_eq!(put(&two), "buyer B1 changed\n");
    assert_eq!(put(&two), "buyer B1 unchanged\n");
    let shown = house.ask(&["buyer", "show", "B1"]);
    assert_eq!(shown["emails"], serde_json::json!(["one@mail.example", "two@mail.example"]));
    assert_eq!(shown["language"], "de");
    assert_eq!(put(&["--email", "two@mail.example"]), "buyer B1 changed\n");
    let shown = house.ask(&["buyer", "show", "B1"]);
    assert_eq!(shown["emails"], serde_json::json!(["two@mail.example"]));
    assert_eq!(shown["language"], "en", "not given: the default again");
    house.send(&Letter::new("one@mail.example", &house.seller_of("O1"), "Hi\n")).is("550 5.7.1");

    let put = ["order", "put", "O1", "--seller", "S1", "--buyer", "B1"];
    house.put(&put);
    let shown = house.ask(&["order", "show", "O1"]);
    assert_eq!((&shown["items"], &shown["status"]), (&serde_json::json!([]), &"open".into()));
    assert_eq!(house.ask(&["order", "list", "--seller", "S1"]).as_array().unwrap().len(), 1);
}

#[test]
fn after_a_rotation_old_aliases_go_on_and_a_new_pair_is_reached_soon() {
    let mut house = House::open();
    let old = house.seller_of("O1");
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    house.put(&["alias", "rotate-key"]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B2"]);
    assert_eq!(house.seller_of("O1"), old);
    let new = house.seller_of("O2");
    let mut wire = Wire::open(house.relay).unwrap();
    wire.say("MAIL FROM:<paul@post.example>").unwrap();
    eventually("the new alias is known", || {
        let answer = wire.say(&format!("RCPT TO:<{new}>")).unwrap();
        answer.starts_with("250").then_some(())
    });
    house.passes(&Letter::new(JANE, &old, "Still there?\n"));
    house.passes(&Letter::new("paul@post.example", &new, "Hello?\n"));
}

#[test]
fn who_is_refused_is_told_why_with_exit_code_1() {
    let house = House::open();
    for (arguments, words) in [
        (&["order", "show", "O9"][..], "order O9 is not registered"),
        (&["seller", "show", "S9"], "seller S9 is not registered"),
        (&["alias", "show", "--order", "O9"], "not registered"),
        (&["message", "show", "aaaaaaaaaaaaaaaa"], "not in the archive"),
        (&["order", "put", "O9", "--seller", "S9", "--buyer", "B1"], "S9"),
        (&["order", "put", "O9", "--seller", "S1", "--buyer", "B9"], "B9"),
        (&["buyer", "put", "B9", "--name", "X", "--email", "x@alias.example"], "alias.example"),
    ] {
        let ran = house.bauta(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(words), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn wrong_usage_ends_with_exit_code_2_and_says_what_would_be_right() {
    let house = House::open();
    for (arguments, words) in [
        (&["seller", "put", "S 1", "--name", "X", "--email", "x@mail.example"][..], "S 1"),
        (&["seller", "put", "S2", "--name", "X", "--email", "no address"], "no address"),
        (&["seller", "put", "S2", "--name", "X"], "--email"),
        (
            &["seller", "put", "S2", "--name", "Call +44 20 7946 0958", "--email", "x@m.example"],
            "name",
        ),
        (&["seller", "put", "S2", "--name", "x@mail.example", "--email", "x@m.example"], "name"),
        (&["seller", "put", "S2", "--name", "lamps.com", "--email", "x@m.example"], "name"),
        (&["order", "put", "O2", "--seller", "S1", "--buyer", "B1", "--status", "lost"], "lost"),
        (&["order", "put", "O2", "--seller", "S1"], "--buyer"),
        (
            &["buyer", "put", "B2", "--name", "X", "--email", "x@m.example", "--language", "tlh"],
            "tlh",
        ),
        (&["frobnicate"], "no such command"),
        (&["message", "list", "--state", "lost"], "lost"),
    ] {
        let ran = house.bauta(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(words), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn what_is_planned_is_refused_as_not_in_this_version() {
    let house = House::open();
    for arguments in
        [&["migrate"][..], &["order", "delete", "O1"], &["user", "add"], &["token", "add"]]
    {
        let ran = house.bauta(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains("not in this version"), "{arguments:?}: {ran:?}");
    }
    let good = std::fs::read_to_string(house.config_file()).unwrap();
    let file = house.dir.path().join("other.toml");
    for table in [
        "[imap]\nlisten = [\"127.0.0.1:2143\"]\n",
        "[http]\npublic_url = \"https://relay.example\"\n",
        "[submission]\nlisten = [\"127.0.0.1:2587\"]\n",
    ] {
        std::fs::write(&file, format!("{good}\n{table}")).unwrap();
        let ran = run(bauta().arg("--config").arg(&file).arg("check"));
        assert_eq!(ran.code, 2, "{table}: {ran:?}");
        assert!(ran.err.contains("not in this version"), "{table}: {ran:?}");
    }
}

#[test]
fn whom_mail_reaches_next_is_whoever_is_registered_now() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    assert_eq!(asked.recipients, [bare(SHOP)]);
    house.put(&["seller", "put", "S1", "--name", "Lamp House", "--email", "new@lamps.example"]);
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "And now?\n"));
    assert_eq!(asked.recipients, ["new@lamps.example"]);
    let answered = house.passes(&Letter::answering(&asked, "new@lamps.example", "Soon."));
    assert_eq!(answered.from_name, "Lamp House");
}

#[test]
fn many_commands_at_once_and_mail_beside_them_get_in_nobodys_way() {
    let mut house = House::open();
    let (alias, relay) = (house.seller_of("O1"), house.relay);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut wire = Wire::open(relay).unwrap();
                    for _ in 0..10 {
                        let answer = wire.send(&Letter::new(JANE, &alias, "Hello?\n")).unwrap();
                        assert!(answer.starts_with("250"), "{answer}");
                    }
                })
            })
            .collect();
        for number in 0..4 {
            let house = &house;
            scope.spawn(move || {
                for more in 0..3 {
                    let id = format!("S{number}-{more}");
                    house.put(&[
                        "seller",
                        "put",
                        &id,
                        "--name",
                        "Shop",
                        "--email",
                        "shop@shops.example",
                    ]);
                }
            });
        }
        for writer in writers {
            writer.join().unwrap();
        }
    });
    house.settle();
    assert_eq!(house.smarthost.rest().len(), 40);
    assert_eq!(house.ask(&["seller", "list"]).as_array().unwrap().len(), 13);
}
