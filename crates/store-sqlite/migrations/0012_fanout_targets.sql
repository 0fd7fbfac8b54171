-- The targets of a large fan-out were written anew with each step. They are written once now, and a step moves a number: those
-- from `next_number` on are left, up to the count of the event's deliveries.
CREATE TABLE fanout_target (
    event_no INTEGER PRIMARY KEY,
    targets  BLOB    NOT NULL
) STRICT;
INSERT INTO fanout_target (event_no, targets) SELECT event_no, targets FROM fanout;

CREATE TABLE fanout_step (
    event_no    INTEGER PRIMARY KEY,
    tenant_no   INTEGER NOT NULL,
    next_number INTEGER NOT NULL
) STRICT;
INSERT INTO fanout_step (event_no, tenant_no, next_number) SELECT event_no, tenant_no, next_number FROM fanout;
DROP TABLE fanout;
ALTER TABLE fanout_step RENAME TO fanout;
