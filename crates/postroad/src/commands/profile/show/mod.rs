//! `postroad profile show`: what a profile says, in words for people who do not read templates.

mod delivery;
mod events;
mod handshakes;
mod page;
mod request;
mod settings;
mod units;

use std::path::Path;

use anyhow::{Context, anyhow};
use postroad_engine::GivenProfile;
use postroad_profile::{Profile, near_word};

use self::page::Page;
use super::CommandError;
use crate::{logging, output, profiles};

/// Shows one of the built-in profiles or of those in `directory`.
///
/// Errors: there is no such profile, one of `directory` is wrong, or nobody reads the output.
pub(super) fn run(name: &str, directory: Option<&Path>) -> Result<(), CommandError> {
    let all = logging::with_warnings(|| profiles::all(directory));
    let all = all.map_err(|problems| CommandError::Failed(anyhow!(profiles::told(&problems))))?;
    let found = all.iter().find(|loaded| loaded.profile.name == name);
    let found = found.ok_or_else(|| CommandError::Usage(unknown(name, &all, directory)))?;
    output::line(in_words(&found.profile)).context("cannot write to standard output")?;
    Ok(())
}

fn unknown(name: &str, all: &[GivenProfile], directory: Option<&Path>) -> String {
    let names: Vec<_> = all.iter().map(|loaded| loaded.profile.name.as_str()).collect();
    let hint = match (near_word(name, names.iter().copied()), directory) {
        (Some(nearest), _) => format!("; the nearest is \"{nearest}\""),
        (None, None) => "; one of your own is found with --profiles DIR".to_owned(),
        (None, Some(_)) => String::new(),
    };
    format!("there is no profile \"{name}\"{hint} (all profiles: {})", names.join(", "))
}

fn in_words(profile: &Profile) -> String {
    let mut page = Page::default();
    page.paragraph(&format!("{} ({})", profile.title, profile.name));
    page.paragraph(&profile.description);
    events::write(profile, &mut page);
    page.section("Request", &request::entries(profile));
    page.section("Signature", &request::signature_entries(profile));
    page.section("Handshakes", &handshakes::entries(profile));
    page.section("Delivery", &delivery::entries(profile));
    page.section("Refused at the door", &delivery::refusals(profile));
    page.section("Options", &settings::options(profile));
    page.section("Attributes of an event", &settings::attributes(profile));
    page.section("Fields of a subscription", &settings::fields(profile));
    page.section("The product's own words", &settings::words(profile));
    page.section("Compatible API", &settings::compatible_api(profile));
    page.into_text()
}
