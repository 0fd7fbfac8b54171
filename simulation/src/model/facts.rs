//! What happened, arranged by what it happened to.

use std::{collections::BTreeMap, time::Duration};

use postroad_domain::{DeliveryId, ErrorClass, delivery::Delivery};
use postroad_store::LaneKey;

use super::spans::{EVER, Span, Spans};
use crate::{
    Told,
    journal::{About, Answer, Call, Entry, How, Queued, Recorded, What},
    plan::{Behaviour, Plan, Trouble},
};

/// How long after a trouble of the disk its consequences may last.
const AFTER_TROUBLE: Duration = Duration::from_secs(3);
/// How long after a start a node may take to look at its lanes.
const AFTER_START: Duration = Duration::from_secs(1);

/// The facts of a story.
pub struct Facts<'a> {
    pub(super) plan: &'a Plan,
    pub(super) lasted: Duration,
    pub(super) entries: &'a [Entry],
    pub(super) exchanges: Vec<Exchange>,
    /// By delivery.
    pub(super) deliveries: BTreeMap<DeliveryId, Known>,
    /// The exchanges for an event and a subscription, in their order.
    pub(super) by_about: BTreeMap<(usize, u64), Vec<usize>>,
    /// The exchanges of a group, in their order, by its delivery.
    by_group: BTreeMap<DeliveryId, Vec<usize>>,
    /// The deliveries of an event to a subscription.
    pub(super) by_target: BTreeMap<(usize, u64), Vec<DeliveryId>>,
    /// What is known of events that were published, whether they were accepted or not.
    pub(super) published: BTreeMap<u64, Published>,
    pub(super) calls: Vec<Asked>,
    pub(super) commits: Vec<CommitSeen>,
    /// Requests that receivers have read.
    pub(super) received: Vec<Received>,
    /// When each subscription was there, and in which lane.
    pub(super) created: BTreeMap<usize, (Duration, LaneKey)>,
    pub(super) deactivated: Vec<(Duration, usize)>,
    /// Times without a node.
    pub(super) down: Spans,
    /// When each of them began.
    pub(super) falls: Vec<Duration>,
    /// Times of trouble, with what follows from it.
    pub(super) trouble: Spans,
    /// Leaps of the wall in seconds.
    pub(super) leaps: Vec<(Duration, i64)>,
    /// The longest commit.
    pub(super) commit_max: Duration,
    /// How long nodes were down that started behind a wall that was set back: nobody can tell them, so everything that is due is
    /// so much later.
    pub(super) lost: Duration,
}

/// An exchange as the engine saw it.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) about: About,
    pub(super) began: Duration,
    /// With what it ended; `None` when the node died or gave it up.
    pub(super) ended: Option<(Duration, Result<u16, ErrorClass>)>,
    /// When that was, or when the node was gone.
    pub(super) over: Duration,
    /// Commits that had begun by then.
    pub(super) commits: usize,
    /// The events of a group, in the order in which they were sent.
    pub(super) carried: Vec<u64>,
}

/// An event that was published.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published {
    /// When it was first tried, and tried last.
    pub(super) asked: Span,
    /// It was to be sent then at the earliest, by the first try and by the last.
    pub(super) deliver_at: Option<Span>,
    pub(super) bytes: u64,
    /// It was accepted, and this was answered.
    pub(super) accepted: Option<Duration>,
}

impl Exchange {
    pub(super) fn succeeded(&self) -> bool {
        matches!(self.ended, Some((_, Ok(200..=299))))
    }

    pub(super) fn failed_at(&self) -> Option<Duration> {
        self.ended.as_ref().filter(|_| !self.succeeded()).map(|(at, _)| *at)
    }
}

/// A request that a receiver has read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    pub(super) at: Duration,
    /// The number of the connection.
    pub(super) connection: u64,
    pub(super) about: About,
    /// The status, and whether its framing is beyond doubt.
    pub(super) answered: Option<(u16, bool)>,
}

/// A delivery.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) subscription: usize,
    /// The first one.
    pub(super) event: u64,
    /// It is a group: its id.
    pub(super) group: Option<DeliveryId>,
    /// Events that were added to it, and when.
    pub(super) joined: Vec<(Duration, u64)>,
    /// Its place among all deliveries, as they came into the queue.
    pub(super) place: usize,
    pub(super) queued: Vec<(Duration, How)>,
    pub(super) recorded: Vec<(Duration, Recorded)>,
    /// When somebody asked to cancel it, and was told that it is.
    pub(super) cancelled: Option<(Duration, Option<Duration>)>,
    pub(super) at_last: Option<Delivery>,
}

impl Known {
    /// It came into the queue once, by its event.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.queued[..], [(_, How::Accepted | How::FannedOut)])
    }

    /// All its events.
    pub(super) fn events(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.event).chain(self.joined.iter().map(|(_, event)| *event))
    }
}

/// A call.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) call: Call,
    pub(super) at: Duration,
    pub(super) answer: Option<(Duration, Answer)>,
}

impl Asked {
    /// When it was answered; never, if it was not.
    pub(super) fn answered_at(&self) -> Duration {
        self.answer.as_ref().map_or(EVER, |(at, _)| *at)
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.answer, Some((_, Answer::Done | Answer::Created(_))))
    }
}

/// A commit.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommitSeen {
    pub(super) began: Duration,
    pub(super) ended: Option<Duration>,
    pub(super) has_events: bool,
}

impl<'a> Facts<'a> {
    /// Arranges what was told.
    pub fn of(told: &'a Told) -> Self {
        let mut facts = Self {
            plan: &told.plan,
            lasted: told.lasted,
            entries: &told.entries,
            exchanges: Vec::new(),
            deliveries: BTreeMap::new(),
            by_about: BTreeMap::new(),
            by_group: BTreeMap::new(),
            published: BTreeMap::new(),
            by_target: BTreeMap::new(),
            calls: Vec::new(),
            commits: Vec::new(),
            received: Vec::new(),
            created: BTreeMap::new(),
            deactivated: Vec::new(),
            down: Spans::default(),
            falls: Vec::new(),
            trouble: Spans::default(),
            leaps: Vec::new(),
            commit_max: Duration::ZERO,
            lost: Duration::ZERO,
        };
        facts.read_lives();
        facts.read_entries();
        for (id, known) in &mut facts.deliveries {
            known.at_last = told.deliveries.get(id).cloned();
        }
        facts.read_troubles();
        let took = |commit: &CommitSeen| commit.ended.map(|ended| ended - commit.began);
        facts.commit_max = facts.commits.iter().filter_map(took).max().unwrap_or_default();
        facts.lost = facts.lost_time();
        facts
    }

    fn read_lives(&mut self) {
        let (mut down, mut since) = (Vec::new(), Some(Duration::ZERO));
        for entry in self.entries {
            match entry.what {
                What::Killed | What::StopAsked(_) if since.is_none() => {
                    since = Some(entry.at);
                    self.falls.push(entry.at);
                }
                What::Ready => down.extend(since.take().map(|from| (from, entry.at + AFTER_START))),
                What::Leapt(seconds) => self.leaps.push((entry.at, seconds)),
                _ => {}
            }
        }
        down.extend(since.map(|from| (from, EVER)));
        self.down = Spans::of(down);
    }

    /// Whether its receiver sends answers that nobody asked for behind ones that are in order. When the next request is on its way
    /// by then, nobody can tell them from its answer.
    pub(super) fn answers_unasked(&self, subscription: usize) -> bool {
        let host = self.plan.subscriptions[subscription].host;
        let phases = &self.plan.hosts[host].phases;
        phases.iter().any(|(_, behaviour)| matches!(behaviour, Behaviour::Misframes { way: 1 }))
    }

    fn lost_time(&self) -> Duration {
        let set_back = self.leaps.iter().filter(|(_, seconds)| *seconds < 0).map(|(at, _)| *at).min();
        let readies = self.entries.iter().filter(|entry| entry.what == What::Ready).map(|entry| entry.at);
        let readies: Vec<_> = readies.collect();
        let of_fall = |fall: &Duration| {
            let ready = readies.iter().find(|ready| *ready >= fall).copied()?;
            set_back.filter(|at| *at <= ready)?;
            // The next node's clock begins behind the newest event.
            let of_events = self.commits.iter().filter(|commit| commit.has_events);
            let last = of_events.filter_map(|commit| commit.ended.filter(|ended| ended <= fall)).max();
            Some(ready - last.unwrap_or_default())
        };
        self.falls.iter().filter_map(of_fall).sum()
    }

    fn read_troubles(&mut self) {
        let of = |(from, to, trouble): &(Duration, Duration, Trouble)| {
            let longer =
                if let Trouble::Slow(times) = trouble { AFTER_TROUBLE * *times } else { AFTER_TROUBLE };
            (*from, *to + longer)
        };
        self.trouble = Spans::of(self.plan.disk.troubles.iter().map(of).collect());
    }

    fn read_entries(&mut self) {
        let (mut open_requests, mut lanes) = (BTreeMap::new(), BTreeMap::new());
        for Entry { at, what } in self.entries {
            let at = *at;
            match what {
                What::Asks(_, call) => self.calls.push(Asked { call: call.clone(), at, answer: None }),
                What::Answers(number, answer) => {
                    self.calls[*number as usize].answer = Some((at, answer.clone()));
                }
                What::CommitBegins(written) => {
                    let has_events = written.events > 0;
                    self.commits.push(CommitSeen { began: at, ended: None, has_events });
                }
                What::CommitEnds(number, _) => self.commits[*number as usize].ended = Some(at),
                What::Created(lane, subscription) => {
                    lanes.insert(*lane, *subscription);
                    self.created.insert(*subscription, (at, *lane));
                }
                What::Deactivated(lane) => {
                    self.deactivated.extend(lanes.get(lane).map(|subscription| (at, *subscription)));
                }
                What::Queued(queued) => self.read_queued(at, queued, &lanes),
                What::Recorded(recorded) => {
                    if let Some(known) = self.deliveries.get_mut(&recorded.delivery) {
                        known.recorded.push((at, *recorded));
                    }
                }
                What::Joined(delivery, lane, event) => {
                    let subscription = lanes.get(lane).copied();
                    if let (Some(known), Some(subscription)) =
                        (self.deliveries.get_mut(delivery), subscription)
                    {
                        known.joined.push((at, *event));
                        self.by_target.entry((subscription, *event)).or_default().push(*delivery);
                    }
                }
                What::Carried(number, delivery, events) => {
                    self.exchanges[*number as usize].carried.clone_from(events);
                    if let Some(delivery) = delivery {
                        self.by_group.entry(*delivery).or_default().push(*number as usize);
                    }
                }
                What::ExchangeBegins(number, about) => self.read_exchange(*number, at, *about),
                What::ExchangeEnds(number, result) => {
                    let exchange = &mut self.exchanges[*number as usize];
                    exchange.ended =
                        Some((at, result.as_ref().map(|status| *status).map_err(|(class, _)| *class)));
                    (exchange.over, exchange.commits) = (at, self.commits.len());
                }
                What::Received(number, connection, about) => {
                    open_requests.insert(*number, self.received.len());
                    let received = Received { at, connection: *connection, about: *about, answered: None };
                    self.received.push(received);
                }
                What::Responded(number, status, is_clear) => {
                    if let Some(index) = open_requests.get(number) {
                        self.received[*index].answered = Some((*status, *is_clear));
                    }
                }
                _ => {}
            }
        }
        self.read_cancels();
        self.read_published();
    }

    fn read_published(&mut self) {
        for asked in &self.calls {
            let Call::Publish { first, count, bytes, deliver_at, .. } = asked.call else { continue };
            let results = match &asked.answer {
                Some((at, Answer::Published(results))) => Some((*at, results)),
                _ => None,
            };
            for (index, event) in (first..first + count).enumerate() {
                let answered = results.filter(|(_, results)| results.get(index).is_some_and(Result::is_ok));
                let moment = deliver_at.map(|at| (at, at));
                let known = self.published.entry(event).or_insert(Published {
                    asked: (asked.at, asked.at),
                    deliver_at: moment,
                    bytes: bytes as u64,
                    accepted: None,
                });
                known.asked.1 = asked.at;
                known.deliver_at = known.deliver_at.zip(moment).map(|(first, last)| (first.0, last.1));
                known.accepted = known.accepted.or(answered.map(|(at, _)| at));
            }
        }
    }

    fn read_exchange(&mut self, number: u64, began: Duration, about: About) {
        debug_assert_eq!(number as usize, self.exchanges.len());
        let over = self.falls.iter().find(|fall| **fall >= began).copied().unwrap_or(self.lasted);
        self.by_about.entry((about.subscription, about.event)).or_default().push(self.exchanges.len());
        self.exchanges.push(Exchange { about, began, ended: None, over, commits: 0, carried: Vec::new() });
    }

    fn read_queued(&mut self, at: Duration, queued: &Queued, lanes: &BTreeMap<LaneKey, usize>) {
        let Some(subscription) = lanes.get(&queued.lane).copied() else { return };
        let place = self.deliveries.len();
        let known = self.deliveries.entry(queued.delivery).or_default();
        if known.queued.is_empty() {
            (known.subscription, known.event, known.place) = (subscription, queued.event, place);
            known.group = queued.is_group.then_some(queued.delivery);
            self.by_target.entry((subscription, queued.event)).or_default().push(queued.delivery);
        }
        known.queued.push((at, queued.how));
    }

    fn read_cancels(&mut self) {
        for asked in &self.calls {
            let Call::Cancel(_, id) = asked.call else { continue };
            let Some(known) = self.deliveries.get_mut(&id) else { continue };
            let answered = asked.is_done().then(|| asked.answered_at());
            let was_refused = asked.answer.is_some() && answered.is_none();
            if known.cancelled.is_none() && !was_refused {
                known.cancelled = Some((asked.at, answered));
            }
        }
    }

    /// The exchanges of a delivery, where they are surely its own.
    pub(super) fn exchanges_of(&self, known: &Known) -> Vec<&Exchange> {
        let indexes = match known.group {
            Some(group) => self.by_group.get(&group),
            None => self.by_about.get(&(known.subscription, known.event)),
        };
        indexes.into_iter().flatten().map(|index| &self.exchanges[*index]).collect()
    }

    /// Deliveries that came into the queue once and share their event and subscription with no other.
    pub(super) fn plain(&self) -> impl Iterator<Item = (&DeliveryId, &Known)> {
        self.deliveries.iter().filter(|(_, known)| {
            let target = (known.subscription, known.event);
            known.is_plain() && self.by_target.get(&target).is_some_and(|ids| ids.len() == 1)
        })
    }

    /// Whether somebody had what waits for a subscription sent at some moment of a span, or tried to.
    pub(super) fn is_sent_now(&self, subscription: usize, (from, to): Span) -> bool {
        self.calls.iter().any(|asked| {
            asked.call == Call::SendNow(subscription) && asked.at <= to && asked.answered_at() >= from
        })
    }

    /// Whether the node was down or the disk in trouble at some moment of a span.
    pub(super) fn is_troubled(&self, span: Span) -> bool {
        self.trouble.touch(span) || self.down.touch(span)
    }

    /// The number of the last event before which nothing of it may be told any more.
    pub(super) fn has_leapt_ahead(&self, (from, to): Span) -> bool {
        self.leaps.iter().any(|(at, seconds)| *seconds > 0 && *at >= from && *at <= to)
    }
}
