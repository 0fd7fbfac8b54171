//! What is so or not so in every subscription, or as a boolean option of it says: `require_https = "options.NAME"`.

use super::{OptionSchema, OptionType, OptionValues};
use crate::{problem::nearest, reader::Section, template::Fact};

/// True or false, or what an option says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptionSwitch {
    /// In every subscription.
    Fixed(bool),
    /// As the option at this place of the profile; one that is not set is false.
    Option(usize),
}

impl OptionSwitch {
    /// Whether it holds for a subscription with these options.
    pub(crate) fn holds(self, options: &OptionValues) -> bool {
        match self {
            Self::Fixed(holds) => holds,
            Self::Option(index) => options.get(index) == Fact::Boolean(true),
        }
    }

    /// The switch that a text names, `options.NAME` of a declared boolean option.
    ///
    /// # Errors
    ///
    /// What is nearest to it among those that there are.
    pub(crate) fn named(text: &str, options: &[OptionSchema]) -> Result<Self, String> {
        let is_switch = |option: &OptionSchema| option.value_type == OptionType::Boolean;
        let is_named = |option: &OptionSchema| text.strip_prefix("options.") == Some(option.name.as_str());
        let found = options.iter().position(|option| is_named(option) && is_switch(option));
        found.map(Self::Option).ok_or_else(|| {
            let switches = options.iter().filter(|option| is_switch(option));
            let switches: Vec<_> = switches.map(|option| format!("options.{}", option.name)).collect();
            nearest(text, switches.iter().map(String::as_str)).map_or_else(
                || "there is none".to_owned(),
                |nearest| format!("the nearest one is `{nearest}`"),
            )
        })
    }

    /// Reads a key whose value is one of two words, the first by default, or a text that names the option that decides: `true`
    /// is the second word.
    pub(crate) fn read(
        section: &Section<'_>,
        key: &'static str,
        [no, yes]: [&str; 2],
        options: &[OptionSchema],
    ) -> Self {
        let Some(text) = section.text(key).map(|text| text.value) else { return Self::Fixed(false) };
        if text == no || text == yes {
            return Self::Fixed(text == yes);
        }
        Self::named(text, options).unwrap_or_else(|hint| {
            section.invalid(key, format!("must be {no}, {yes} or a declared boolean option: {hint}"));
            Self::Fixed(false)
        })
    }
}
