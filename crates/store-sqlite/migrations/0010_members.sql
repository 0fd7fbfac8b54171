-- A delivery may have more than one event, and the body that a script made. Both are rows of their own and rare: that there are
-- any is a bit in the delivery's count of attempts (codes.rs), so rows of deliveries are as they were and none is written anew.

-- The second event of a group and those behind it, in the order in which they were added; the first one is in the number of
-- the delivery. `place` counts the events up to this one, `bytes` those of their data: the last row knows the whole.
CREATE TABLE member (
    delivery_no INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    event_no    INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    PRIMARY KEY (delivery_no, place)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX member_by_event ON member (event_no, delivery_no);

-- What the first attempt sent and later ones send again; method and URL only where a script changed them.
CREATE TABLE delivery_body (
    delivery_no INTEGER PRIMARY KEY,
    method      TEXT,
    url         TEXT,
    body        BLOB    NOT NULL
) STRICT;
