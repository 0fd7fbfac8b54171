//! What waits for the writer. A commit of the hot path waits for one other job at most, and these take turns by tenant.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};

use super::WriterThread;
use crate::turns::{Asker, Turns};

pub(super) type Job = Box<dyn FnOnce(&mut WriterThread) + Send>;

/// The queue in front of the writer.
#[derive(Default)]
pub(super) struct Jobs {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    commits: VecDeque<Job>,
    others: Turns<Job>,
    commit_was_last: bool,
    is_closed: bool,
}

/// Which job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobKind {
    /// A commit of events and outcomes.
    Commit,
    /// Anything else, and who asks for it.
    Other(Asker),
}

impl Jobs {
    /// Hands a job over; answers whether there is a writer still.
    pub(super) fn push(&self, kind: JobKind, job: Job) -> bool {
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
    pub(super) fn next(&self) -> Option<Job> {
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

impl Waiting {
    fn pop(&mut self) -> Option<Job> {
        let other = if self.commit_was_last { self.others.pop() } else { None };
        let is_other = other.is_some();
        let job = other.or_else(|| self.commits.pop_front());
        self.commit_was_last = job.is_some() && !is_other;
        job.or_else(|| self.others.pop())
    }
}
