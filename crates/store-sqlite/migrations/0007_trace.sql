-- The trace that an event belongs to: the values of traceparent and tracestate with a space between them. NULL where its
-- publisher named none. Only the table's text changes, as in 0002.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ', trace TEXT) STRICT') WHERE type = 'table' AND name = 'event';
PRAGMA writable_schema = RESET;
