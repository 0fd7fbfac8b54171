-- Deliveries of a subscription that failed since the last one that succeeded, and when the first of them ended.
ALTER TABLE subscription ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN failing_since INTEGER;
