//! Who calls: the account of the pair of keys in the query.

use std::{marker::PhantomData, sync::Arc};

use axum::extract::FromRequestParts;
use http::{StatusCode, Uri, request::Parts};
use postroad_domain::{CompatibleApi, TenantId};
use postroad_engine::{LoadedProfile, Origin};
use postroad_profile::Profile;

use super::refusal::Refusal;
use crate::{
    caller::{InTenant, Need, Rights},
    problem::{Code, Problem},
    state::ServerState,
};

/// The option of a tenant by which a field that is not valid is answered as the product does it.
const VENDOR_STATUS_CODES: &str = "vendor_status_codes";

/// A caller who may do `N`.
pub(super) struct Account<N> {
    /// Whose pair it is.
    pub(super) tenant: TenantId,
    /// Who acts, and from where.
    pub(super) by: Origin,
    /// What else they may do.
    pub(super) rights: Rights,
    loaded: Arc<LoadedProfile>,
    invalid: StatusCode,
    need: PhantomData<fn() -> N>,
}

impl<N> Account<N> {
    /// The profile of the tenant.
    pub(super) fn profile(&self) -> &Profile {
        &self.loaded.profile
    }

    /// A refusal with the status codes that this account wants.
    pub(super) fn refuse(&self, problem: Problem) -> Refusal {
        Refusal::new(problem, self.invalid)
    }
}

impl<N: Need> FromRequestParts<ServerState> for Account<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Refusal> {
        Ok(account(parts, state).await?)
    }
}

async fn account<N: Need>(parts: &Parts, state: &ServerState) -> Result<Account<N>, Problem> {
    let key = |name| parameter(&parts.uri, name).ok_or_else(missing_keys);
    let (access_key, secret_key) = (key("accessKey")?, key("secretKey")?);
    let caller = InTenant::<N>::of_pair((&access_key, &secret_key), parts, state).await?;
    let InTenant { tenant, by, rights, .. } = caller;
    let found = state.engine.configuration().option_of(&tenant, VENDOR_STATUS_CODES).await;
    let (loaded, option) = found.map_err(|error| Problem::of_lookup(error, "tenant"))?;
    if loaded.profile.compat != Some(CompatibleApi::Leadsquared) {
        let detail = "The account has another profile now, which has no such API. Use /v1 with a key of the kind `api`.";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let is_as_vendor = option.is_some_and(|option| option == true);
    let invalid = if is_as_vendor { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST };
    Ok(Account { tenant, by, rights, loaded, invalid, need: PhantomData })
}

/// The value of a parameter. There is none where it stands twice, since nobody can say which value is meant.
pub(super) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    let mut values = url::form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name);
    let value = values.next().map(|(_, value)| value.into_owned());
    value.filter(|_| values.next().is_none())
}

fn missing_keys() -> Problem {
    let detail = "The parameters `accessKey` and `secretKey` must stand in the query, each once.";
    Problem::new(Code::Unauthorized, detail)
}
