//! Profiles as they were.

use std::collections::BTreeMap;

use postroad_domain::ProfileNo;

use super::state::State;
use crate::{PutProfile, StoredProfile};

impl State {
    pub(super) fn put_profile(&mut self, put: PutProfile) -> ProfileNo {
        if let Some(known) = self.profiles.iter_mut().find(|known| known.digest == put.digest) {
            known.put_at = put.at;
            return known.no;
        }
        let no = ProfileNo(self.next_number());
        let PutProfile { name, digest, files, at } = put;
        self.profiles.push(StoredProfile { no, name, digest, files, put_at: at });
        no
    }

    pub(super) fn profile(&self, no: ProfileNo) -> Option<StoredProfile> {
        self.profiles.iter().find(|known| known.no == no).cloned()
    }

    /// By name; of two that were last put at one moment, the newer content.
    pub(super) fn latest_profiles(&self) -> Vec<StoredProfile> {
        let mut latest: BTreeMap<&str, &StoredProfile> = BTreeMap::new();
        for known in &self.profiles {
            let of_name = latest.entry(&known.name).or_insert(known);
            if (known.put_at, known.no) > (of_name.put_at, of_name.no) {
                *of_name = known;
            }
        }
        latest.into_values().cloned().collect()
    }
}
