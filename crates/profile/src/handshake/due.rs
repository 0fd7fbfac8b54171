//! Which handshakes are made.

use super::{Handshake, Occasion};
use crate::{Profile, input::RenderInput, template::Condition};

impl Profile {
    /// The handshakes that are made for a subscription with these facts on one of the occasions, by their places in
    /// [`Profile::handshakes`]; on any where none is given. One that signs is left out where there is no secret. A condition that
    /// cannot be evaluated counts as one that holds: its handshake says why it fails.
    pub fn handshakes_due(&self, input: &RenderInput<'_>, occasions: Option<&[Occasion]>) -> Vec<usize> {
        let facts = self.facts(input);
        let is_due = |handshake: &Handshake| {
            let is_named = handshake.is_on(occasions);
            let can_sign = !input.secrets.is_empty() || !handshake.signs();
            let holds = |when: &Condition| when.holds(&self.environment, &facts).unwrap_or(true);
            is_named && can_sign && handshake.when.as_ref().is_none_or(holds)
        };
        let numbered = self.handshakes.iter().enumerate();
        numbered.filter(|(_, handshake)| is_due(handshake)).map(|(place, _)| place).collect()
    }
}
