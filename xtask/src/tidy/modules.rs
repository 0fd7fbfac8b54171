//! Which module of a crate imports from which, read from the text.
//!
//! A module is a file. An arrow goes from a module to the one in which a name that it uses is *defined*:
//! * `use` with all its braces, and paths within the code that begin with `crate`, `super`, `self`, an imported module or a child;
//! * a re-export (`pub use`) is a second address of a name and no arrow: whoever uses the name through it has an arrow to the
//!   place of the definition. So a `mod.rs` that only shows its children's names forms no circle with children that use what is
//!   defined in it; both must use each other's names;
//! * `mod child;` is no arrow, and neither is anything within `#[cfg(test)]` modules.
//!
//! On purpose it is no compiler: a name that a macro defines is taken to be where the path leads.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    tokens::{Token, tokens},
    tree::TextFile,
};

/// The names of folders and files that lead to a module; the crate's root has none.
pub(super) type Path = Vec<String>;

/// The modules of one crate.
#[derive(Debug, Default)]
pub(super) struct Modules {
    known: BTreeMap<Path, Module>,
    /// From each module to those whose names it uses, with the line of the first use.
    pub(super) arrows: BTreeMap<Path, BTreeMap<Path, usize>>,
}

#[derive(Debug, Default)]
struct Module {
    file: String,
    /// The names of its items.
    items: BTreeSet<String>,
    uses: Vec<Use>,
    /// Paths within its code, each with its line.
    paths: Vec<(Path, usize)>,
}

/// One name that a `use` brings in.
#[derive(Debug)]
struct Use {
    is_public: bool,
    path: Path,
    /// `*` for all names.
    name: String,
    line: usize,
}

impl Modules {
    /// Reads the sources of a crate, whose paths begin with `source`, such as `crates/engine/src/`.
    pub(super) fn read<'a>(source: &str, files: impl Iterator<Item = &'a TextFile>) -> Self {
        let mut modules = Self::default();
        for file in files {
            let Some(path) = file.path.strip_prefix(source).and_then(|path| path.strip_suffix(".rs")) else {
                continue;
            };
            let mut path: Path = path.split('/').map(str::to_owned).collect();
            if path.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
                path.pop();
            }
            if !path.iter().any(|part| part == "tests") {
                modules.known.insert(path, Module::read(file));
            }
        }
        for from in modules.known.keys() {
            let arrows = modules.arrows_of(from);
            modules.arrows.insert(from.clone(), arrows);
        }
        modules
    }

    /// The file of a module.
    pub(super) fn file_of(&self, path: &Path) -> &str {
        self.known.get(path).map_or("", |module| &module.file)
    }

    /// Every circle, each with its modules in order. Where `owns_children`, an arrow from a module to one that lies within it
    /// does not count: it is made of them.
    pub(super) fn circles(&self, owns_children: bool) -> Vec<Vec<&Path>> {
        let reach: BTreeMap<_, _> =
            self.arrows.keys().map(|from| (from, self.reached_from(from, owns_children))).collect();
        let mut circles = Vec::<Vec<&Path>>::new();
        for from in reach.keys() {
            let is_in = |to: &&Path| {
                reach[*from].contains(*to) && reach.get(*to).is_some_and(|back| back.contains(*from))
            };
            let circle: Vec<&Path> = reach.keys().copied().filter(is_in).collect();
            if circle.first() == Some(from) {
                circles.push(circle);
            }
        }
        circles
    }

    fn reached_from(&self, from: &Path, owns_children: bool) -> BTreeSet<&Path> {
        let (mut reached, mut next) = (BTreeSet::new(), Vec::new());
        let mut at = Some(from);
        while let Some(module) = at {
            for to in self.arrows.get(module).into_iter().flat_map(BTreeMap::keys) {
                if !(owns_children && to.starts_with(module)) && reached.insert(to) {
                    next.push(to);
                }
            }
            at = next.pop();
        }
        reached
    }

    fn arrows_of(&self, from: &Path) -> BTreeMap<Path, usize> {
        let module = &self.known[from];
        let mut arrows = BTreeMap::new();
        let mut add = |to: Path, line: usize| {
            if to != *from {
                arrows.entry(to).or_insert(line);
            }
        };
        // Imported modules and children are beginnings of paths; of them only what is used counts.
        let children =
            self.known.keys().filter(|path| path.len() == from.len() + 1 && path.starts_with(from));
        let mut beginnings: BTreeMap<&str, Path> =
            children.filter_map(|path| Some((path.last()?.as_str(), path.clone()))).collect();
        for used in &module.uses {
            let Some(path) = self.absolute(from, &used.path) else { continue };
            if used.name == "*" {
                if !used.is_public {
                    add(self.definition(&path, 0).0, used.line);
                }
                continue;
            }
            match self.definition(&path, 0) {
                (to, true) if !to.is_empty() => {
                    beginnings.insert(&used.name, path);
                }
                (to, _) if !used.is_public => add(to, used.line),
                _ => {}
            }
        }
        for (path, line) in &module.paths {
            let absolute = match beginnings.get(path[0].as_str()) {
                Some(beginning) => Some([&beginning[..], &path[1..]].concat()),
                None => self.absolute(from, path),
            };
            if let Some(absolute) = absolute {
                add(self.definition(&absolute, 0).0, *line);
            }
        }
        arrows
    }

    /// A path from the root; `None` for one that leads out of the crate.
    fn absolute(&self, from: &Path, path: &[String]) -> Option<Path> {
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([&from[..], &path[1..]].concat()),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let base = from.get(..from.len().checked_sub(ups)?)?;
                Some([base, &path[ups..]].concat())
            }
            first => {
                let child = [&from[..], &[first.to_owned()]].concat();
                self.known.contains_key(&child).then(|| [&from[..], path].concat())
            }
        }
    }

    /// The module in which a path's name is defined, through re-exports, and whether the path is that module itself.
    fn definition(&self, path: &Path, depth: usize) -> (Path, bool) {
        let within = (0..=path.len()).rev().find(|length| self.known.contains_key(&path[..*length]));
        let module = path[..within.unwrap_or_default()].to_vec();
        let Some(name) = path.get(module.len()) else { return (module, true) };
        let rest = &path[module.len() + 1..];
        let uses = self.known.get(&module).map(|module| module.uses.as_slice()).unwrap_or_default();
        // Twenty steps are enough for every honest chain of re-exports.
        for used in uses.iter().filter(|used| depth < 20 && (used.name == *name || used.name == "*")) {
            let Some(target) = self.absolute(&module, &used.path) else { continue };
            if used.name != "*" {
                return self.definition(&[&target[..], rest].concat(), depth + 1);
            }
            let found = self.definition(&[&target[..], &path[module.len()..]].concat(), depth + 1);
            if self.known.get(&found.0).is_some_and(|module| module.items.contains(name)) {
                return found;
            }
        }
        (module, false)
    }
}

impl Module {
    fn read(file: &TextFile) -> Self {
        let tokens = tokens(&file.text);
        let mut module = Self { file: file.path.clone(), ..Self::default() };
        let mut index = 0;
        while index < tokens.len() {
            let before = index.checked_sub(1).map_or("", |before| tokens[before].text);
            match tokens[index].text {
                "use" => {
                    let is_public = ["pub", ")"].contains(&before);
                    index = module.read_use(&tokens, index + 1, Vec::new(), is_public);
                }
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union"
                | "macro_rules" => {
                    let name = tokens.get(index + 1).map(|token| token.text);
                    module.items.extend(name.map(str::to_owned));
                    index += 1;
                }
                text if is_word(text) && !["::", "."].contains(&before) => {
                    index = module.read_path(&tokens, index);
                }
                _ => index += 1,
            }
        }
        module
    }

    /// Reads a tree of a `use` from a place on, behind `prefix`; answers the place behind it.
    fn read_use(&mut self, tokens: &[Token<'_>], mut at: usize, prefix: Path, is_public: bool) -> usize {
        let mut path = prefix.clone();
        let mut name = None;
        while let Some(token) = tokens.get(at) {
            match token.text {
                "::" => {}
                "{" => {
                    at += 1;
                    while tokens.get(at).is_some_and(|token| token.text != "}") {
                        at = self.read_use(tokens, at, path.clone(), is_public);
                    }
                    path.clone_from(&prefix);
                }
                "as" => {
                    at += 1;
                    name = tokens.get(at).map(|token| token.text.to_owned());
                }
                "self" if !path.is_empty() => {}
                "*" => name = Some("*".to_owned()),
                word if is_word(word) => path.push(word.to_owned()),
                _ => break,
            }
            at += 1;
        }
        let line = tokens.get(at.min(tokens.len() - 1)).map_or(0, |token| token.line);
        let is_itself = at > 0 && tokens[at - 1].text == "self";
        if path.len() > prefix.len() || name.is_some() || is_itself {
            let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
            self.uses.push(Use { is_public, path, name, line });
        }
        // The closing brace is for whoever opened it.
        if tokens.get(at).is_some_and(|token| token.text == "}") { at } else { at + 1 }
    }

    /// Reads a path within the code; answers the place behind it.
    fn read_path(&mut self, tokens: &[Token<'_>], mut at: usize) -> usize {
        let line = tokens[at].line;
        let mut path = vec![tokens[at].text.to_owned()];
        while tokens.get(at + 1).is_some_and(|token| token.text == "::")
            && let Some(next) = tokens.get(at + 2).filter(|next| is_word(next.text))
        {
            path.push(next.text.to_owned());
            at += 2;
        }
        if path.len() > 1 {
            self.paths.push((path, line));
        }
        at + 1
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
