//! What the book tells its readers to do is done here, page by page, as a reader does it: in an empty folder, in
//! terminals, with the real program.
//!
//! A comment before each fenced block says what it is ([`page::Mark`]); a block without one fails. Not looked at: what
//! is generated (`docs/api`, `docs/configuration.md`) and the decisions (`docs/adr`).

mod page;
mod terminal;
mod walk;

use std::path::{Path, PathBuf};

use page::Page;

/// The folder of the whole project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every page whose blocks are looked at: the front page and those of the book, with their paths from the root.
fn pages() -> Vec<Page> {
    let mut paths = vec!["README.md".to_owned()];
    for folder in ["docs", "docs/receiving"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("the folder of the book can be read");
        let files = entries.map(|entry| entry.expect("its entries too").path()).filter(|path| path.is_file());
        let names = files.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
        paths.extend(names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")));
    }
    paths.retain(|path| path != "docs/configuration.md");
    paths.sort();
    paths.iter().map(|path| Page::read(&root(), path)).collect()
}

#[test]
fn every_block_of_every_page_is_run_or_says_why_not() {
    let pages = pages();
    let faults: Vec<_> = pages.iter().flat_map(Page::faults).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let run = pages.iter().filter(|page| page.blocks().any(|(_, block)| block.mark.is_typed()));
    let run: Vec<_> = run.map(|page| page.path.as_str()).collect();
    assert_eq!(run, WALKED, "each page with something to run has a test below");
}

/// The tests below and the pages that they walk through, in the order of their paths.
macro_rules! walked {
    ($($name:ident: $path:literal,)*) => {
        const WALKED: &[&str] = &[$($path),*];
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                walk::walk(&Page::read(&root(), $path)).await;
            }
        )*
    };
}

walked! {
    the_front_page_sends_a_first_webhook: "README.md",
    leadsquared_s_own_api_manages_webhooks: "docs/leadsquared.md",
    the_operating_page_backs_up_restores_checks_and_replays: "docs/operating.md",
    leadhub_s_receivers_verify_and_refuse: "docs/receiving/leadhub.md",
    leadsquared_s_receivers_take_what_has_the_secret_and_refuse_the_rest: "docs/receiving/leadsquared.md",
    leanbe_s_receivers_verify_and_refuse: "docs/receiving/leanbe.md",
    sleekplan_s_receivers_verify_and_refuse: "docs/receiving/sleekplan.md",
    the_receivers_of_standard_webhooks_verify_and_refuse: "docs/receiving/standard-webhooks.md",
    five_languages_send_a_webhook: "docs/sending.md",
    the_ten_minute_start_ends_with_a_delivery: "docs/start.md",
}
