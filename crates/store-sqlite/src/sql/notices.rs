//! What contacts must still be told by mail.

queries! { NOTICES:
    /// A notice of the open digest.
    NOTICE_FIND = "SELECT count, first_at, deliveries FROM notice
        WHERE tenant_no = ?1 AND closed = 0 AND sub_no = ?2 AND kind = ?3";
    /// Writes it.
    NOTICE_PUT = "INSERT INTO notice (tenant_no, closed, sub_no, kind, count, first_at, last_at, deliveries)
        VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (tenant_no, closed, sub_no, kind)
        DO UPDATE SET count = excluded.count, last_at = excluded.last_at, deliveries = excluded.deliveries";
    /// Opens the digest of a tenant, unless it is open.
    DIGEST_OPEN = "INSERT INTO digest (tenant_no, open, due, allowed_at, step) VALUES (?1, 1, ?2, 0, 0)
        ON CONFLICT (tenant_no) DO UPDATE SET open = 1, due = max(allowed_at, excluded.due) WHERE open = 0";
    /// The open digests that are due first, of tenants for which no mail waits that was not tried yet.
    DIGESTS_DUE = "SELECT tenant_no, due, allowed_at, step FROM digest WHERE open = 1 AND due >= ?1
        AND NOT EXISTS (SELECT 1 FROM mail WHERE mail.tenant_no = digest.tenant_no AND tries = 0) ORDER BY due, tenant_no LIMIT ?2";
    /// Closes the digest of a tenant.
    DIGEST_CLOSE = "UPDATE digest SET open = 0, allowed_at = ?2, step = ?3 WHERE tenant_no = ?1 AND open = 1";
    /// Moves its notices into the closed one.
    NOTICES_CLOSE = "UPDATE notice SET closed = 1 WHERE tenant_no = ?1 AND closed = 0";
    /// The notices of the closed digest.
    NOTICES_CLOSED = "SELECT sub_no, kind, count, first_at, last_at, deliveries FROM notice
        WHERE tenant_no = ?1 AND closed = 1 ORDER BY sub_no, kind";
    /// Forgets the notices of a digest.
    NOTICES_FORGET = "DELETE FROM notice WHERE tenant_no = ?1 AND closed = ?2";
    /// Writes a mail.
    MAIL_INSERT = "INSERT INTO mail (tenant_no, recipient, made_at, due) VALUES (?1, ?2, ?3, ?3)";
    /// Whether mail waits for a tenant that was tried so often at most.
    MAIL_WAITS = "SELECT 1 FROM mail WHERE tenant_no = ?1 AND tries <= ?2 LIMIT 1";
    /// The mails that are due first.
    MAILS_DUE = "SELECT mail_no, tenant_no, recipient, made_at, due, tries FROM mail WHERE due >= ?1
        ORDER BY due, mail_no LIMIT ?2";
    /// Whose a mail is.
    MAIL_TENANT = "SELECT tenant_no FROM mail WHERE mail_no = ?1";
    /// Lets a mail wait after a try.
    MAIL_POSTPONE = "UPDATE mail SET due = ?2, tries = tries + 1 WHERE mail_no = ?1";
    /// Forgets a mail.
    MAIL_DELETE = "DELETE FROM mail WHERE mail_no = ?1";
    /// Notes of which failures the contacts were warned.
    SUBSCRIPTION_WARN = "UPDATE subscription SET warned_for = ?2 WHERE sub_no = ?1 AND warned_for IS NOT ?2";
    /// Forgets what contacts were still to be told of a subscription that is deleted.
    NOTICES_FORGET_SUBSCRIPTION = "DELETE FROM notice WHERE tenant_no = ?1 AND closed = ?2 AND sub_no = ?3";
    /// Erases the mails of a deleted tenant, or of a digest that another one replaces.
    ERASE_MAILS = "DELETE FROM mail WHERE tenant_no = ?1";
    /// Erases its digest.
    ERASE_DIGEST = "DELETE FROM digest WHERE tenant_no = ?1";
}
