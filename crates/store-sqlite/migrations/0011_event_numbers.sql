-- A tenant's events have offsets, and its log a number for each type. What is there gets its offsets behind the start, in
-- steps (numbering.rs).

-- The listing becomes the log. Behind the key; a row that ends before a column has its default, so only the table's text
-- changes, as in 0002.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(sql, 'PRIMARY KEY (tenant_no, event_no)',
    'log_no    INTEGER NOT NULL DEFAULT 0,
    type_no   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_no, event_no)')
WHERE type = 'table' AND name = 'event_listing';
PRAGMA writable_schema = RESET;

-- The offset below which no event of the tenant gets its own: kept before the newest events are forgotten.
ALTER TABLE tenant ADD COLUMN next_offset INTEGER NOT NULL DEFAULT 1;

CREATE TABLE log_type (
    tenant_no INTEGER NOT NULL,
    type_no   INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    PRIMARY KEY (tenant_no, type_no)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX log_type_by_name ON log_type (tenant_no, name);

-- Events below this number came without an offset. The row goes when all of them have one.
INSERT INTO counter (name, value)
SELECT 'unnumbered_before', max(
    (SELECT max(event_no) + 1 FROM event),
    (SELECT coalesce(max(value), 1) FROM counter WHERE name = 'next_event_no')
)
WHERE EXISTS (SELECT 1 FROM event);
