//! The commands that talk to a server: `send`, `replay`, `doctor`, `import`.

use clap::{Arg, ArgAction, ArgGroup, ArgMatches};

use super::{flags, given, keys_for};
use crate::{
    commands::{
        doctor::DoctorArguments,
        import::ImportArguments,
        remote::Remote,
        replay::{ReplayArguments, ReplayTask},
        send::SendArguments,
    },
    config::Purpose,
};

const SEND_ABOUT: &str = "Publish one event to a running server and print its id";
const REPLAY_ABOUT: &str = "Send again what a subscription did not get, and watch it";
const REPLAY_LONG_ABOUT: &str = "\
Send again what a subscription did not get, and watch it

The server does it. Ctrl-C ends the watching only; --cancel ends the replay.";
const DOCTOR_ABOUT: &str = "Check a deployment and say what to do";
const DOCTOR_LONG_ABOUT: &str = "\
Check a deployment and say what to do: configuration, data folder, disk, store, secret key, profiles, limits of the system, \
clock, the running server, and with --url the way to a receiver

Nothing is changed. Give it the flags and the environment that the server has. One line for each check; the exit code is 1 \
when one failed.";
const IMPORT_ABOUT: &str = "Bring tenants and subscriptions over from another sender of webhooks";
const IMPORT_SVIX_ABOUT: &str = "Read applications, endpoints, event types and secrets from a Svix server";
const IMPORT_SVIX_LONG_ABOUT: &str = "\
Read applications, endpoints, event types and secrets from a Svix server, and create tenants and subscriptions of them

It can be run again: what is here already and equal stays as it is. Nothing is changed at the other server. What could not \
be carried over is told for each object. docs/import.md says what becomes what.";

fn text(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value_name).help(help)
}

/// Where the server is, and the key.
fn remote_flags() -> [Arg; 2] {
    [
        text("server", "URL", "Where the server is [env: POSTROAD_SERVER] [default: http://127.0.0.1:8080]"),
        text("key", "KEY", "An API key [env: POSTROAD_KEY, then POSTROAD_ADMIN_KEY]"),
    ]
}

fn remote(matches: &ArgMatches) -> Remote {
    Remote { server: value(matches, "server"), key: value(matches, "key") }
}

fn value(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn needed(matches: &ArgMatches, name: &str) -> String {
    value(matches, name).unwrap_or_default()
}

/// `postroad send`.
pub(super) fn send() -> clap::Command {
    clap::Command::new("send")
        .about(SEND_ABOUT)
        .args([
            text("tenant", "TENANT", "Whose event it is").required(true),
            text("type", "NAME", "The event type").required(true),
            text(
                "data",
                "JSON|@FILE|-",
                "The event's data: JSON, a file's, or standard input's [default: {}]",
            )
            .default_value("{}")
            .hide_default_value(true)
            .allow_hyphen_values(true),
            text("id", "ID", "Your own id of the event: sent twice, it is published once")
                .visible_alias("idempotency-key"),
        ])
        .args(remote_flags())
}

/// What it said.
pub(super) fn send_arguments(matches: &ArgMatches) -> SendArguments {
    SendArguments {
        tenant: needed(matches, "tenant"),
        event_type: needed(matches, "type"),
        data: needed(matches, "data"),
        id: value(matches, "id"),
        remote: remote(matches),
    }
}

/// `postroad replay`.
pub(super) fn replay() -> clap::Command {
    let selection = text(
        "status",
        "failed|missing|all",
        "What to send again: deliveries that failed, events without one, or all",
    )
    .value_parser(["failed", "missing", "all"])
    .hide_possible_values(true)
    .default_value("failed");
    clap::Command::new("replay")
        .about(REPLAY_ABOUT)
        .long_about(REPLAY_LONG_ABOUT)
        .args([
            text("tenant", "TENANT", "Whose subscription it is").required(true),
            text("subscription", "ID", "To which subscription").required_unless_present("cancel"),
            text("since", "TIME", "Events from this time on: 2026-11-22T08:00:00Z, or how long ago: 2h, 7d")
                .required_unless_present("cancel")
                .allow_hyphen_values(true),
            text("until", "TIME", "Events before this time [default: now]"),
            selection,
            Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help("Only count"),
            text("cancel", "ID", "Cancel this replay instead of beginning one"),
        ])
        .group(
            ArgGroup::new("span")
                .args(["subscription", "since", "until", "dry-run"])
                .multiple(true)
                .conflicts_with("cancel"),
        )
        .args(remote_flags())
}

/// What it said.
pub(super) fn replay_arguments(matches: &ArgMatches) -> ReplayArguments {
    let task = match value(matches, "cancel") {
        Some(id) => ReplayTask::Cancel { id },
        None => ReplayTask::Begin {
            subscription: needed(matches, "subscription"),
            since: needed(matches, "since"),
            until: value(matches, "until"),
            selection: needed(matches, "status"),
            dry_run: matches.get_flag("dry-run"),
        },
    };
    ReplayArguments { tenant: needed(matches, "tenant"), task, remote: remote(matches) }
}

/// `postroad doctor`.
pub(super) fn doctor() -> clap::Command {
    clap::Command::new("doctor")
        .about(DOCTOR_ABOUT)
        .long_about(DOCTOR_LONG_ABOUT)
        .next_help_heading("What to check")
        .arg(text("url", "URL", "Go the way to this receiver: name, guard, connection, TLS, HTTP"))
        .args([
            text(
                "server",
                "URL",
                "The running server [env: POSTROAD_SERVER] [default: where it would listen]",
            ),
            text("key", "KEY", "An API key [env: POSTROAD_KEY, then POSTROAD_ADMIN_KEY]"),
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("One JSON object in place of lines"),
        ])
        .next_help_heading("The server's settings")
        .args(flags(Purpose::Serve))
}

/// What it said.
pub(super) fn doctor_arguments(matches: &ArgMatches) -> DoctorArguments {
    DoctorArguments {
        flags: given(keys_for(Purpose::Serve), matches),
        remote: remote(matches),
        url: value(matches, "url"),
        json: matches.get_flag("json"),
    }
}

/// `postroad import`.
pub(super) fn import() -> clap::Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    clap::Command::new("import")
        .about(IMPORT_ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(
            clap::Command::new("svix")
                .about(IMPORT_SVIX_ABOUT)
                .long_about(IMPORT_SVIX_LONG_ABOUT)
                .args([
                    text("url", "URL", "Where the Svix server is: https://api.eu.svix.com").required(true),
                    text("token", "TOKEN", "Its API token [env: POSTROAD_IMPORT_TOKEN]"),
                    text("profile", "NAME", "The profile of tenants that are new").default_value("standard"),
                    flag(
                        "without-schemas",
                        "Leave the schemas of event types away: here they refuse data that do not fit",
                    ),
                    flag("dry-run", "Only tell what would be done"),
                    flag("json", "One JSON object in place of lines"),
                ])
                .args(remote_flags()),
        )
}

/// What `postroad import svix` said.
pub(super) fn import_svix_arguments(matches: &ArgMatches) -> ImportArguments {
    ImportArguments {
        url: needed(matches, "url"),
        token: value(matches, "token"),
        profile: needed(matches, "profile"),
        without_schemas: matches.get_flag("without-schemas"),
        dry_run: matches.get_flag("dry-run"),
        json: matches.get_flag("json"),
        remote: remote(matches),
    }
}
