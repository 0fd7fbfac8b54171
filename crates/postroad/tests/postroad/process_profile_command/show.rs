//! What `postroad profile show` says.

use postroad_profile::Profile;

use super::{
    common::{postroad, run},
    folder::{Folder, SHORTEST},
};

#[tokio::test]
async fn every_built_in_profile_is_shown_with_all_its_event_types_on_lines_that_fit() {
    for (name, files) in postroad_profile::built_in() {
        let profile = Profile::load(&files).unwrap();
        let ended = Folder::new().profile(&["show", &name]).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}");
        let page = ended.stdout;
        assert!(page.starts_with(&format!("{} ({name})\n", profile.title)), "{page}");
        for entry in profile.catalogue.entries() {
            assert!(page.contains(&format!("  {}", entry.name)), "{} {page}", entry.name);
        }
        for heading in ["\nEvent types (", "\nRequest\n", "\nSignature\n", "\nDelivery\n"] {
            assert!(page.contains(heading), "{heading} {page}");
        }
        assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
        assert!(!page.contains('\u{1b}'), "no colours");
    }
}

#[tokio::test]
async fn what_the_built_in_products_do_is_said_in_words() {
    for (name, expected) in [
        ("standard", "  Signs        at each attempt: timestamp and signature are made anew"),
        ("standard", "  Headers        webhook-id, webhook-timestamp, webhook-signature\n"),
        ("standard", "A secret begins with whsec_"),
        ("standard", "  410              makes the subscription inactive\n"),
        ("standard", "  Failures         of whole deliveries change nothing, however many\n"),
        ("standard", "  Trace            the traceparent of an event goes on to its receivers"),
        ("leadhub", "  Repeat           once, at once, within the attempt, when a kept connection ends"),
        ("leadhub", "  Trace            receivers get no traceparent\n"),
        ("leadhub", "  Attempts         after a failure again after 1m, 2m, 4m: 4 attempts in all\n"),
        ("leadhub", "lead.created        A new lead record is created. Example: the product's own.\n"),
        ("leadhub", "lead.updated        A lead is modified. Example: plausible.\n"),
        ("leadhub", "  Secrets      a subscription without one is not signed; the caller gives it\n"),
        ("leanbe", "  Data         longer than 1 MiB; with a number that a double cannot hold\n"),
        ("sleekplan", "  Signs  nothing: there are no secrets\n"),
        ("sleekplan", "a whole number of at least 0; required; set by the tenant."),
    ] {
        let page = Folder::new().profile(&["show", name]).await.stdout;
        assert!(page.contains(expected), "{page}\nwanted {expected}");
    }
}

/// A profile that says as much as one can.
const WORDY: &str = r#"
name = "wordy"
title = "Wordy"
description = "Says much."
open_events = 'x\.[a-z]+'
compat = "leadsquared"
request.methods = ["GET"]
request.headers = [{ name = "X-Sign", value = "{{ signature }}" }]
request.query = [{ name = "id", value = "{{ event.id }}" }]
[signature]
sign = "once"
message = "{{ event.data }}"
[[signature.schemes]]
name = "ed"
algorithm = "ed25519"
[secret]
is = "generated"
supplied = "never"
[options.level]
of = "both"
type = "text"
title = "Level"
choices = ["low", "high"]
default = "low"
[options.token]
of = "subscription"
type = "text"
required = true
secret = true
min = 1
max = 9
pattern = "[a-z]+"
example = "abc"
[attributes.extra]
type = "list"
max = 3
[ingest]
object = true
required = ["id"]
data_bytes_max = 2048
[subscription]
require_https = true
name = { is = "required", max = 20 }
filter = { is = "forbidden" }
[delivery]
success = ["2xx", 404]
attempts = 1
timeout_min = "10s"
timeout = "10s"
timeout_max = "10s"
repeat = "unsent"
deactivate_after_failures = 25
[words]
queued = "Waiting"
[[events]]
name = "e"
title = "Something"
"#;

const WORDY_PAGE: &str = "\
Wordy (wordy)
Says much.

Event types (1, and others of the form that `open_events` names)
  e  Something: (no description) Example: the product's own.

Request
  Methods        GET
  Content types  none: there is no body
  Headers        X-Sign
  Query          id, behind the customer's own

Signature
  Signs     once: every attempt sends the same bytes, also after the secret was rotated
  ed        Ed25519, so the receiver needs the public key only; written in lower-case hexadecimal. A
            secret holds 32 to 64 bytes in base 64.
  Secrets   every subscription has one, and nothing is sent unsigned; it is always generated
  Rotation  the old secret ends at once

Delivery
  Success          2xx, 404; a redirect never is
  Attempts         1: a failure is not tried again
  Timeout          10s for a whole exchange
  HTTP             1.1
  410              makes the subscription inactive
  Failures         of 25 whole deliveries without a success in between make the subscription
                   inactive
  Retry-After      of 429 and 503 is honoured
  Breaker          a receiver that keeps failing is asked by one probe after each pause
  Repeat           once within the attempt, only when the receiver cannot have acted on the request
                   (unsent)
  Trace            receivers get no traceparent
  Events are kept  as long as the installation keeps them

Refused at the door
  Event types  that are not listed and do not have the form that `open_events` names
  Data         longer than 2 KiB; that is no JSON object; without the member `id`

Options
  level  Level: a text, one of \"low\", \"high\"; \"low\" where it is not set; set by the tenant or by the
         subscription, whose value comes first.
  token  a text of 1 to 9 characters that matches [a-z]+; required; set by the subscription; kept
         and masked like a secret.

Attributes of an event
  extra  a list of at most 3 items.

Fields of a subscription
  Required             name
  Forbidden            filter
  Items or characters  name at most 20
  URL                  of HTTPS only

The product's own words
  States  queued: Waiting

Compatible API
  leadsquared  is served to keys of the kind `leadsquared` of its tenants
";

#[tokio::test]
async fn all_that_a_profile_can_say_has_its_words() {
    let folder = Folder::new();
    folder.write_profile("own/wordy", WORDY);
    let ended = folder.profile(&["show", "wordy", "--profiles", "own"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout, WORDY_PAGE);
}

#[tokio::test]
async fn an_unknown_name_is_answered_with_the_nearest_and_all() {
    let ended = Folder::new().profile(&["show", "leadhubb"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    let names: Vec<_> = postroad_profile::built_in().into_iter().map(|(name, _)| name).collect();
    let expected = format!(
        "error: there is no profile \"leadhubb\"; the nearest is \"leadhub\" (all profiles: {})\n",
        names.join(", ")
    );
    assert_eq!(ended.stderr, expected);
}

#[tokio::test]
async fn a_name_that_resembles_none_is_answered_with_where_own_ones_come_from() {
    let folder = Folder::new();
    let ended = folder.profile(&["show", "helpdesk"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    let begins = "error: there is no profile \"helpdesk\"; one of your own is found with --profiles DIR (all profiles: ";
    assert!(ended.stderr.starts_with(begins), "{}", ended.stderr);

    folder.write_profile("own/mine", SHORTEST);
    let ended = folder.profile(&["show", "helpdesk", "--profiles", "own"]).await;
    let begins = "error: there is no profile \"helpdesk\" (all profiles: ";
    assert!(ended.stderr.starts_with(begins) && ended.stderr.contains("short"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_folder_of_profiles_replaces_built_in_ones_by_the_name_in_the_file() {
    let folder = Folder::new();
    folder.write_profile("own/mine", &SHORTEST.replace("\"short\"", "\"leadhub\""));
    folder.write("own/notes/readme.md", "no profile");
    let mut command = postroad(folder.path(), &["profile", "show", "leadhub"]);
    command.env("POSTROAD_PROFILES", "own");
    let ended = run(command).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("Short (leadhub)\n"), "{}", ended.stdout);
    assert_eq!(ended.stderr.trim(), "WARN own/notes holds no profile.toml and is skipped");
}

#[tokio::test]
async fn a_folder_of_profiles_that_cannot_be_used_is_told_whole() {
    let folder = Folder::new();
    folder.write_profile("same/a", SHORTEST);
    folder.write_profile("same/b", SHORTEST);
    folder.write_profile("same/c", &format!("{SHORTEST}more = 1\n"));
    for (directory, expected) in [
        (
            "same",
            &[
                "same/b/profile.toml: the name `short` is already that of same/a/profile.toml",
                "same/c/profile.toml:5: ",
            ][..],
        ),
        ("same/a", &["same/a: is a profile itself; name the folder that it stands in"]),
        ("nowhere", &["nowhere: cannot be read as a folder of profiles: No such file or directory"]),
        ("same/a/profile.toml", &["same/a/profile.toml: cannot be read as a folder of profiles: "]),
    ] {
        let ended = folder.profile(&["show", "short", "--profiles", directory]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{directory}");
        let lines: Vec<_> = ended.stderr.lines().collect();
        assert_eq!(lines[0], "error: the profiles cannot be used:");
        assert_eq!(lines.len(), 1 + expected.len(), "{}", ended.stderr);
        for (line, expected) in lines[1..].iter().zip(expected) {
            assert!(line.starts_with(&format!("  {expected}")), "{}", ended.stderr);
        }
    }
}
