-- Moments are milliseconds since 1970-01-01T00:00:00Z. *_key columns hold ids in lower case.

-- What the database was made for, once and for all: 'alias_domain'.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- marketplace_fulfilled: a seller's address for orders that the marketplace fulfils; NULL: off.
-- A deleted party keeps its row, so that its id is never given out again.
-- proactive_blocked_until: a seller's messages that are no answers are refused until then.
-- strays_told_at: when it was last told of mail from an address that is not registered.
CREATE TABLE party (
    number                INTEGER PRIMARY KEY,
    role                  TEXT NOT NULL CHECK (role IN ('seller', 'buyer')),
    id                    TEXT NOT NULL,
    id_key                TEXT NOT NULL,
    name                  TEXT NOT NULL,
    language              TEXT NOT NULL,
    marketplace_fulfilled TEXT,
    closed_at             INTEGER,
    deleted_at            INTEGER,
    suspended_at          INTEGER,
    proactive_blocked_until INTEGER,
    opted_out_at          INTEGER,
    strays_told_at        INTEGER,
    version               INTEGER NOT NULL,
    UNIQUE (role, id_key)
) STRICT;

CREATE TABLE party_address (
    party     INTEGER NOT NULL REFERENCES party ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    address   TEXT NOT NULL,
    canonical TEXT NOT NULL,
    PRIMARY KEY (party, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX party_address_canonical ON party_address (canonical);

CREATE TABLE party_domain (
    party    INTEGER NOT NULL REFERENCES party ON DELETE CASCADE,
    kind     TEXT NOT NULL CHECK (kind IN ('domain', 'signer')),
    position INTEGER NOT NULL,
    domain   TEXT NOT NULL,
    PRIMARY KEY (party, kind, position)
) STRICT, WITHOUT ROWID;

-- Who decided what about an account, and why. other: the one who was blocked. until: when it ends
-- by itself.
CREATE TABLE account_change (
    number INTEGER PRIMARY KEY,
    party  INTEGER NOT NULL REFERENCES party,
    other  INTEGER REFERENCES party,
    change TEXT NOT NULL,
    by     TEXT NOT NULL,
    reason TEXT,
    at     INTEGER NOT NULL,
    until  INTEGER
) STRICT;
CREATE INDEX account_change_party ON account_change (party);

-- Networks from which proved mail came lately: an address of IPv4, a /64 of IPv6.
CREATE TABLE proved_network (
    network TEXT PRIMARY KEY,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Aliases by their local part: the alias domain is a setting.
CREATE TABLE pair (
    number               INTEGER PRIMARY KEY,
    seller               INTEGER NOT NULL REFERENCES party,
    buyer                INTEGER NOT NULL REFERENCES party,
    version              INTEGER NOT NULL,
    key_version          INTEGER NOT NULL,
    seller_alias         TEXT NOT NULL UNIQUE,
    buyer_alias          TEXT NOT NULL UNIQUE,
    blocked_by_seller_at INTEGER,
    blocked_by_buyer_at  INTEGER,
    UNIQUE (seller, buyer)
) STRICT;
CREATE INDEX pair_buyer ON pair (buyer);
CREATE INDEX pair_key_version ON pair (key_version);

-- seller: the pair's. closed_at: since when it has the status that it has, where that closes it.
-- day: when it was placed, or where that is not told, registered.
CREATE TABLE orders (
    number        INTEGER PRIMARY KEY,
    id            TEXT NOT NULL,
    id_key        TEXT NOT NULL UNIQUE,
    pair          INTEGER NOT NULL REFERENCES pair,
    seller        INTEGER NOT NULL REFERENCES party,
    items         TEXT NOT NULL CHECK (json_valid(items)),
    status        TEXT NOT NULL,
    fulfilled_by  TEXT NOT NULL,
    placed        TEXT,
    delivered     TEXT,
    tracking      TEXT,
    dispute       INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    cancelled_at  INTEGER,
    closed_at     INTEGER,
    day           TEXT NOT NULL
) STRICT;
CREATE INDEX orders_pair ON orders (pair);
CREATE INDEX orders_seller ON orders (seller, day);

-- "order" NULL: a question asked before any order; there may be several.
CREATE TABLE conversation (
    number                     INTEGER PRIMARY KEY,
    pair                       INTEGER NOT NULL REFERENCES pair,
    "order"                    INTEGER UNIQUE REFERENCES orders,
    subject                    TEXT NOT NULL,
    opened_at                  INTEGER NOT NULL,
    last_message_at            INTEGER NOT NULL,
    last_buyer_message_at      INTEGER,
    last_automatic_from_seller INTEGER,
    last_automatic_from_buyer  INTEGER,
    seller_root                TEXT,
    buyer_root                 TEXT
) STRICT;
CREATE INDEX conversation_pair ON conversation (pair, last_message_at);

-- kind 'postmaster': mail for the operator, of no pair and unjudged. kind 'notice': our own mail to a
-- party; notice: what it is about, about: the message that it tells of. kind 'test': `bauta doctor`'s.
-- "order" is set for a refused message too, which may have no conversation.
-- of_seller, of_buyer: the pair's, so that their lists are read along an index, the newest first, and all
-- that is theirs is found; of a notice about an account, its seller.
-- seller_msg_id, buyer_msg_id: the Message-ID that each side knows this message by.
-- held_at: it waited for a person from then on; kept when that has decided.
-- Checks here and in the other tables that each mail writes name two values at a time: of a longer list
-- SQLite makes a table whenever a row is written.
CREATE TABLE message (
    number        INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    kind          TEXT NOT NULL CHECK (kind IN ('relay', 'postmaster') OR kind IN ('notice', 'test')),
    conversation  INTEGER REFERENCES conversation,
    pair          INTEGER REFERENCES pair,
    "order"       INTEGER REFERENCES orders,
    sender        INTEGER REFERENCES party,
    of_seller     INTEGER REFERENCES party,
    of_buyer      INTEGER REFERENCES party,
    direction     TEXT CHECK (direction IN ('buyer-to-seller', 'seller-to-buyer')),
    state         TEXT NOT NULL CHECK (state IN ('accepted', 'held') OR state = 'rejected'),
    received_at   INTEGER NOT NULL,
    subject       TEXT NOT NULL,
    verdict       TEXT NOT NULL CHECK (json_valid(verdict)),
    proof         TEXT NOT NULL,
    assigned      TEXT,
    proactive     INTEGER NOT NULL,
    automatic     INTEGER NOT NULL,
    seller_msg_id TEXT,
    buyer_msg_id  TEXT,
    fingerprint   BLOB CHECK (length(fingerprint) = 32),
    held_at       INTEGER,
    notice        TEXT,
    about         INTEGER REFERENCES message,
    CHECK ((kind = 'notice') = (notice IS NOT NULL)),
    CHECK (state <> 'held' OR held_at IS NOT NULL),
    CHECK (kind <> 'relay' OR (pair IS NOT NULL AND sender IS NOT NULL
           AND of_seller IS NOT NULL AND of_buyer IS NOT NULL AND direction IS NOT NULL)),
    CHECK (kind <> 'relay' OR state = 'rejected' OR conversation IS NOT NULL)
) STRICT;
CREATE INDEX message_conversation ON message (conversation);
CREATE INDEX message_notice ON message (pair, received_at) WHERE kind = 'notice';
CREATE UNIQUE INDEX message_notice_about ON message (about, notice) WHERE about IS NOT NULL;
CREATE INDEX message_order ON message ("order") WHERE "order" IS NOT NULL;
CREATE INDEX message_of_seller ON message (of_seller, number) WHERE of_seller IS NOT NULL;
CREATE INDEX message_of_buyer ON message (of_buyer, number) WHERE of_buyer IS NOT NULL;
CREATE INDEX message_not_accepted ON message (state, number) WHERE state <> 'accepted';
CREATE INDEX message_sender ON message (sender, received_at, state) WHERE sender IS NOT NULL;
CREATE INDEX message_proactive ON message (sender, received_at)
    WHERE state <> 'rejected' AND proactive = 1;
CREATE INDEX message_held ON message (held_at) WHERE state = 'held';
CREATE INDEX message_received ON message (received_at);
CREATE INDEX message_fingerprint ON message (fingerprint, received_at)
    WHERE fingerprint IS NOT NULL;
-- Unique: an id names one message of a pair; one that comes in again is stored as none.
CREATE UNIQUE INDEX message_seller_msg_id ON message (pair, seller_msg_id)
    WHERE seller_msg_id IS NOT NULL;
CREATE UNIQUE INDEX message_buyer_msg_id ON message (pair, buyer_msg_id)
    WHERE buyer_msg_id IS NOT NULL;

-- Apart from the small rows that lists read. written: what the sender wrote, as hashes of runs of words: u64,
-- little-endian. shown: how what the recipient was shown differs from that: how many hashes it has besides
-- (u32), these, and those that it is without. salt: what the message is bound with in evidence. mails: what
-- came in, what went out and what each side may see of it, packed as one (src/store/sqlite/content.rs); of kind
-- 'postmaster', 'notice' and 'test' only what came in, which goes out as it is. Last, for it may be very long.
CREATE TABLE content (
    message INTEGER PRIMARY KEY REFERENCES message ON DELETE CASCADE,
    salt    BLOB CHECK (length(salt) = 16),
    written BLOB,
    shown   BLOB,
    mails   BLOB NOT NULL
) STRICT;

-- What a message is found by: numbers of 5 bytes, in order. A table of its own: those that are not in the
-- index yet are looked through. gone: the message was erased, and its words are to be taken out of the index
-- still (1), or are being taken out (2); so it outlives the message. Before the words, which are long.
CREATE TABLE found_words (
    message INTEGER PRIMARY KEY,
    gone    INTEGER CHECK (gone IN (1, 2)),
    words   BLOB NOT NULL
) STRICT;
CREATE INDEX found_words_gone ON found_words (gone, message) WHERE gone IS NOT NULL;

-- Messages that have got other words. stands: what of each may stand in the index, beside what it has now,
-- behind word; below it the index is right.
CREATE TABLE found_changed (
    message INTEGER PRIMARY KEY,
    word    INTEGER NOT NULL,
    stands  BLOB NOT NULL
) STRICT;

-- The search index (src/store/sqlite/index.rs). place: the part, by 2^40, and the number up to which the
-- block before has the part's words. lists: the words of the block, each with those of the part's messages
-- that have it (lists.rs).
CREATE TABLE found_by (
    place INTEGER PRIMARY KEY,
    lists BLOB NOT NULL
) STRICT;

-- Messages up to the number upto are in the index. Those behind it up to coming are on their way into it:
-- their words below coming_word are there. Of those whose words are being taken out, the words below gone_word
-- are out. size: of how many message numbers a part is.
-- mend_part: one that was found damaged (mend.rs). Its messages up to mend_upto are there again, those up to
-- mend_coming are on their way, and so on; no mend_upto: its blocks are taken away still.
CREATE TABLE found_by_progress (
    upto        INTEGER NOT NULL,
    coming      INTEGER NOT NULL CHECK (coming >= upto),
    coming_word INTEGER NOT NULL,
    gone_word   INTEGER NOT NULL,
    size        INTEGER NOT NULL CHECK (size BETWEEN 64 AND 32768 AND size % 64 = 0),
    mend_part   INTEGER,
    mend_upto   INTEGER,
    mend_coming INTEGER NOT NULL DEFAULT 0,
    mend_word   INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO found_by_progress (upto, coming, coming_word, gone_word, size) VALUES (0, 0, 0, 0, 16384);

-- What is still to be done about what was erased: 2: pages may have remains of it; 1: only the WAL.
CREATE TABLE erasure (
    owed INTEGER NOT NULL CHECK (owed IN (0, 1, 2))
) STRICT;
INSERT INTO erasure VALUES (0);

-- What a seller sent to whom, by numbers that only the alias key makes: a text by one, a picture by
-- several. item: which of the message's texts or pictures. Gone with the message.
CREATE TABLE print (
    seller  INTEGER NOT NULL REFERENCES party,
    value   INTEGER NOT NULL,
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    item    INTEGER NOT NULL,
    PRIMARY KEY (seller, value, message, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX print_message ON print (message);

-- excluded: milliseconds between start and stop that don't count. paused_at: the seller is suspended
-- since then, and the clock stands still.
CREATE TABLE turn (
    number       INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversation,
    started_at   INTEGER NOT NULL,
    started_by   INTEGER REFERENCES message,
    stopped_at   INTEGER,
    stopped_by   INTEGER REFERENCES message,
    excluded     INTEGER NOT NULL,
    paused_at    INTEGER
) STRICT;
CREATE INDEX turn_conversation ON turn (conversation);
CREATE INDEX turn_started_by ON turn (started_by);
CREATE INDEX turn_stopped_by ON turn (stopped_by) WHERE stopped_by IS NOT NULL;
CREATE UNIQUE INDEX turn_running ON turn (conversation) WHERE stopped_at IS NULL;

-- What nobody may erase: all that is about an order, a conversation, or (an appeal) a party's
-- violations. Its clock stands still meanwhile. cause 'dispute': as the order's record says.
CREATE TABLE legal_hold (
    number       INTEGER PRIMARY KEY,
    cause        TEXT NOT NULL CHECK (cause IN ('hold', 'dispute', 'appeal')),
    "order"      INTEGER REFERENCES orders,
    conversation INTEGER REFERENCES conversation,
    party        INTEGER REFERENCES party,
    by           TEXT NOT NULL,
    reason       TEXT,
    placed_at    INTEGER NOT NULL,
    released_at  INTEGER,
    released_by  TEXT,
    CHECK (("order" IS NOT NULL) + (conversation IS NOT NULL) + (party IS NOT NULL) = 1)
) STRICT;
CREATE INDEX legal_hold_order ON legal_hold ("order") WHERE "order" IS NOT NULL;
CREATE INDEX legal_hold_conversation ON legal_hold (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX legal_hold_party ON legal_hold (party) WHERE party IS NOT NULL;

-- Pairs of a deleted party of which a hold has ended: what it kept of their messages behind this one is to
-- be erased still.
CREATE TABLE unheld (
    pair    INTEGER PRIMARY KEY REFERENCES pair,
    message INTEGER NOT NULL
) STRICT;

-- The chain of each conversation: what was archived, bound to what was before it. hash follows from the
-- hash before it, message, what, at and leaf; leaf from what is in content. Outlives the messages.
CREATE TABLE evidence (
    conversation INTEGER NOT NULL REFERENCES conversation,
    position     INTEGER NOT NULL,
    message      TEXT NOT NULL,
    what         TEXT NOT NULL
        CHECK (what IN ('accepted', 'held') OR what IN ('released', 'rejected')),
    at           INTEGER NOT NULL,
    leaf         BLOB NOT NULL CHECK (length(leaf) = 32),
    hash         BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (conversation, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_at ON evidence (at);

-- The root over a day's hashes, once it is over; days since 1970-01-01.
CREATE TABLE evidence_day (
    day   INTEGER PRIMARY KEY,
    items INTEGER NOT NULL,
    root  BLOB NOT NULL CHECK (length(root) = 32)
) STRICT;

-- What the sides knew erased messages by, as keyed hashes: an answer still finds its conversation.
CREATE TABLE expired_thread (
    pair         INTEGER NOT NULL REFERENCES pair,
    hash         INTEGER NOT NULL,
    conversation INTEGER NOT NULL REFERENCES conversation,
    PRIMARY KEY (pair, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX expired_thread_conversation ON expired_thread (conversation);

-- How many messages were erased, by the day on which they came in: figures outlive what they count.
CREATE TABLE expired_count (
    sender   INTEGER NOT NULL REFERENCES party,
    day      INTEGER NOT NULL,
    state    TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (sender, day, state)
) STRICT, WITHOUT ROWID;

-- One finding of one rule, held against its sender or not. strike: what it counts; no_strike: why
-- nothing. message, conversation, words: none once the message was erased. told_at: its sender was
-- told by mail.
CREATE TABLE violation (
    number       INTEGER PRIMARY KEY,
    party        INTEGER NOT NULL REFERENCES party,
    pair         INTEGER NOT NULL REFERENCES pair,
    conversation INTEGER REFERENCES conversation,
    message      INTEGER REFERENCES message,
    at           INTEGER NOT NULL,
    rule         TEXT NOT NULL,
    action       TEXT NOT NULL,
    enforced     INTEGER NOT NULL,
    certainty    TEXT NOT NULL,
    part         TEXT NOT NULL,
    words        TEXT,
    signature    INTEGER NOT NULL,
    strike       INTEGER NOT NULL,
    no_strike    TEXT,
    told_at      INTEGER,
    excused_at   INTEGER,
    excused_by   TEXT,
    excuse       TEXT,
    CHECK ((strike = 0) = (no_strike IS NOT NULL)),
    CHECK ((excused_at IS NULL) = (excused_by IS NULL AND excuse IS NULL))
) STRICT;
CREATE INDEX violation_party ON violation (party, at);
CREATE INDEX violation_pair ON violation (pair, rule, at);
CREATE INDEX violation_explained ON violation (party, rule, at)
    WHERE no_strike = 'first' OR strike > 0;
CREATE INDEX violation_strike ON violation (party, at) WHERE strike > 0;
CREATE INDEX violation_told ON violation (party, rule, told_at) WHERE told_at IS NOT NULL;
CREATE INDEX violation_message ON violation (message) WHERE message IS NOT NULL;
CREATE INDEX violation_conversation ON violation (conversation) WHERE conversation IS NOT NULL;

-- What a person who reviews did with a message: 'opened': read the original, which holds real
-- addresses.
CREATE TABLE review (
    number  INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
    what    TEXT NOT NULL CHECK (what IN ('opened', 'released', 'rejected')),
    by      TEXT NOT NULL,
    reason  TEXT,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX review_message ON review (message);

-- What somebody is to be told by mail and is not told yet: made in the transaction that it follows
-- from, gone in the one that makes the mail. notice: of which kind. tries: how often it could not be
-- told; next_at: when it is tried again.
CREATE TABLE telling (
    number  INTEGER PRIMARY KEY,
    notice  TEXT NOT NULL,
    message INTEGER REFERENCES message ON DELETE CASCADE,
    change  INTEGER REFERENCES account_change ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    tries   INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL DEFAULT 0,
    CHECK ((message IS NULL) <> (change IS NULL))
) STRICT;
CREATE INDEX telling_message ON telling (message) WHERE message IS NOT NULL;
CREATE INDEX telling_change ON telling (change) WHERE change IS NOT NULL;

-- Proved mail from an address that is not registered for the alias: refused, and a copy kept for some
-- days, outside of the archive, in case that it was the party (PRODUCT §4). party: who may write there.
-- address: whom it is from. tag: of the alias. told_at: the party was told of it. original: packed as
-- content.mails is.
CREATE TABLE stray (
    number      INTEGER PRIMARY KEY,
    party       INTEGER NOT NULL REFERENCES party,
    pair        INTEGER NOT NULL REFERENCES pair,
    address     TEXT NOT NULL,
    canonical   TEXT NOT NULL,
    tag         TEXT,
    peer        TEXT NOT NULL,
    proof       TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    received_at INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    told_at     INTEGER,
    original    BLOB NOT NULL,
    UNIQUE (party, fingerprint)
) STRICT;
CREATE INDEX stray_pair ON stray (pair);
CREATE INDEX stray_until ON stray (until);
CREATE INDEX stray_untold ON stray (party) WHERE told_at IS NULL;

-- The code that was mailed to an address which is to be registered: keyed, so that it can't be read
-- here. sent: how many since sent_since. mail: the one that brings it; its content goes as soon as it
-- is not needed any more.
CREATE TABLE address_code (
    party      INTEGER NOT NULL REFERENCES party,
    canonical  TEXT NOT NULL,
    code       BLOB NOT NULL CHECK (length(code) = 32),
    tries_left INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    sent       INTEGER NOT NULL,
    sent_since INTEGER NOT NULL,
    mail       INTEGER REFERENCES message,
    PRIMARY KEY (party, canonical)
) STRICT, WITHOUT ROWID;
CREATE INDEX address_code_mail ON address_code (mail) WHERE mail IS NOT NULL;

-- lease: counts claims, so that an attempt knows whether the delivery is still its own even where
-- the same process claimed it again.
-- signature: header lines that went out before the mail at the first attempt, where it is not the last: every
-- one sends the same.
-- domain: the recipient's, in lower case, so that each has its turn.
CREATE TABLE delivery (
    number          INTEGER PRIMARY KEY,
    message         INTEGER NOT NULL REFERENCES message,
    token           BLOB NOT NULL UNIQUE CHECK (length(token) = 10),
    recipient       TEXT NOT NULL,
    domain          TEXT NOT NULL,
    envelope_from   TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('queued', 'sending')
        OR state IN ('deferred', 'delivered') OR state IN ('failed', 'expired') OR state = 'cancelled'),
    attempts        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    give_up_at      INTEGER NOT NULL,
    lease           INTEGER NOT NULL,
    lease_owner     INTEGER,
    lease_until     INTEGER,
    last_reply      TEXT,
    signature       BLOB,
    finished_at     INTEGER,
    CHECK ((state = 'sending') = (lease_owner IS NOT NULL)),
    CHECK ((state = 'sending') = (lease_until IS NOT NULL))
) STRICT;
CREATE INDEX delivery_message ON delivery (message);
CREATE INDEX delivery_due ON delivery (next_attempt_at) WHERE state IN ('queued', 'deferred');
CREATE INDEX delivery_domain ON delivery (domain, next_attempt_at)
    WHERE state IN ('queued', 'deferred');
CREATE INDEX delivery_leased ON delivery (lease_until) WHERE state = 'sending';

-- What domains promise of their mail servers (RFC 8461).
CREATE TABLE sts_policy (
    domain TEXT PRIMARY KEY,
    id     TEXT NOT NULL,
    mode   TEXT NOT NULL CHECK (mode IN ('enforce', 'testing', 'none')),
    hosts  TEXT NOT NULL CHECK (json_valid(hosts)),
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- number: counts a delivery's attempts from 1.
CREATE TABLE attempt (
    delivery   INTEGER NOT NULL REFERENCES delivery,
    number     INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    result     TEXT NOT NULL,
    stage      TEXT NOT NULL,
    reply      TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

-- What came back to a delivery's bounce address, without a word of it.
CREATE TABLE report (
    number      INTEGER PRIMARY KEY,
    delivery    INTEGER NOT NULL REFERENCES delivery,
    received_at INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    status      TEXT,
    cause       TEXT NOT NULL
) STRICT;
CREATE INDEX report_delivery ON report (delivery);
