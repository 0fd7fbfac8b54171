-- The trace that an event belongs to: the values of traceparent and tracestate with a space between them. NULL where its
-- publisher named none.
ALTER TABLE event ADD COLUMN trace TEXT;
