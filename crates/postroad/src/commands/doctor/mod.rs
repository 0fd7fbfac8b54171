//! `postroad doctor`: checks a deployment, and says for each thing what to do.
//!
//! **Invariant:** nothing is changed: no lock is taken, no file is written, nothing is sent but `GET` and `HEAD`, and to the mail
//! server what logs in. Each
//! check stands alone: one that fails does not keep the next from telling what it finds.

mod clock;
mod disk;
mod folder;
mod limits;
mod profiles;
mod report;
mod secret_key;
mod server;
mod settings;
mod smtp;
mod store;
mod url;

use std::path::Path;

use anyhow::{Context, anyhow};
use postroad_domain::EndpointUrl;
use postroad_store_sqlite::{OpenError, inspect};

use self::report::Report;
use super::{CommandError, read_layers, remote::Remote};
use crate::{
    ambient::SystemClock,
    config::{Config, Given, Layers, Purpose},
};

/// What the command line of `doctor` said.
#[derive(Debug, Default)]
pub struct DoctorArguments {
    /// The settings of the server, as `serve` takes them.
    pub flags: Given,
    /// The running server.
    pub remote: Remote,
    /// A receiver to go the way to.
    pub url: Option<String>,
    /// One JSON object in place of lines.
    pub json: bool,
}

/// Checks everything and tells it. `variable` looks into the environment.
///
/// Errors: something is wrong, or the URL is not one.
pub async fn run(
    arguments: DoctorArguments,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), CommandError> {
    let url = arguments.url.as_deref().map(EndpointUrl::parse).transpose();
    let url = url.map_err(|problem| CommandError::Usage(format!("--url {problem}")))?;
    let mut report = Report::default();
    let read = read_layers(Purpose::Serve, &arguments.flags);
    match read.and_then(|layers| Ok((layers.load(Purpose::Serve)?, layers))) {
        Ok((config, layers)) => {
            report.add(settings::tell(&config, &layers));
            examine((config, &layers), &arguments.remote, url.as_ref(), &variable, &mut report).await;
        }
        Err(error) => report.add(settings::refused(&error)),
    }
    report.print(arguments.json).context("cannot write to standard output")?;
    match report.failed() {
        0 => Ok(()),
        1 => Err(anyhow!("one check failed").into()),
        count => Err(anyhow!("{count} checks failed").into()),
    }
}

async fn examine(
    (config, layers): (Config, &Layers),
    remote: &Remote,
    url: Option<&EndpointUrl>,
    variable: &impl Fn(&str) -> Option<String>,
    report: &mut Report,
) {
    let clock = SystemClock::new();
    let folder = config.data_dir.clone();
    let inspected = look_at(&folder).await;
    let database = inspected.as_ref().ok().and_then(Option::as_ref);
    let holder = inspect::holder(&folder);
    let server = server::Server::of(&config, layers, remote, variable);
    let is_elsewhere = !folder.exists() && server::answers(&server).await;
    report.add(folder::check(&folder, holder, is_elsewhere));
    report.extend(disk::check(&folder, config.retention.bytes_max, database));
    report.add(store::check(&inspected));
    report.add(secret_key::check(&config, database));
    report.add(smtp::check(&config, &clock).await);
    report.add(settings::tls(&config, layers));
    report.add(profiles::check(config.profiles.as_deref()));
    report.extend(limits::check());
    report.add(clock::check(&clock, &folder, server.as_ref().ok()).await);
    report.extend(server::check(server, holder).await);
    if let Some(url) = url {
        report.extend(url::check(&config, url).await);
    }
}

/// Reading a database is nothing for a thread that others wait for.
async fn look_at(folder: &Path) -> Result<Option<inspect::Inspection>, OpenError> {
    let folder = folder.to_owned();
    let looking = tokio::task::spawn_blocking(move || inspect::inspect(&folder));
    looking.await.unwrap_or_else(|broken| {
        let path = Path::new("the database").to_owned();
        Err(OpenError::Folder { path, source: std::io::Error::other(broken) })
    })
}
