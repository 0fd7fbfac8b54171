//! The lives of a node: each begins on what the last one left, and ends as the plan says.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use postroad_engine::{Engine, GivenProfile, Notifying, Parts, Retention, RetentionMetrics, SecretBox};
use postroad_store::Store;
use prometheus_client::{encoding::text::encode, registry::Registry};
use tokio::{
    runtime::Builder,
    time::{sleep, timeout},
};

use crate::{
    journal::What,
    network::WatchedEgress,
    plan::{End, Ending, KEYED_PROFILE},
    random::rng,
    steps,
    store::{Disk, SimulatedStore},
    world::Shared,
};

/// The profiles of stories.
const PROFILES: [&str; 2] = ["standard", "leadhub"];
/// What the profile with keys of groups has beside what `standard` has. Which events are grouped its subscriptions say.
const KEYS: &str =
    "[group]\nwindow = \"1m\"\nevents = 'of\\.none'\nkey = \"{{ event.data.k }}\"\n\n[delivery]\n";
/// Between two looks at the memory of the lanes.
const MEMORY_LOOKS: Duration = Duration::from_secs(5);
const KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// What is left at the end of a life that ends with the story.
pub(crate) type AtLast = Arc<SimulatedStore>;

/// Lives one life; `look` is called at the end of the last one, which has no `end`. Answers the number of the next commit.
pub(crate) fn live<T>(
    world: &Shared,
    (number, commits): (u64, u32),
    end: Option<&End>,
    look: impl AsyncFnOnce(AtLast) -> T,
) -> (u32, Option<T>) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime on this thread can be built");
    runtime.block_on(async {
        world.begin_life();
        world.clock.begin_life();
        while world.leap_if_due() {}
        world.journal.note(What::Starts);
        let (plan, clock) = (&world.plan, world.clock.clone());
        let disk = Disk::new(&plan.disk, (plan.seed, number), commits, plan.calm_from, clock);
        let store = Arc::new(SimulatedStore::open(&world.durable, disk.clone(), world.journal.clone()));
        let looked = match end {
            Some(end) => {
                let lived = async {
                    let engine = start(world, number, &store).await?;
                    die(world, &engine, &disk, end).await;
                    note_rescues(world, &engine);
                    Some(())
                };
                // Also a start may be cut short.
                let _ = timeout(dies_at_latest(world, end), lived).await;
                if !matches!(end.how, Ending::Stop { .. }) {
                    world.journal.note(What::Killed);
                }
                None
            }
            None => {
                let engine = start(world, number, &store).await;
                world.until(plan.until).await;
                if let Some(engine) = engine {
                    note_rescues(world, &engine);
                }
                Some(look(Arc::clone(&store)).await)
            }
        };
        world.clock.end_life(end.map_or(Duration::ZERO, |end| end.down_for));
        (disk.commits(), looked)
    })
}

/// A life that is not over by then is ended.
fn dies_at_latest(world: &Shared, end: &End) -> Duration {
    let rest = end.at.saturating_sub(world.clock.elapsed());
    match end.how {
        Ending::Kill => rest,
        Ending::KillInCommit { .. } => rest + Duration::from_secs(5),
        Ending::Stop { grace } => rest + grace + Duration::from_secs(120),
    }
}

async fn start(world: &Shared, number: u64, store: &Arc<SimulatedStore>) -> Option<Arc<Engine>> {
    let plan = &world.plan;
    let files = postroad_profile::built_in().into_iter();
    let mut files: BTreeMap<_, _> = files.filter(|(name, _)| PROFILES.contains(&name.as_str())).collect();
    let mut keyed = files["standard"].clone();
    let text = keyed.get_mut("profile.toml").expect("a profile has a text");
    *text = text.replace("name = \"standard\"", &format!("name = \"{KEYED_PROFILE}\""));
    *text = text.replace("[delivery]\n", KEYS);
    files.insert(KEYED_PROFILE.to_owned(), keyed);
    let profiles = files.into_values().map(|files| GivenProfile::load(files).expect("its profile is right"));
    let parts = Parts {
        store: Arc::clone(store) as Arc<dyn Store>,
        egress: Arc::new(WatchedEgress::new(world.network.clone())),
        clock: Arc::new(world.clock.clone()),
        rng: rng(plan.seed, "engine", number),
        secrets: SecretBox::parse(KEY).expect("this is a key"),
        profiles: profiles.collect(),
        deactivate_after: None,
        notifying: Notifying::default(),
        node_name: "simulation".to_owned(),
    };
    let engine = match Engine::start(parts).await {
        Ok(engine) => engine,
        Err(error) => {
            world.journal.note(What::DidNotStart(error.to_string()));
            return None;
        }
    };
    let retention = Retention { age_max: plan.retention, bytes_max: None };
    engine.upkeep().keep_within(retention, RetentionMetrics::default());
    world.journal.note(What::Ready);
    for thread in 0..plan.threads.len() {
        tokio::spawn(steps::person(Shared::clone(world), Arc::clone(&engine), thread));
    }
    tokio::spawn(move_the_wall(Shared::clone(world)));
    tokio::spawn(note_troubles(Shared::clone(world)));
    tokio::spawn(note_memory(Shared::clone(world), Arc::clone(&engine)));
    Some(engine)
}

/// Ends when the life does.
async fn die(world: &Shared, engine: &Engine, disk: &Disk, end: &End) {
    world.until(end.at).await;
    match end.how {
        Ending::Kill => {}
        Ending::KillInCommit { behind } => {
            disk.die_in_commit(behind);
            disk.died().await;
        }
        Ending::Stop { grace } => {
            world.journal.note(What::StopAsked(grace));
            world.stop_asking();
            let asked = world.clock.elapsed();
            let _ = timeout(grace, world.all_answered()).await;
            engine.stop(grace.saturating_sub(world.clock.elapsed() - asked)).await;
            world.journal.note(What::Stopped);
        }
    }
}

async fn move_the_wall(world: Shared) {
    while let Some(at) = world.next_leap() {
        world.until(at).await;
        world.leap_if_due();
    }
}

async fn note_troubles(world: Shared) {
    let now = world.clock.elapsed();
    let troubles = &world.plan.disk.troubles;
    let begins = troubles.iter().map(|(from, _, trouble)| (*from, *trouble, true));
    let mut turns: Vec<_> =
        begins.chain(troubles.iter().map(|(_, to, trouble)| (*to, *trouble, false))).collect();
    turns.sort_by_key(|(at, _, _)| *at);
    for (at, trouble, begins) in turns.into_iter().filter(|(at, _, _)| *at > now) {
        world.until(at).await;
        world.journal.note(What::Trouble(trouble, begins));
    }
}

fn note_rescues(world: &Shared, engine: &Engine) {
    let lanes = engine.metrics().lanes_rescued();
    if lanes > 0 {
        world.journal.note(What::Rescued(lanes));
    }
}

async fn note_memory(world: Shared, engine: Arc<Engine>) {
    let mut registry = Registry::default();
    engine.metrics().register(&mut registry);
    let mut last = 0;
    while world.clock.elapsed() < world.plan.calm_from {
        sleep(MEMORY_LOOKS).await;
        engine.refresh_gauges();
        let mut text = String::new();
        if encode(&mut text, &registry).is_err() {
            return;
        }
        let line = text.lines().find(|line| line.starts_with("lanes_memory_bytes"));
        let bytes = line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok());
        if let Some(bytes) = bytes.filter(|bytes| *bytes != last) {
            last = bytes;
            world.journal.note(What::Memory(bytes));
        }
    }
}
