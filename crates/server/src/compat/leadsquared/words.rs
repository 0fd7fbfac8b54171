//! Values that this API's callers write in more than one way.

use postroad_domain::{Invalid, limits::Bounds};
use postroad_engine::whole_number;
use postroad_profile::Profile;
use serde::Serialize;
use serde_json::Number;

use crate::check::{Field, Read};

/// The wire code of an event that is named by its code, its title or its number; a name that the profile does not have stays as it is.
pub(super) fn code_of(profile: &Profile, event: String) -> String {
    let number = event.trim().parse().ok();
    let numbered =
        number.and_then(|number| profile.catalogue.numbered(number)).map(|entry| entry.name.clone());
    let named = || profile.catalogue.resolve(&event).map(String::from);
    numbered.or_else(named).unwrap_or(event)
}

/// Pages that one webhook may name, as a list or as a text with commas between them.
const PAGE_URLS_MAX: usize = 100;

/// A text, or a number that the product's pages write as a text.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Word(pub(super) String);

impl Word {
    /// The word, if it is not empty: an empty one stands for none.
    pub(super) fn given(self) -> Option<String> {
        Some(self.0).filter(|text| !text.trim().is_empty())
    }

    /// A whole number within its bounds.
    pub(super) fn number(&self, bounds: Bounds<u32>) -> Result<u32, Invalid> {
        // What is no number at all is told so with the bounds.
        let number = self.0.trim().parse().unwrap_or_else(|_| Number::from(-1));
        whole_number(&number, bounds)
    }
}

impl Read for Word {
    fn read(field: Field<'_>) -> Option<Self> {
        field.text_or_number().map(Self)
    }

    fn stand_in() -> Self {
        Self(String::new())
    }
}

/// Addresses of pages.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct PageUrls(pub(super) Vec<String>);

impl Read for PageUrls {
    fn read(field: Field<'_>) -> Option<Self> {
        if !field.is_text() {
            return field.list(PAGE_URLS_MAX, Field::text).map(Self);
        }
        let text = field.text()?;
        let urls = text.split(',').map(str::trim).filter(|url| !url.is_empty());
        Some(Self(urls.map(str::to_owned).collect()))
    }

    fn stand_in() -> Self {
        Self(Vec::new())
    }
}
