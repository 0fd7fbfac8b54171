//! What waits for the writer. A commit of the hot path waits for one other job at most, and these take turns by tenant.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};

use crate::turns::{Asker, Turns};

/// The queue in front of the writer.
pub(super) struct Jobs<J> {
    waiting: Mutex<Waiting<J>>,
    arrived: Condvar,
}

struct Waiting<J> {
    commits: VecDeque<J>,
    others: Turns<J>,
    commit_was_last: bool,
    is_closed: bool,
}

/// Which job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobKind {
    /// A commit of events and outcomes, or the question whether there can be one.
    Commit,
    /// Anything else, and who asks for it.
    Other(Asker),
}

impl<J> Default for Jobs<J> {
    fn default() -> Self {
        let (commits, others) = (VecDeque::new(), Turns::default());
        let waiting = Waiting { commits, others, commit_was_last: false, is_closed: false };
        Self { waiting: Mutex::new(waiting), arrived: Condvar::new() }
    }
}

impl<J> Jobs<J> {
    /// Hands a job over; answers whether there is a writer still.
    pub(super) fn push(&self, kind: JobKind, job: J) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.is_closed {
            return false;
        }
        match kind {
            JobKind::Commit => waiting.commits.push_back(job),
            JobKind::Other(asker) => waiting.others.push(asker, job),
        }
        self.arrived.notify_one();
        true
    }

    /// The next job; `None` when there is none and none can come any more.
    pub(super) fn next(&self) -> Option<J> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(job) = waiting.pop() {
                return Some(job);
            }
            if waiting.is_closed {
                return None;
            }
            self.arrived.wait(&mut waiting);
        }
    }

    /// No further job is taken. Those that wait are still done.
    pub(super) fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.arrived.notify_all();
    }
}

impl<J> Waiting<J> {
    fn pop(&mut self) -> Option<J> {
        let other = if self.commit_was_last { self.others.pop() } else { None };
        let is_other = other.is_some();
        let job = other.or_else(|| self.commits.pop_front());
        self.commit_was_last = job.is_some() && !is_other;
        job.or_else(|| self.others.pop())
    }
}

#[cfg(test)]
mod tests {
    use postroad_domain::TenantNo;

    use super::*;

    #[test]
    fn a_commit_waits_for_one_other_job_at_most_and_the_others_take_turns() {
        let jobs = Jobs::default();
        for job in ["a1", "a2", "a3"] {
            assert!(jobs.push(JobKind::Other(Some(TenantNo(1))), job));
        }
        jobs.push(JobKind::Other(Some(TenantNo(2))), "b1");
        for job in ["commit 1", "commit 2", "commit 3"] {
            jobs.push(JobKind::Commit, job);
        }
        jobs.close();
        let order: Vec<_> = std::iter::from_fn(|| jobs.next()).collect();
        assert_eq!(order, ["commit 1", "a1", "commit 2", "b1", "commit 3", "a2", "a3"]);
        assert!(!jobs.push(JobKind::Commit, "too late"), "what waited was done, and nothing more is taken");
    }
}
