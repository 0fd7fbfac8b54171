//! The request, its signature and its secrets in words.

use postroad_profile::{
    Algorithm, Encoding, ExactRequest, KeyForm, Profile, Scheme, SecretRules, SecretSupply, SecretUse,
};

use super::page::{Entry, entry};

/// Methods, content types, and what the profile writes into URL and headers.
pub(super) fn entries(profile: &Profile) -> Vec<Entry> {
    let methods: Vec<_> = profile.methods().iter().map(String::as_str).collect();
    let contents: Vec<_> = profile.content_types().collect();
    let requests = requests(profile);
    let mut entries = vec![
        entry("Methods", first_or_chosen(&methods, "")),
        entry("Content types", first_or_chosen(&contents, "none: there is no body")),
        entry("Headers", names_or_none(&header_names(profile, &requests))),
    ];
    let query = query_names(&requests);
    if !query.is_empty() {
        entries.push(entry("Query", format!("{}, behind the customer's own", query.join(", "))));
    }
    entries.extend(profile.endpoint_rules().map(|rules| {
        let names: Vec<_> = rules.header_names().collect();
        let headers = if names.is_empty() { String::new() } else { format!(", with {}", names.join(", ")) };
        let text = format!(
            "a subscription may name one of its tenant's `{}` by its option `{}`: it is sent there by {}{headers}",
            rules.list,
            rules.option,
            rules.methods.join(" or ")
        );
        entry("Endpoints", text)
    }));
    entries
}

/// How it signs, with which secrets.
pub(super) fn signature_entries(profile: &Profile) -> Vec<Entry> {
    if profile.schemes().is_empty() {
        return vec![entry("Signs", "nothing: there are no secrets")];
    }
    let when = if profile.signs_each_attempt() {
        "at each attempt: timestamp and signature are made anew, with the secrets that sign then"
    } else {
        "once: every attempt sends the same bytes, also after the secret was rotated"
    };
    let mut entries = vec![entry("Signs", when)];
    for (index, scheme) in profile.schemes().iter().enumerate() {
        let is_default = index == 0 && profile.schemes().len() > 1;
        entries.push(entry(&scheme.name, scheme_in_words(scheme, is_default)));
    }
    entries.push(entry("Secrets", secrets_in_words(profile.secret_rules)));
    let rotation = if profile.secret_rules.rotation_grace {
        "the old secret may go on signing beside the new one for a while"
    } else {
        "the old secret ends at once"
    };
    entries.push(entry("Rotation", rotation));
    entries
}

/// The requests of all examples. Templates are not shown: what they write is seen in what they wrote.
fn requests(profile: &Profile) -> Vec<ExactRequest> {
    let mut contents: Vec<_> = profile.content_types().map(Some).collect();
    if contents.is_empty() {
        contents.push(None);
    }
    let examples =
        profile.catalogue.entries().iter().flat_map(|entry| {
            contents.iter().map(move |content| profile.render_example(entry, *content).ok())
        });
    examples.flatten().collect()
}

fn header_names(profile: &Profile, requests: &[ExactRequest]) -> Vec<String> {
    let names = requests.iter().flat_map(|request| &request.headers).map(|(name, _)| name.to_owned());
    // The content type stands above.
    unique(names.filter(|name| profile.reserves_header(name) && !name.eq_ignore_ascii_case("content-type")))
}

/// The customer's URL of an example has no query, so all of it is the profile's.
fn query_names(requests: &[ExactRequest]) -> Vec<String> {
    let queries = requests.iter().filter_map(|request| request.url.split_once('?'));
    let parameters = queries.flat_map(|(_, query)| query.split('&'));
    unique(parameters.map(|parameter| parameter.split('=').next().unwrap_or(parameter).to_owned()))
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

fn names_or_none(names: &[String]) -> String {
    if names.is_empty() { "none of its own".to_owned() } else { names.join(", ") }
}

fn first_or_chosen(words: &[&str], none: &str) -> String {
    match words {
        [] => none.to_owned(),
        [only] => (*only).to_owned(),
        [first, others @ ..] => format!("{first}; {} where a subscription says so", others.join(" or ")),
    }
}

fn scheme_in_words(scheme: &Scheme, is_default: bool) -> String {
    let algorithm = match scheme.algorithm {
        Algorithm::HmacSha1 => "HMAC with SHA-1",
        Algorithm::HmacSha256 => "HMAC with SHA-256",
        Algorithm::HmacSha512 => "HMAC with SHA-512",
        Algorithm::Ed25519 => "Ed25519, so the receiver needs the public key only",
    };
    let default = if is_default { "; the default" } else { "" };
    let encoding = encoding_in_words(scheme.encoding);
    format!("{algorithm}; written in {encoding}{default}. {}", key_in_words(&scheme.key))
}

fn key_in_words(key: &KeyForm) -> String {
    let KeyForm { prefix, min, max, .. } = key;
    let size = if min == max { format!("{min} bytes") } else { format!("{min} to {max} bytes") };
    let beginning = if prefix.is_empty() { String::new() } else { format!(" begins with {prefix} and") };
    match key.encoding {
        None => format!("The text of a secret is the key as it stands; it{beginning} has {size}."),
        Some(encoding) => {
            format!("A secret{beginning} holds {size} in {}.", encoding_in_words(encoding))
        }
    }
}

fn encoding_in_words(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Hex => "lower-case hexadecimal",
        Encoding::Base64 => "base 64",
        Encoding::Base64Url => "base 64 for URLs",
    }
}

fn secrets_in_words(rules: SecretRules) -> String {
    let presence = match rules.presence {
        SecretUse::Generated => "every subscription has one, and nothing is sent unsigned",
        SecretUse::Optional => "a subscription without one is not signed",
        SecretUse::None => "there are none",
    };
    let supply = match (rules.presence, rules.supplied) {
        (SecretUse::None, _) => "",
        (SecretUse::Generated, SecretSupply::Always) => "; the caller gives it, or else it is generated",
        (SecretUse::Generated, SecretSupply::AtRotation) => {
            "; it is generated, and the caller may give another one when it is rotated"
        }
        (SecretUse::Generated, SecretSupply::Never) => "; it is always generated",
        (SecretUse::Optional, SecretSupply::Always) => "; the caller gives it",
        (SecretUse::Optional, SecretSupply::AtRotation) => "; the caller gives it by a rotation",
        (SecretUse::Optional, SecretSupply::Never) => "; a rotation generates it",
    };
    format!("{presence}{supply}")
}
