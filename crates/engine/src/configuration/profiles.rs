//! The profiles in force, and those that were: what a delivery sent can be made again after its profile has changed.
//!
//! **Invariant:** a profile has a number only when its files are in the store, so an event can always name one that a
//! later start finds, also when nobody passes it in any more.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::RwLock;
use postroad_domain::{ProfileNo, Timestamp};
use postroad_profile::{Profile, ProfileProblem};
use postroad_store::{PutProfile, Store, StoreError, StoredProfile};

use thiserror::Error;

/// A profile to serve, with the files that it was loaded from.
#[derive(Debug)]
pub struct GivenProfile {
    /// The files by their paths: what is kept in the store.
    pub files: BTreeMap<String, String>,
    /// What they say.
    pub profile: Profile,
}

impl GivenProfile {
    /// Checks the files of a profile.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn load(files: BTreeMap<String, String>) -> Result<Self, Vec<ProfileProblem>> {
        let profile = Profile::load(&files)?;
        Ok(Self { files, profile })
    }
}

/// The profiles that are part of the program.
pub fn built_in_profiles() -> Vec<GivenProfile> {
    let load = |(name, files)| {
        GivenProfile::load(files).unwrap_or_else(|problems| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            panic!("the built-in profile {name} is broken: {}", problems.join("; "))
        })
    };
    postroad_profile::built_in().into_iter().map(load).collect()
}

/// A profile and its number in the store.
#[derive(Debug)]
pub struct LoadedProfile {
    /// Its number.
    pub no: ProfileNo,
    /// What its files say.
    pub profile: Profile,
}

/// Why a profile of an earlier time cannot be had.
#[derive(Debug, Error)]
pub(crate) enum ProfileError {
    /// It is not there, or this version does not read its language any more: trying again does not help.
    #[error("the profile that it was created with cannot be used: {0}")]
    Unusable(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All profiles of an engine.
pub(crate) struct Profiles {
    store: Arc<dyn Store>,
    by_name: BTreeMap<String, Arc<LoadedProfile>>,
    /// Those of today, and the earlier ones that were asked for. An operator edits profiles now and then, so they are few.
    by_no: RwLock<HashMap<ProfileNo, Arc<LoadedProfile>>>,
}

impl Profiles {
    /// Keeps the given profiles in the store. A name that was in use and is not given any more goes on as it was last,
    /// so that the deliveries of its tenants can be sent.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        given: Vec<GivenProfile>,
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut by_name = BTreeMap::new();
        for GivenProfile { files, profile } in given {
            let put = PutProfile {
                name: profile.name.clone(),
                digest: profile.digest,
                files: serde_json::to_vec(&files).unwrap_or_default(),
                at,
            };
            let no = store.put_profile(put).await?;
            by_name.insert(profile.name.clone(), Arc::new(LoadedProfile { no, profile }));
        }
        for stored in store.latest_profiles().await? {
            if by_name.contains_key(&stored.name) {
                continue;
            }
            tracing::warn!(
                profile = stored.name,
                "this profile is not given any more; it goes on as it was last"
            );
            match load(&stored) {
                Ok(loaded) => drop(by_name.insert(stored.name, Arc::new(loaded))),
                Err(error) => tracing::error!(%error, "a stored profile cannot be used"),
            }
        }
        let by_no = by_name.values().map(|loaded| (loaded.no, Arc::clone(loaded))).collect();
        Ok(Self { store, by_name, by_no: RwLock::new(by_no) })
    }

    /// Those in force, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<LoadedProfile>> {
        self.by_name.values()
    }

    /// The one in force of that name.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Arc<LoadedProfile>> {
        self.by_name.get(name)
    }

    /// A profile as it was.
    pub(crate) async fn by_no(&self, no: ProfileNo) -> Result<Arc<LoadedProfile>, ProfileError> {
        if let Some(loaded) = self.by_no.read().get(&no) {
            return Ok(Arc::clone(loaded));
        }
        let missing = || ProfileError::Unusable(format!("number {} is not in the store", no.0));
        let stored = self.store.profile(no).await?.ok_or_else(missing)?;
        let loaded = Arc::new(load(&stored)?);
        self.by_no.write().insert(no, Arc::clone(&loaded));
        Ok(loaded)
    }
}

fn load(stored: &StoredProfile) -> Result<LoadedProfile, ProfileError> {
    let damaged = |why: String| ProfileError::Unusable(format!("{}: {why}", stored.name));
    let files: BTreeMap<String, String> =
        serde_json::from_slice(&stored.files).map_err(|error| damaged(error.to_string()))?;
    let profile = Profile::load(&files)
        .map_err(|problems| damaged(problems.first().map_or_else(String::new, ToString::to_string)))?;
    Ok(LoadedProfile { no: stored.no, profile })
}
