//! The plug is pulled between erasing and overwriting what SQLite left of it in its pages: the next relay
//! does that, though nothing else is to be erased.

use std::fs;

use rusqlite::{Connection, params};

use crate::house::{House, JANE, eventually};
use crate::letter::Letter;

const REMAINS: &[u8] = b"jane.roe@mail.example asked for it";

/// Leaves something between the rows of a page, where SQLite leaves it when rows move.
fn leave_remains(conn: &Connection) {
    let sql = "SELECT pageno FROM dbstat WHERE name = 'message' AND pagetype = 'leaf'";
    let page: u32 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
    let sql = "SELECT data FROM sqlite_dbpage WHERE pgno = ?1";
    let mut bytes: Vec<u8> = conn.query_row(sql, [page], |row| row.get(0)).unwrap();
    // https://sqlite.org/fileformat2.html#b_tree_pages: the head, a pointer to each row, a gap, the rows.
    let two = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    let (gap, rows) = (8 + 2 * two(3), two(5));
    assert!(bytes[0] == 13 && gap + REMAINS.len() < rows, "{gap} to {rows}");
    bytes[rows - REMAINS.len()..rows].copy_from_slice(REMAINS);
    let sql = "UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1";
    conn.execute(sql, params![page, bytes]).unwrap();
}

#[test]
fn a_relay_that_begins_sweeps_what_the_one_before_had_no_time_for() {
    let mut house = House::open();
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Where is it?\n"));
    house.settle();
    house.kill();
    let file = house.dir.path().join("data/bauta.db");
    let conn = Connection::open(&file).unwrap();
    let owed = |conn: &Connection| {
        conn.query_row("SELECT owed FROM erasure", [], |row| row.get::<_, u8>(0)).unwrap()
    };
    assert_eq!(owed(&conn), 0);
    leave_remains(&conn);
    // As the transaction that erases something does.
    conn.execute_batch("UPDATE erasure SET owed = 2").unwrap();
    conn.close().unwrap();
    let left = || {
        ["bauta.db", "bauta.db-wal"].iter().any(|name| {
            let bytes = fs::read(file.with_file_name(name)).unwrap_or_default();
            bytes.windows(REMAINS.len()).any(|window| window == REMAINS)
        })
    };
    assert!(left());
    house.start();
    eventually("nothing is left of it", || (!left()).then_some(()));
    let conn = Connection::open(&file).unwrap();
    eventually("and nothing is owed", || (owed(&conn) == 0).then_some(()));
    assert_eq!(house.messages().len(), 1);

    // What a command erases beside the relay is swept too, and nothing is owed after it.
    house.put(&["buyer", "delete", "B1", "--by", "ann"]);
    eventually("nothing is owed", || (owed(&conn) == 0).then_some(()));
}
