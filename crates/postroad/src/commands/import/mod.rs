//! `postroad import svix`: tenants and subscriptions of what another sender of webhooks holds.
//!
//! ```text
//! source: applications, endpoints, event types ─▶ plan: what they are here ─▶ apply: compare, create, change ─▶ report
//! ```
//!
//! **Invariant:** nothing is changed at the other server. **Invariant:** running it again changes nothing where nothing
//! changed there: a tenant is known by its id, a subscription by its name, which is the endpoint's id
//! (`plan::mark`). **Invariant:** no secret is printed. **Invariant:** what could not be carried over is told, object by
//! object, and keeps nothing else from being carried over.
//!
//! Lacking on purpose: messages and their attempts, which age away, and deleting what is not there any more.

mod apply;
mod plan;
mod report;
mod source;

use anyhow::{Context, anyhow};
use postroad_client::Client;

use self::{apply::Importer, report::Report, source::Source};
use super::{
    CommandError,
    remote::{self, Remote},
};

/// What the command line of `import svix` said; unchecked.
#[derive(Clone, Debug, Default)]
pub struct ImportArguments {
    /// The other server.
    pub url: String,
    /// Its token; else from the environment.
    pub token: Option<String>,
    /// The profile of tenants that are new.
    pub profile: String,
    /// Whether the schemas of event types stay behind.
    pub without_schemas: bool,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
    /// One JSON object in place of lines.
    pub json: bool,
    /// Where to.
    pub remote: Remote,
}

/// Reads there, writes here, and tells it. `variable` looks into the environment.
///
/// Errors: the arguments make no sense, a server does not answer, or something could not be carried over.
pub async fn run(
    arguments: ImportArguments,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), CommandError> {
    let token = arguments.token.clone().or_else(|| variable("POSTROAD_IMPORT_TOKEN"));
    let token = token.filter(|token| !token.is_empty()).ok_or_else(|| {
        CommandError::Usage(
            "a token is needed: --token TOKEN, or POSTROAD_IMPORT_TOKEN in the environment".to_owned(),
        )
    })?;
    let source = Source::new(&arguments.url, &token)?;
    let client = arguments.remote.client(&variable)?;
    let mut report = Report::new(arguments.dry_run, arguments.json);
    carry_over(&arguments, source, client, &mut report).await?;
    report.end().context("cannot write to standard output")?;
    match report.refused() {
        0 => Ok(()),
        1 => Err(anyhow!("one object could not be carried over").into()),
        count => Err(anyhow!("{count} objects could not be carried over").into()),
    }
}

async fn carry_over(
    arguments: &ImportArguments,
    source: Source,
    client: Client,
    report: &mut Report,
) -> Result<(), CommandError> {
    let event_types = source.event_types().await?;
    let event_types = plan::event_types(event_types, !arguments.without_schemas);
    let mut importer = Importer {
        client,
        profile: arguments.profile.clone(),
        is_dry_run: arguments.dry_run,
        event_types,
        tenants: Vec::new(),
    };
    let mut applications = source.applications();
    while let Some(application) = applications.next().await? {
        let (tenant, is_new) = match importer.tenant(&application, report).await.map_err(remote::failed)? {
            Some(carried) => carried,
            None => continue,
        };
        importer.event_types(&tenant, is_new, report).await.map_err(remote::failed)?;
        let here = importer.subscriptions(&tenant, is_new).await.map_err(remote::failed)?;
        let mut endpoints = source.endpoints(&application.id);
        while let Some(endpoint) = endpoints.next().await? {
            let details = source.details(&application.id, &endpoint.id).await?;
            let wanted = plan::subscription(endpoint, details, application.rate());
            importer.subscription(&tenant, &here, wanted, report).await.map_err(remote::failed)?;
        }
    }
    Ok(())
}
