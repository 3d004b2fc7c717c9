//! SIGTERM, in this order: nobody new is taken, who has begun a mail may end it, what is on its way
//! out arrives and is written down, and the database is closed.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::house::{House, JANE, eventually};
use crate::letter::Letter;
use crate::wire::Wire;

/// Takes mail, and answers after the final dot when it is told to.
fn takes(stream: TcpStream, came: &Sender<()>, answer: &Receiver<()>) {
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"220 mx.example\r\n").unwrap();
    let mut line = String::new();
    let mut data = false;
    while stream.read_line(&mut line).is_ok_and(|octets| octets > 0) {
        let reply: &[u8] = match line.get(..4).unwrap_or_default() {
            _ if data && line != ".\r\n" => b"",
            _ if data => {
                data = false;
                came.send(()).unwrap();
                answer.recv().unwrap();
                b"250 taken\r\n"
            }
            "DATA" => {
                data = true;
                b"354 go ahead\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        stream.get_mut().write_all(reply).unwrap();
        line.clear();
    }
}

#[test]
fn it_stops_listening_then_hears_out_who_has_begun_then_sees_off_what_is_on_its_way() {
    let next_hop = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut house = House::closed();
    let config = std::fs::read_to_string(house.config_file()).unwrap();
    let address = next_hop.local_addr().unwrap().to_string();
    // One at a time, so that the second mail waits.
    let config = config
        .replace(&house.smarthost.address.to_string(), &address)
        .replace("retry_max = \"1s\"", "retry_max = \"1s\"\nconnections = 1");
    std::fs::write(house.config_file(), config).unwrap();
    house.opens();
    let (came, comes) = channel();
    let (answer, answers) = channel();
    thread::spawn(move || {
        for stream in next_hop.incoming() {
            takes(stream.unwrap(), &came, &answers);
        }
    });

    let to = house.seller_of("O1");
    house.send(&Letter::new(JANE, &to, "On its way out.\n").subject("first")).is("250 2.0.0");
    comes.recv().unwrap();
    let mut begun = Wire::open(house.relay).unwrap();
    let second = Letter::new(JANE, &to, "Begun before the end.\n").subject("second");
    begun.say(&format!("MAIL FROM:<{}>", second.sender)).unwrap();
    let mut idle = Wire::open(house.relay).unwrap();

    let relay = Pid::from_raw(i32::try_from(house.process()).unwrap()).unwrap();
    kill_process(relay, Signal::TERM).unwrap();
    eventually("nobody new is taken", || TcpStream::connect(house.relay).err());
    assert!(idle.hear().unwrap().starts_with("421 4.3.2"), "an idle session is ended at once");
    assert!(begun.say(&format!("RCPT TO:<{to}>")).unwrap().starts_with("250"));
    assert!(begun.say("DATA").unwrap().starts_with("354"));
    assert!(begun.ends(&second).unwrap().starts_with("250 2.0.0"), "it may end what it has begun");
    assert!(begun.hear().unwrap().starts_with("421 4.3.2"));
    assert!(!house.has_ended(), "it waits for what is on its way out");
    answer.send(()).unwrap();
    // The second one, should it have been claimed in time.
    answer.send(()).unwrap();
    assert_eq!(house.ends().code(), Some(0), "{}", house.log());
    assert!(house.log().trim_end().ends_with("stopped"), "{}", house.log());
    assert!(!house.dir.path().join("data/bauta.db-wal").exists(), "the database is closed");
    let states: Vec<_> = house
        .messages()
        .iter()
        .map(|m| m["delivery"]["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states[0], "delivered", "its end was written down");
    assert!(["queued", "delivered"].contains(&states[1].as_str()), "{states:?}");
    // So that the house may close.
    answer.send(()).unwrap();
    house.start();
    house.newest_is("delivered");
}
