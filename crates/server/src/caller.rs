//! Who calls, and what they may do: the one place that judges keys, and reads them but for the pair that stands where a product's own
//! API wants it.
//!
//! A handler takes one of the types of this module, which names the scope that its callers need; without one it could not
//! even say who acts. `tests/api/scopes.rs` goes over every route of the OpenAPI document with a key of each scope.
//!
//! **Invariants**
//! * A handler runs only for a caller who may do what it does, and that is known before the body is read: nobody without a
//!   key makes the server read one.
//! * A tenant's key sees no other tenant: its paths answer 404, whether there is such a tenant or not.

use std::{marker::PhantomData, net::SocketAddr, sync::Arc};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{header, request::Parts};
use postroad_domain::{
    Actor, Scope, TenantId,
    ids::{Id, Kind},
};
use postroad_engine::{KnownKey, Origin};

use crate::{
    path::{ObjectPath, TenantPath},
    problem::{Code, Problem},
    state::ServerState,
};

/// What the callers of a handler need.
pub(crate) trait Need: Send + Sync {
    /// The scope; `None` when any key of the tenant will do.
    const SCOPE: Option<Scope>;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident = $scope:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}
        impl Need for $name {
            const SCOPE: Option<Scope> = $scope;
        }
    )*};
}

needs! {
    /// Any key of the tenant.
    AnyScope = None;
    /// `events:write`.
    EventsWrite = Some(Scope::EventsWrite);
    /// `subscriptions:read`.
    SubscriptionsRead = Some(Scope::SubscriptionsRead);
    /// `subscriptions:write`.
    SubscriptionsWrite = Some(Scope::SubscriptionsWrite);
    /// `deliveries:read`.
    DeliveriesRead = Some(Scope::DeliveriesRead);
    /// `deliveries:retry`.
    DeliveriesRetry = Some(Scope::DeliveriesRetry);
}

/// Whoever holds the admin key.
pub(crate) struct Operator {
    /// Who acts, and from where.
    pub(crate) by: Origin,
}

/// Whoever holds any valid key.
pub(crate) struct AnyCaller;

/// A caller who may do `N` in the tenant of the path.
pub(crate) struct InTenant<N> {
    /// The `{tenant}` of the path.
    pub(crate) tenant: TenantId,
    /// Who acts, and from where.
    pub(crate) by: Origin,
    /// What else they may do.
    pub(crate) rights: Rights,
    need: PhantomData<fn() -> N>,
}

/// A caller who may do `N` with an object of the tenant of the path.
pub(crate) struct ObjectOf<N, K> {
    /// The `{tenant}` of the path.
    pub(crate) tenant: TenantId,
    /// The `{id}` of the path.
    pub(crate) id: Id<K>,
    /// Who acts, and from where.
    pub(crate) by: Origin,
    /// What else they may do.
    pub(crate) rights: Rights,
    need: PhantomData<fn() -> N>,
}

/// What a caller may do.
#[derive(Clone, Debug)]
pub(crate) enum Rights {
    /// Everything.
    Admin,
    /// What the key names, in its tenant.
    Key(Arc<KnownKey>),
}

impl Rights {
    /// Whether the caller may do this in the tenant of the path.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Admin => true,
            Self::Key(key) => key.may(scope),
        }
    }

    async fn of(parts: &Parts, state: &ServerState) -> Result<Self, Problem> {
        let key = given_key(parts)?;
        if state.admin_key.matches(key) {
            return Ok(Self::Admin);
        }
        Ok(Self::Key(state.engine.configuration().key(key).await?))
    }

    fn by(&self, parts: &Parts) -> Origin {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let actor = match self {
            Self::Admin => Actor::Admin,
            Self::Key(key) => key.actor(),
        };
        Origin { actor, address }
    }

    /// Refuses the key of another tenant as if this one were not there.
    fn check_tenant(&self, tenant: &TenantId) -> Result<(), Problem> {
        match self {
            Self::Key(key) if key.tenant() != tenant => Err(Problem::not_found("tenant")),
            Self::Admin | Self::Key(_) => Ok(()),
        }
    }

    fn check_scope(&self, scope: Option<Scope>) -> Result<(), Problem> {
        match scope.filter(|scope| !self.may(*scope)) {
            None => Ok(()),
            Some(scope) => {
                let detail =
                    format!("This needs a key with the scope `{}`, which yours lacks.", scope.as_str());
                Err(Problem::new(Code::Forbidden, detail))
            }
        }
    }
}

impl FromRequestParts<ServerState> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Problem> {
        let rights = Rights::of(parts, state).await?;
        if matches!(rights, Rights::Key(_)) {
            if let Ok(TenantPath(tenant)) = TenantPath::from_request_parts(parts, state).await {
                rights.check_tenant(&tenant)?;
            }
            return Err(Problem::new(
                Code::Forbidden,
                "This needs the admin key: no key of a tenant may do it.",
            ));
        }
        Ok(Self { by: rights.by(parts) })
    }
}

impl FromRequestParts<ServerState> for AnyCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Problem> {
        Rights::of(parts, state).await.map(|_| Self)
    }
}

impl<N: Need> FromRequestParts<ServerState> for InTenant<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Problem> {
        let rights = Rights::of(parts, state).await?;
        let TenantPath(tenant) = TenantPath::from_request_parts(parts, state).await?;
        rights.check_tenant(&tenant)?;
        rights.check_scope(N::SCOPE)?;
        Ok(Self { tenant, by: rights.by(parts), rights, need: PhantomData })
    }
}

impl<N: Need> InTenant<N> {
    /// Whoever brings this pair of keys, which a product's own API takes: the tenant is that of the pair.
    pub(crate) async fn of_pair(
        (access_key, secret_key): (&str, &str),
        parts: &Parts,
        state: &ServerState,
    ) -> Result<Self, Problem> {
        let key = state.engine.configuration().key_pair(access_key, secret_key).await?;
        let (tenant, rights) = (key.tenant().clone(), Rights::Key(key));
        rights.check_scope(N::SCOPE)?;
        Ok(Self { tenant, by: rights.by(parts), rights, need: PhantomData })
    }
}

impl<N: Need, K: Kind> FromRequestParts<ServerState> for ObjectOf<N, K> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Problem> {
        let InTenant { tenant, by, rights, need } = InTenant::<N>::from_request_parts(parts, state).await?;
        let ObjectPath(id) = ObjectPath::from_request_parts(parts, state).await?;
        Ok(Self { tenant, id, by, rights, need })
    }
}

/// The key that a request carries, whether it is one or not.
pub(crate) fn given_key(parts: &Parts) -> Result<&str, Problem> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
        return Err(refused("The header `Authorization: Bearer <key>` is missing."));
    };
    let key = value.to_str().ok().and_then(bearer);
    key.ok_or_else(|| refused("The header `Authorization` must be `Bearer <key>`."))
}

/// The key behind the scheme, whose letters may be of any case (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim_matches(' '))
}

fn refused(detail: &str) -> Problem {
    Problem::new(Code::Unauthorized, detail)
}
