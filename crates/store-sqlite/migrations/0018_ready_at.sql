-- When the latest event of a group that takes events may be sent, as long as the end of the window decides when it is due: a group that
-- is full goes out then. Not known of groups from before this column: they wait for the end of their window.
ALTER TABLE open_group ADD COLUMN ready_at INTEGER;
