//! The variables of a template for MiniJinja, which looks up `event.id` as the member `id` of `event`. Only those that the
//! template reads are made.

use minijinja::Value;

use super::{Facts, FilterError, Variable, engine};

/// The nested maps that hold the variables.
pub(super) fn of(variables: &[(String, Variable)], facts: &Facts<'_>) -> Result<Value, FilterError> {
    let mut root = Tree::default();
    for (name, variable) in variables {
        root.insert(name, engine::to_value(facts.get(variable)?));
    }
    Ok(root.into_value())
}

/// Names with dots as nested maps.
#[derive(Default)]
struct Tree(Vec<(String, Branch)>);

enum Branch {
    Leaf(Value),
    Tree(Tree),
}

impl Tree {
    fn insert(&mut self, path: &str, value: Value) {
        let Some((first, rest)) = path.split_once('.') else {
            self.0.push((path.to_owned(), Branch::Leaf(value)));
            return;
        };
        let index = self.0.iter().position(|(name, _)| name == first).unwrap_or_else(|| {
            self.0.push((first.to_owned(), Branch::Tree(Tree::default())));
            self.0.len() - 1
        });
        if let Branch::Tree(tree) = &mut self.0[index].1 {
            tree.insert(rest, value);
        }
    }

    fn into_value(self) -> Value {
        Value::from_pairs(self.0.into_iter().map(|(name, branch)| {
            let value = match branch {
                Branch::Leaf(value) => value,
                Branch::Tree(tree) => tree.into_value(),
            };
            (name, value)
        }))
    }
}
