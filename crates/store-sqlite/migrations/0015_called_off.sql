-- What was called off of a subscription: deliveries of events below this number, also those that a later commit of a large fan-out was
-- still to create. It was forgotten when a pause was over before that commit came.
ALTER TABLE subscription ADD COLUMN called_off INTEGER NOT NULL DEFAULT 0;
