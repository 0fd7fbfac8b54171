-- The head of an ordered lane keeps its place in the queue when it fails: until when it is not tried again stands beside it,
-- so that a restart keeps the pause. No row is written anew.
ALTER TABLE queue ADD COLUMN not_before INTEGER;
