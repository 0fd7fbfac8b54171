-- How many entries of the audit each tenant has: one that makes very many loses its own oldest ones and nobody else's. The
-- empty name counts all entries, also those that name no tenant.
CREATE TABLE audit_count (
    tenant  TEXT    PRIMARY KEY,
    entries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_count_by_entries ON audit_count (entries);
INSERT INTO audit_count (tenant, entries)
SELECT tenant, count(*) FROM audit WHERE tenant IS NOT NULL GROUP BY tenant;
-- Until here entries came behind the last and went from the front, so their numbers have no gaps; counting them would read all.
INSERT INTO audit_count (tenant, entries)
SELECT '', coalesce((SELECT max(audit_no) FROM audit) - (SELECT min(audit_no) FROM audit) + 1, 0);
