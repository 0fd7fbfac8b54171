-- A replay may stop within an event, so its place is the number of a delivery whatever it sends again: not only of failed
-- ones (selection 0), but also where it goes over events.
UPDATE replay SET position = position << 12, stop = stop << 12 WHERE selection <> 0;
