//! Our invariants as questions: each answers the numbers of the rows that break it.
//!
//! **Invariant:** each question is about rows that change in one commit together, so that what a server writes beside the
//! check is never taken for damage.

/// One invariant.
pub(super) struct Rule {
    /// What is wrong with the rows that it answers.
    pub(super) what: &'static str,
    /// What to do about them.
    pub(super) remedy: &'static str,
    /// Which numbers it goes through.
    pub(super) span: Span,
    /// The question, for the numbers from `?1` up to but not including `?2`.
    pub(super) text: &'static str,
}

/// Numbers that a question goes through.
#[derive(Clone, Copy)]
pub(super) enum Span {
    Events,
    Deliveries,
    Attempts,
}

impl Span {
    /// The lowest and the highest number there is.
    pub(super) const fn edges(self) -> &'static str {
        match self {
            Self::Events => "SELECT (SELECT min(event_no) FROM event), (SELECT max(event_no) FROM event)",
            Self::Deliveries => {
                "SELECT (SELECT min(delivery_no) FROM delivery), (SELECT max(delivery_no) FROM delivery)"
            }
            Self::Attempts => {
                "SELECT (SELECT min(attempt_no) FROM attempt), (SELECT max(attempt_no) FROM attempt)"
            }
        }
    }
}

const RESTORE: &str = "this never happens by itself: keep a copy of the data folder for a report, and go back to the last \
                       backup if these deliveries matter";
const HARMLESS: &str = "harmless: nobody can see these rows, and they only take room";

/// A place in the queue and its delivery. It is paged by the queue's own key and not by numbers; the last column says
/// whether the row is wrong. The rows of deleted tenants are being erased.
pub(super) const QUEUE: Rule = Rule {
    what: "places in the queue without a delivery that waits there",
    remedy: "the server passes over them: keep a copy of the data folder for a report",
    span: Span::Deliveries,
    text: "SELECT q.tenant_no, q.sub_no, q.generation, q.due, q.delivery_no,
            t.tenant_no IS NOT NULL AND (e.event_no IS NULL OR d.delivery_no IS NULL OR d.status <> 2
            OR d.at <> q.due OR d.sub_no <> q.sub_no OR d.tenant_no <> q.tenant_no)
        FROM queue q LEFT JOIN tenant t ON t.tenant_no = q.tenant_no AND t.deleted_at IS NULL
        LEFT JOIN delivery d ON d.delivery_no = q.delivery_no
        LEFT JOIN event e ON e.event_no = q.delivery_no >> 12
        WHERE (q.tenant_no, q.sub_no, q.generation, q.due, q.delivery_no) > (?1, ?2, ?3, ?4, ?5)
        ORDER BY q.tenant_no, q.sub_no, q.generation, q.due, q.delivery_no LIMIT ?6",
};

/// The rest.
pub(super) const RULES: &[Rule] = &[
    Rule {
        what: "deliveries that wait without exactly one place in the queue",
        remedy: RESTORE,
        span: Span::Deliveries,
        text: "SELECT d.delivery_no FROM delivery d
            CROSS JOIN tenant t ON t.tenant_no = d.tenant_no AND t.deleted_at IS NULL
            WHERE d.delivery_no >= ?1 AND d.delivery_no < ?2 AND d.status = 2 AND 1 <> (
                SELECT count(*) FROM (
                    SELECT generation FROM subscription WHERE sub_no = d.sub_no
                    UNION SELECT generation FROM mark WHERE sub_no = d.sub_no
                ) g CROSS JOIN queue q ON q.tenant_no = d.tenant_no AND q.sub_no = d.sub_no
                    AND q.generation = g.generation AND q.due = d.at AND q.delivery_no = d.delivery_no)",
    },
    Rule {
        what: "deliveries without their event",
        remedy: HARMLESS,
        span: Span::Deliveries,
        // Of an event that is larger than a step of forgetting the rest goes with the following steps.
        text: "SELECT d.delivery_no FROM delivery d WHERE d.delivery_no >= ?1 AND d.delivery_no < ?2
            AND NOT EXISTS (SELECT 1 FROM event e WHERE e.event_no = d.delivery_no >> 12)
            AND d.delivery_no >> 12 <> coalesce((SELECT value FROM counter WHERE name = 'erasing_event'), -1)",
    },
    Rule {
        what: "deliveries that name a version of a subscription that is not there",
        remedy: RESTORE,
        span: Span::Deliveries,
        text: "SELECT d.delivery_no FROM delivery d
            CROSS JOIN tenant t ON t.tenant_no = d.tenant_no AND t.deleted_at IS NULL
            WHERE d.delivery_no >= ?1 AND d.delivery_no < ?2 AND NOT EXISTS (
                SELECT 1 FROM subscription_version v WHERE v.sub_no = d.sub_no AND v.version = d.sub_version)",
    },
    Rule {
        what: "deliveries that are missing in the list of their subscription",
        remedy: "they are there and can be read by their ids; the list does not show them",
        span: Span::Deliveries,
        text: "SELECT d.delivery_no FROM delivery d
            CROSS JOIN tenant t ON t.tenant_no = d.tenant_no AND t.deleted_at IS NULL
            WHERE d.delivery_no >= ?1 AND d.delivery_no < ?2
            AND d.delivery_no >> 12 < coalesce((SELECT value FROM counter WHERE name = 'listed_before'), 0)
            AND d.delivery_no >> 12 <> coalesce((SELECT value FROM counter WHERE name = 'erasing_event'), -1)
            AND NOT EXISTS (
                SELECT 1 FROM delivery_listing l WHERE l.sub_no = d.sub_no AND l.delivery_no = d.delivery_no)",
    },
    Rule {
        what: "deliveries whose count of attempts is not that of the attempts that are logged",
        remedy: "the log of attempts is not complete; nothing is sent because of it",
        span: Span::Deliveries,
        text: "SELECT d.delivery_no FROM delivery d WHERE d.delivery_no >= ?1 AND d.delivery_no < ?2
            AND d.attempts <> (SELECT count(*) FROM attempt a WHERE a.delivery_no = d.delivery_no)",
    },
    Rule {
        what: "events that are missing in the list of their tenant",
        remedy: "they are there and can be read by their ids; the list does not show them",
        span: Span::Events,
        text: "SELECT e.event_no FROM event e
            CROSS JOIN tenant t ON t.tenant_no = e.tenant_no AND t.deleted_at IS NULL
            WHERE e.event_no >= ?1 AND e.event_no < ?2
            AND e.event_no < coalesce((SELECT value FROM counter WHERE name = 'listed_before'), 0) AND NOT EXISTS (
                SELECT 1 FROM event_listing l WHERE l.tenant_no = e.tenant_no AND l.event_no = e.event_no)",
    },
    Rule {
        what: "events that name a profile or a version of their tenant that is not there",
        remedy: RESTORE,
        span: Span::Events,
        text: "SELECT e.event_no FROM event e
            CROSS JOIN tenant t ON t.tenant_no = e.tenant_no AND t.deleted_at IS NULL
            WHERE e.event_no >= ?1 AND e.event_no < ?2 AND (
                (e.profile_no IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM profile_version p WHERE p.profile_no = e.profile_no))
                OR NOT EXISTS (SELECT 1 FROM tenant_version v
                    WHERE v.tenant_no = e.tenant_no AND v.version = e.tenant_version))",
    },
    Rule {
        what: "events with more deliveries than they were accepted with",
        remedy: RESTORE,
        span: Span::Events,
        // A replay adds some that were created later.
        text: "SELECT e.event_no FROM event e WHERE e.event_no >= ?1 AND e.event_no < ?2 AND abs(e.deliveries) < (
                SELECT count(*) FROM delivery d
                WHERE d.delivery_no >= e.event_no << 12 AND d.delivery_no < (e.event_no + 1) << 12
                AND d.created_at IS NULL)",
    },
    Rule {
        what: "attempts without their delivery",
        remedy: HARMLESS,
        span: Span::Attempts,
        text: "SELECT a.attempt_no FROM attempt a WHERE a.attempt_no >= ?1 AND a.attempt_no < ?2
            AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.delivery_no = a.delivery_no)",
    },
];
