-- The group that takes events of a subscription with a key, until its window is over; the sweep erases what closed. `key` is a hash
-- of the text that these events have in common.
CREATE TABLE open_group (
    sub_no      INTEGER NOT NULL,
    key         BLOB    NOT NULL,
    delivery_no INTEGER NOT NULL,
    closes_at   INTEGER NOT NULL,
    PRIMARY KEY (sub_no, key)
) STRICT, WITHOUT ROWID;
