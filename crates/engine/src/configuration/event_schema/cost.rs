//! What a check can cost: how deep it goes, and how often one value is looked at.
//!
//! The validator goes into schema and data by recursion, remembers nothing while it lists faults, and lists them all
//! before it hands over the first. So a schema that is small as a text can take all the stack, time or memory there is;
//! the bounds here are what keeps it from that.

use std::collections::HashSet;

use postroad_domain::Invalid;
use serde_json::Value;

use super::graph::Subschema;

/// Steps from subschema to subschema on the stack at a time. A step takes at most 1 KiB (measured: `oneOf` with `$ref`,
/// development profile), and a worker thread of tokio has 2 MiB.
const STEPS_MAX: usize = 1_500;
/// Steps that a schema may take at one value.
const STEPS_IN_PLACE_MAX: usize = 64;
/// Looks at one value, with recursion into the data counted once: the validator remembers those.
const LOOKS_PER_VALUE_MAX: u64 = 10_000;
/// Faults that data may have at worst for them to be listed; each takes some 200 bytes.
const LISTED_FAULTS_MAX: u64 = 20_000;
/// Bytes of data whose faults are listed.
const LISTED_DATA_BYTES_MAX: usize = 64 * 1024;
/// Levels of data that are parsed; deeper data is refused.
const LEVELS_MAX: usize = 128;

/// The bounds of one schema.
pub(super) struct Cost {
    steps_in_place: usize,
    /// For each level of the data, the looks at one value there when nothing is remembered. Beyond the end: none.
    looks: Vec<u64>,
}

impl Cost {
    /// Measures a schema; refuses one that never ends or costs too much.
    pub(super) fn of(graph: &[Subschema]) -> Result<Self, Invalid> {
        let in_place = depth_first(graph, |subschema| subschema.in_place.clone());
        if !in_place.cuts.is_empty() {
            return Err(Invalid::new(
                "leads back to itself without going deeper into the data, by `$ref`, `allOf` or the like, so that a \
                 check would never end",
            ));
        }
        let steps_in_place = longest_path(graph, &in_place.order);
        if steps_in_place > STEPS_IN_PLACE_MAX {
            return Err(Invalid::new(format!(
                "asks about one value through more than {STEPS_IN_PLACE_MAX} references and combinations in a row"
            )));
        }
        let all = depth_first(graph, |subschema| {
            [&subschema.in_place[..], &subschema.within, &subschema.within_alone].concat()
        });
        let remembered = looks(graph, &in_place.order, |from, to| !all.cuts.contains(&(from, to)));
        if remembered.iter().any(|looks| *looks > LOOKS_PER_VALUE_MAX) {
            return Err(Invalid::new(format!(
                "combines and refers to its parts so often that it would look at one value more than \
                 {LOOKS_PER_VALUE_MAX} times"
            )));
        }
        Ok(Self { steps_in_place, looks: looks(graph, &in_place.order, |_, _| true) })
    }

    /// Whether a check could go deeper than a worker's stack is.
    pub(super) fn may_overflow_the_stack(&self, data: &Value) -> bool {
        let steps_per_level = self.steps_in_place + 1;
        let fits_always = steps_per_level * (self.looks.len() + 1) <= STEPS_MAX;
        !fits_always && steps_per_level * (levels(data).min(self.looks.len()) + 1) > STEPS_MAX
    }

    /// Whether all faults of the data can be listed at little cost.
    pub(super) fn is_small(&self, text: &str, data: &Value) -> bool {
        text.len() <= LISTED_DATA_BYTES_MAX && self.looks_at(data, 0) <= LISTED_FAULTS_MAX
    }

    fn looks_at(&self, value: &Value, level: usize) -> u64 {
        let Some(own) = self.looks.get(level) else { return 0 };
        children(value).fold(*own, |sum, child| sum.saturating_add(self.looks_at(child, level + 1)))
    }
}

fn levels(value: &Value) -> usize {
    children(value).map(|child| levels(child) + 1).max().unwrap_or(0)
}

fn children(value: &Value) -> impl Iterator<Item = &Value> {
    let (items, members) = match value {
        Value::Array(items) => (Some(items.iter()), None),
        Value::Object(members) => (None, Some(members.values())),
        _ => (None, None),
    };
    items.into_iter().flatten().chain(members.into_iter().flatten())
}

struct DepthFirst {
    /// Every subschema after those it leads to.
    order: Vec<usize>,
    /// The edges that lead back to where the walk came from.
    cuts: HashSet<(usize, usize)>,
}

/// Walks the graph with a stack of its own: a chain of references may be as long as the schema.
fn depth_first(graph: &[Subschema], edges: impl Fn(&Subschema) -> Vec<usize>) -> DepthFirst {
    let mut walk = DepthFirst { order: Vec::with_capacity(graph.len()), cuts: HashSet::new() };
    let mut entered = vec![false; graph.len()];
    let mut left = vec![false; graph.len()];
    for start in 0..graph.len() {
        let mut path: Vec<(usize, std::vec::IntoIter<usize>)> = Vec::new();
        let mut enter = (!entered[start]).then_some(start);
        loop {
            if let Some(place) = enter.take() {
                entered[place] = true;
                path.push((place, edges(&graph[place]).into_iter()));
            }
            let Some((place, rest)) = path.last_mut() else { break };
            match rest.next() {
                Some(next) if !entered[next] => enter = Some(next),
                Some(next) if !left[next] => {
                    walk.cuts.insert((*place, next));
                }
                Some(_) => {}
                None => {
                    left[*place] = true;
                    walk.order.push(*place);
                    path.pop();
                }
            }
        }
    }
    walk
}

fn longest_path(graph: &[Subschema], order: &[usize]) -> usize {
    let mut longest = vec![0; graph.len()];
    for &place in order {
        longest[place] = graph[place].in_place.iter().map(|next| longest[*next] + 1).max().unwrap_or(0);
    }
    longest.into_iter().max().unwrap_or(0)
}

/// For each level of the data, how often the root makes the validator look at one value there.
fn looks(graph: &[Subschema], order: &[usize], counts: impl Fn(usize, usize) -> bool) -> Vec<u64> {
    let mut above = vec![0_u64; graph.len()];
    let mut by_level = Vec::new();
    for level in 0..LEVELS_MAX {
        let mut here = vec![0_u64; graph.len()];
        for &place in order {
            let subschema = &graph[place];
            let counted = |next: &&usize| counts(place, **next);
            let alone = subschema.within_alone.iter().filter(counted).map(|next| above[*next]).max();
            let own = if level == 0 { subschema.weight } else { alone.unwrap_or(0) };
            let within = subschema.within.iter().filter(counted).map(|next| above[*next]);
            let in_place = subschema.in_place.iter().filter(counted).map(|next| here[*next]);
            here[place] = within.chain(in_place).fold(own, u64::saturating_add);
        }
        if here[0] == 0 {
            break;
        }
        by_level.push(here[0]);
        above = here;
    }
    by_level
}
