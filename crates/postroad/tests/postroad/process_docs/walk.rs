//! A reader who does what a page says, from its first line to its last.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use postroad_testkit::poll_for;
use tempfile::TempDir;

use super::{
    page::{Block, Mark, Page},
    root,
    terminal::Terminal,
};

/// How the first page starts the server.
const SERVER: &str = "postroad serve --admin-key my-secret-admin-key --allow-subnet 127.0.0.0/8,::1/128";
/// Where a server says that it can be asked.
const LISTENING: &str = "listening on";

struct Reader {
    folder: TempDir,
    host: String,
    own: Terminal,
    others: BTreeMap<String, Terminal>,
    /// The last command and what it said.
    last: (String, String),
}

/// Does what the page says; panics at the first thing that is not as it says.
pub(crate) async fn walk(page: &Page) {
    let mut reader = Reader::new();
    let blocks: Vec<_> = page.blocks().collect();
    for (index, (place, block)) in blocks.iter().enumerate() {
        let expected = blocks.get(index + 1).map_or("", |(_, next)| next.text.as_str());
        if let Err(fault) = reader.follow(block, expected).await {
            panic!("{place}: {fault}\n{}", reader.everything());
        }
    }
}

impl Reader {
    fn new() -> Self {
        let folder = TempDir::new().expect("the machine has temporary folders");
        // The whole of 127.0.0.0/8 is this machine: with an address of its own a page has every port for itself.
        static WALKS: AtomicU32 = AtomicU32::new(1);
        let (walk, pid) = (WALKS.fetch_add(1, Ordering::Relaxed), std::process::id());
        let host = format!("127.{}.{}.{}", 64 + walk, (pid >> 8) % 256, pid % 254 + 1);
        let tools = root().join("target/tools");
        if !(tools.join("node/installed").exists() && tools.join("python/installed").exists()) {
            let installed = std::process::Command::new(root().join("scripts/install-peers")).status();
            assert!(installed.expect("a shell").success(), "scripts/install-peers");
        }
        // Node looks for packages beside the program that asks for them.
        std::os::unix::fs::symlink(tools.join("node/node_modules"), folder.path().join("node_modules"))
            .expect("the folder is empty");
        let own = Terminal::open(folder.path(), &host);
        Self { folder, host, own, others: BTreeMap::new(), last: Default::default() }
    }

    async fn follow(&mut self, block: &Block, next: &str) -> Result<(), String> {
        let text = self.here(&block.text);
        match &block.mark {
            Mark::Run => self.run(&text).await,
            Mark::RunInstead(command) => self.run(command).await,
            Mark::RunUntilItFits => self.run_until(&text, &self.here(next)).await,
            Mark::Server => self.open("server", SERVER, LISTENING).await,
            Mark::Terminal { name, until } => self.open(name, &text, &self.here(until)).await,
            Mark::EndOfTerminal(name) => self.others.remove(name).map(drop).ok_or("no such terminal".into()),
            Mark::FilesOf(path) => self.save_files_of(path),
            Mark::File(name) => self.save(name, &text),
            Mark::AsIn(path) => same(&block.text, &root().join(path)),
            Mark::Output if fits(&text, &self.last.1) => Ok(()),
            Mark::Output => Err("this is not what the command says".into()),
            Mark::OutputOf(name) => self.expect_from(name, &text).await,
            Mark::NotRun => Ok(()),
        }
    }

    fn save_files_of(&self, path: &str) -> Result<(), String> {
        let page = Page::read(&root(), path);
        page.blocks().try_for_each(|(_, block)| match &block.mark {
            Mark::File(name) => self.save(name, &self.here(&block.text)),
            _ => Ok(()),
        })
    }

    fn save(&self, name: &str, text: &str) -> Result<(), String> {
        std::fs::write(self.folder.path().join(name), text).map_err(|error| format!("{name}: {error}"))
    }

    async fn run(&mut self, commands: &str) -> Result<(), String> {
        let said = self.own.run(commands).await;
        self.last = (commands.to_owned(), said.clone().unwrap_or_else(|said| said));
        said.map(drop).map_err(|_| "this fails".into())
    }

    async fn run_until(&mut self, commands: &str, expected: &str) -> Result<(), String> {
        let own = &mut self.own;
        let said = poll_for("the output that the page shows", async || {
            let said = own.run(commands).await;
            match said {
                Ok(said) if !fits(expected, &said) => None,
                ended => Some(ended),
            }
        });
        let said = said.await.map_err(|said| format!("this fails: {said}"))?;
        self.last = (commands.to_owned(), said);
        Ok(())
    }

    async fn open(&mut self, name: &str, commands: &str, until: &str) -> Result<(), String> {
        self.others.remove(name);
        self.others.insert(name.to_owned(), Terminal::with(self.folder.path(), &self.host, name, commands));
        self.expect_from(name, until).await
    }

    async fn expect_from(&mut self, name: &str, expected: &str) -> Result<(), String> {
        let terminal = self.others.get_mut(name).ok_or("no such terminal")?;
        let fitted = poll_for("what a terminal should say", async || {
            let ended = terminal.has_ended();
            let fitted = fits(expected, &terminal.said());
            (fitted || ended).then_some(fitted)
        });
        if fitted.await { Ok(()) } else { Err(format!("the terminal `{name}` ended without saying this")) }
    }

    /// With the addresses and ports of this walk.
    fn here(&self, text: &str) -> String {
        text.replace("127.0.0.1", &self.host).replace("8080", "18080").replace("9000", "19000")
    }

    /// What every terminal said, for the failure's text.
    fn everything(&self) -> String {
        let others = self.others.iter().map(|(name, terminal)| format!("-- {name}:\n{}\n", terminal.said()));
        format!("-- own terminal:\n{}\n{}", self.own.said(), others.collect::<String>())
    }
}

/// Whether the parts between the `…` come in their order. White space is layout and not looked at.
fn fits(expected: &str, said: &str) -> bool {
    let dense = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (expected, said) = (dense(expected), dense(said));
    let mut rest = said.as_str();
    expected.split('…').all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

fn same(text: &str, path: &Path) -> Result<(), String> {
    let there = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    // A program's file may begin with what the page says in its own words.
    if there.ends_with(text) { Ok(()) } else { Err(format!("{} is another text", path.display())) }
}

#[test]
fn output_fits_by_its_parts_in_their_order() {
    assert!(fits(
        "{\n  \"id\": \"evt_…\",\n  …\"deliveries\": 1\n}",
        r#"{"id":"evt_1","a":2,"deliveries":1}"#
    ));
    assert!(!fits("b … a", "a b") && fits("", "anything"));
}
