-- What the handshakes of a subscription came to, as JSON. NULL where none was ever asked for.
ALTER TABLE subscription ADD COLUMN verification TEXT;

-- Those that wait for handshakes that must pass (inactive is 5) and were not made, so that a start finds them without a scan.
CREATE INDEX subscription_pending ON subscription (tenant_no, sub_no)
    WHERE inactive = 5 AND deleted_at IS NULL AND verification ->> '$.state' = 'pending';
