//! The command line. The flags of `serve` and `dev` are made from the table of keys; what they mean is not known here.

mod talk;

use std::{ffi::OsString, path::PathBuf};

use clap::{Arg, ArgAction, ArgMatches, builder::StyledStr, value_parser};

use crate::{
    commands::{
        data::backup::BackupArguments, doctor::DoctorArguments, import::ImportArguments,
        profile::ProfileCommand, replay::ReplayArguments, send::SendArguments,
    },
    config::{Given, KEYS, Key, Origin, Otherwise, Purpose},
};

const ABOUT: &str =
    "Sends webhooks: takes events over HTTP, keeps them, and delivers each until it has arrived";
const AFTER_HELP: &str = "Try it in a minute:  postroad dev";
const SERVE_ABOUT: &str = "Run the server";
const SERVE_AFTER_HELP: &str = "\
Every flag can also be given in the environment (POSTROAD_ and its name in capitals) and in the file named by --config.
A flag wins over the environment, the environment over the file, the file over the default.";
const DEV_ABOUT: &str = "Run a demo: a server on a temporary folder, a receiver, and sample events arriving";
const DEV_LONG_ABOUT: &str = "\
Run a demo: a server on a temporary folder, a receiver, and sample events arriving

Deliveries to loopback addresses are allowed, so your own receiver on this machine can be subscribed. Everything is
removed at the end.";
const PROFILE_ABOUT: &str = "Check the wire contract of a product, or show one in words";
const PROFILE_CHECK_ABOUT: &str = "Check profiles and print the exact request that each example becomes";
const PROFILE_CHECK_LONG_ABOUT: &str = "\
Check profiles and print the exact request that each example becomes

What is wrong goes to standard error with file and line, all of it at once, and the exit code is 1.";
const PROFILE_SHOW_ABOUT: &str = "Show a profile in words: its event types and how it delivers them";

const OPENAPI_ABOUT: &str = "Print the OpenAPI document of the API, as generators of clients take it";
const BACKUP_ABOUT: &str = "Copy the database as it is at one moment, also while the server runs";
const CHECK_ABOUT: &str = "Check whether the database is whole, also while the server runs";
const CHECK_LONG_ABOUT: &str = "\
Check whether the database is whole, also while the server runs

Nothing is changed. What is wrong is told in words, each with what to do, and the exit code is 1. It reads all of the
database: beside a server that is very busy, check a backup instead.";
const COMPACT_ABOUT: &str = "Give the room of what was erased back to the disk; the server must not run";
/// The keys that tell where the data is.
const DATA_KEYS: [&str; 2] = ["config", "data-dir"];

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    /// `postroad` alone: the text that explains it.
    Help(String),
    /// `postroad serve` with its flags.
    Serve(Given),
    /// `postroad dev` with its flags.
    Dev(Given),
    /// `postroad send`.
    Send(SendArguments),
    /// `postroad replay`.
    Replay(ReplayArguments),
    /// `postroad doctor`.
    Doctor(DoctorArguments),
    /// `postroad import svix`.
    ImportSvix(ImportArguments),
    /// `postroad backup`.
    Backup(BackupArguments),
    /// `postroad check` with its flags.
    Check(Given),
    /// `postroad compact` with its flags.
    Compact(Given),
    /// `postroad profile`.
    Profile(ProfileCommand),
    /// `postroad openapi`.
    OpenApi,
}

/// Reads a command line; the first argument is the program's name.
///
/// Errors: it cannot be understood. Help and version are such answers too.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let mut program = program();
    let matches = program.try_get_matches_from_mut(arguments)?;
    Ok(match matches.subcommand() {
        Some(("serve", flags)) => Command::Serve(given(keys_for(Purpose::Serve), flags)),
        Some(("dev", flags)) => Command::Dev(given(keys_for(Purpose::Dev), flags)),
        Some(("send", flags)) => Command::Send(talk::send_arguments(flags)),
        Some(("replay", flags)) => Command::Replay(talk::replay_arguments(flags)),
        Some(("doctor", flags)) => Command::Doctor(talk::doctor_arguments(flags)),
        Some(("import", asked)) => match asked.subcommand() {
            Some(("svix", flags)) => Command::ImportSvix(talk::import_svix_arguments(flags)),
            _ => unreachable!("clap demands it"),
        },
        Some(("openapi", _)) => Command::OpenApi,
        Some(("backup", flags)) => Command::Backup(backup_arguments(flags)),
        Some(("check", flags)) => Command::Check(given(data_keys(), flags)),
        Some(("compact", flags)) => Command::Compact(given(data_keys(), flags)),
        Some(("profile", asked)) => match asked.subcommand() {
            Some(("check", flags)) => Command::Profile(profile_check(flags)),
            Some(("show", flags)) => Command::Profile(profile_show(flags)),
            _ => unreachable!("clap demands one of the two"),
        },
        _ => Command::Help(program.render_help().to_string()),
    })
}

fn program() -> clap::Command {
    clap::Command::new("postroad")
        .bin_name("postroad")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(AFTER_HELP)
        .max_term_width(110)
        .disable_help_subcommand(true)
        .subcommand(
            clap::Command::new("serve")
                .about(SERVE_ABOUT)
                .after_help(SERVE_AFTER_HELP)
                .args(flags(Purpose::Serve)),
        )
        .subcommand(
            clap::Command::new("dev").about(DEV_ABOUT).long_about(DEV_LONG_ABOUT).args(flags(Purpose::Dev)),
        )
        .subcommand(talk::send())
        .subcommand(talk::replay())
        .subcommand(talk::doctor())
        .subcommand(talk::import())
        .subcommands(on_data())
        .subcommand(profile())
        .subcommand(clap::Command::new("openapi").about(OPENAPI_ABOUT))
}

fn flags(purpose: Purpose) -> impl Iterator<Item = Arg> {
    keys_for(purpose).map(move |key| flag(key, purpose))
}

fn keys_for(purpose: Purpose) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.is_for(purpose))
}

fn data_keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| DATA_KEYS.contains(&key.name))
}

fn flag(key: &'static Key, purpose: Purpose) -> Arg {
    let action = if key.is_list { ArgAction::Append } else { ArgAction::Set };
    let variable = key.environment_name();
    let (short, default) = match (key.default_for(purpose), key.otherwise) {
        (Some(value), _) | (None, Otherwise::Value(value)) => {
            (format!("{} [default: {value}]", key.summary), value)
        }
        (None, Otherwise::Words(words)) => (key.summary.to_owned(), words),
    };
    let paragraphs = [key.summary, key.details, &format!("[env: {variable}] [default: {default}]")];
    let paragraphs = paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty());
    let long = paragraphs.collect::<Vec<_>>().join("\n\n");
    let flag = Arg::new(key.name).long(key.name).value_name(key.value_name).action(action);
    let flag = if key.is_switch() {
        flag.num_args(0..=1).require_equals(true).default_missing_value("true")
    } else {
        flag
    };
    flag.help(StyledStr::from(short)).long_help(StyledStr::from(long))
}

fn given(keys: impl Iterator<Item = &'static Key>, matches: &ArgMatches) -> Given {
    let mut given = Given::default();
    for key in keys {
        if let Some(values) = matches.get_many::<String>(key.name) {
            given.add(key, values.cloned().collect(), Origin::Flag);
        }
    }
    given
}

/// The commands that work on a data folder.
fn on_data() -> [clap::Command; 3] {
    let command = |name: &'static str, about: &'static str| {
        clap::Command::new(name).about(about).args(data_keys().map(|key| flag(key, Purpose::Serve)))
    };
    let file = Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf));
    let with_key = Arg::new("with-key").long("with-key").action(ArgAction::SetTrue);
    [
        command("backup", BACKUP_ABOUT).args([
            file.help("The file to write; it must not be there"),
            with_key.help("Copy the secret key to FILE.secret.key too"),
        ]),
        command("check", CHECK_ABOUT).long_about(CHECK_LONG_ABOUT),
        command("compact", COMPACT_ABOUT),
    ]
}

fn backup_arguments(matches: &ArgMatches) -> BackupArguments {
    BackupArguments {
        flags: given(data_keys(), matches),
        file: matches.get_one::<PathBuf>("file").cloned().unwrap_or_default(),
        with_key: matches.get_flag("with-key"),
    }
}

fn profile() -> clap::Command {
    let path = value_parser!(PathBuf);
    let files = Arg::new("files").value_name("FILE").required(true).num_args(1..).value_parser(path.clone());
    let name =
        Arg::new("name").value_name("NAME").required(true).help("The name of the profile, such as standard");
    let profiles = Arg::new("profiles").long("profiles").value_name("DIR").value_parser(path);
    clap::Command::new("profile")
        .about(PROFILE_ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(
            clap::Command::new("check")
                .about(PROFILE_CHECK_ABOUT)
                .long_about(PROFILE_CHECK_LONG_ABOUT)
                .arg(files.help("A profile.toml, a folder that holds one, or a folder of profiles")),
        )
        .subcommand(
            clap::Command::new("show")
                .about(PROFILE_SHOW_ABOUT)
                .args([name, profiles.help("Folder of further profiles [env: POSTROAD_PROFILES]")]),
        )
}

fn profile_check(matches: &ArgMatches) -> ProfileCommand {
    let files = matches.get_many::<PathBuf>("files").into_iter().flatten();
    ProfileCommand::Check { files: files.cloned().collect() }
}

fn profile_show(matches: &ArgMatches) -> ProfileCommand {
    ProfileCommand::Show {
        name: matches.get_one::<String>("name").cloned().unwrap_or_default(),
        profiles: matches.get_one::<PathBuf>("profiles").cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(line: &str) -> Result<Command, clap::Error> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_command_line_holds_together() {
        program().debug_assert();
    }

    #[test]
    fn a_misspelt_flag_is_answered_with_the_nearest_one() {
        let error = parse_words("postroad serve --data-dri x").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("'--data-dir'"), "{error}");
    }

    #[test]
    fn only_the_commands_that_exist_are_listed() {
        let Command::Help(text) = parse_words("postroad").unwrap() else { panic!("not the help") };
        let commands: Vec<_> =
            program().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        assert_eq!(
            commands,
            [
                "serve", "dev", "send", "replay", "doctor", "import", "backup", "check", "compact",
                "profile", "openapi"
            ]
        );
        assert!(commands.iter().all(|name| text.contains(name)), "{text}");
    }

    #[test]
    fn dev_has_no_flags_that_make_no_sense_for_it() {
        parse_words("postroad dev --data-dir x").unwrap_err();
        parse_words("postroad dev --listen 127.0.0.1:0").unwrap();
    }
}
