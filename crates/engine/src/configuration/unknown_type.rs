//! A name that leads to no event type of a tenant: the words for whoever wrote it.

use std::fmt;

use postroad_domain::Invalid;

/// A name that leads to no event type of the tenant. As text it reads on after the name of its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownType {
    /// The names that are spelt most alike.
    pub nearest: Vec<String>,
    /// What is wrong with the name itself, where the profile takes names that it does not list.
    pub misspelt: Option<Invalid>,
}

impl fmt::Display for UnknownType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.misspelt {
            Some(why) => write!(out, "cannot be the name of an event type, which {why}")?,
            None => out.write_str("is not an event type of this tenant")?,
        }
        match (self.nearest.as_slice(), &self.misspelt) {
            ([], Some(_)) => Ok(()),
            ([], None) => {
                out.write_str("; GET /v1/profiles/{profile} and GET …/event-types list those that there are")
            }
            ([only], _) => write!(out, "; the nearest is {only}"),
            (many, _) => write!(out, "; the nearest are {}", many.join(", ")),
        }
    }
}
