//! From a profile's files to a [`Profile`]: every fault that can be found is found here and not at a delivery.

use std::sync::Arc;

use postroad_domain::CompatibleApi;

use crate::{
    Profile, catalogue, examples, group, handshake, ingest,
    options::{read_attributes, read_options},
    policy,
    problem::{ProblemKind, ProfileProblem},
    reader::{Document, Section},
    request, rules,
    signature::{self, SignatureSection},
    source::{self, PROFILE_FILE, ProfileSource},
    template::{Compiler, Names, Scope},
    words,
};

impl Profile {
    /// Reads and checks a profile: its keys, its templates, and that each example becomes a request.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in the order of files and lines.
    pub fn load(source: &dyn ProfileSource) -> Result<Self, Vec<ProfileProblem>> {
        let Some(text) = source.text(PROFILE_FILE) else {
            let kind = ProblemKind::MissingFile;
            return Err(vec![ProfileProblem { file: PROFILE_FILE.to_owned(), line: None, kind }]);
        };
        let document = Document::new(PROFILE_FILE, text);
        let mut elsewhere = Vec::new();
        let profile = read(&document, source, &mut elsewhere);
        let mut problems = document.into_problems();
        problems.append(&mut elsewhere);
        match profile {
            Some(profile) if problems.is_empty() => {
                problems = examples::check(&profile);
                if problems.is_empty() { Ok(profile) } else { Err(problems) }
            }
            _ => Err(problems),
        }
    }
}

fn read(
    document: &Document<'_>,
    source: &dyn ProfileSource,
    elsewhere: &mut Vec<ProfileProblem>,
) -> Option<Profile> {
    let table = document.parse()?;
    let root = Section::root(document, &table);
    let name = root.required_text("name").map(|text| text.value.to_owned());
    check_name(&root, name.as_deref());
    let signature = SignatureSection::open(&root);
    let scheme_names = signature.as_ref().map(SignatureSection::scheme_names).unwrap_or_default();
    let options = read_options(&root, &scheme_names);
    let attributes = read_attributes(&root);
    let names = Names {
        options: options.iter().map(|option| option.name.clone()).collect(),
        attributes: attributes.iter().map(|attribute| attribute.name.clone()).collect(),
    };
    let mut compiler = Compiler::new(document, names);
    let signature = signature.and_then(|section| section.read(&mut compiler));
    let body_is_signed = signature.as_ref().is_none_or(signature::signs_body);
    let each_attempt = signature.as_ref().is_some_and(|rules| rules.each_attempt);
    // The signature can be part of the body only where it exists first, and is the same in every attempt.
    let body_scope = Scope { signature: !body_is_signed && !each_attempt, ..Scope::ONCE };
    let request = request::read(&root, &mut compiler, (&options, body_scope));
    let group = group::read(&root, &mut compiler, &options);
    let around = handshake::Around { request: &request, signature: signature.as_ref() };
    let handshakes = handshake::read(&root, &mut compiler, around);
    let canonical_data =
        root.choice("canonical_json", &[("ecmascript", true), ("none", false)]).unwrap_or(false);
    let signs = root.has("signature");
    let subscription = rules::read(&root, &options);
    let profile = Profile {
        name: name.unwrap_or_default(),
        title: root.required_text("title").map(|text| text.value.to_owned()).unwrap_or_default(),
        description: root.owned_text("description").unwrap_or_default(),
        digest: source::digest(source),
        catalogue: catalogue::read(&root, source, elsewhere),
        delivery: policy::read(&root),
        group,
        ingest: ingest::read(&root, canonical_data),
        options,
        attributes,
        fields: subscription.fields,
        https: subscription.https,
        secret_rules: signature::read_secret_rules(&root, signs),
        words: words::read(&root),
        compat: root.choice("compat", &CompatibleApi::ALL.map(|api| (api.as_str(), api))),
        canonical_data,
        body_is_signed,
        request,
        signature,
        handshakes,
        environment: Arc::new(compiler.into_environment()),
    };
    check_grouping(&root, &profile);
    check_methods(&root, &profile);
    drop(root);
    (!document.has_problems()).then_some(profile)
}

/// What the profile groups must be possible with each of its content types.
fn check_grouping(root: &Section<'_>, profile: &Profile) {
    if profile.group.is_none() {
        return;
    }
    let types: Vec<_> = profile.content_types().map(Some).collect();
    let types = if types.is_empty() { vec![None] } else { types };
    for why in types.into_iter().filter_map(|content_type| profile.check_grouping(content_type).err()) {
        root.invalid("group", why);
    }
}

/// A signature that is made once is made before it is known whether the method of an attempt sends the body.
fn check_methods(root: &Section<'_>, profile: &Profile) {
    let signs_once = profile.signature.as_ref().is_some_and(|rules| !rules.each_attempt);
    let may_drop_it = profile.request.may_send_no_body && !profile.request.contents.is_empty();
    if signs_once && profile.body_is_signed && may_drop_it {
        let why = "has a method without a body (GET, HEAD) beside a signature that covers the body and is made once: let it \
                   be made at each attempt";
        root.invalid("request", why);
    }
}

fn check_name(root: &Section<'_>, name: Option<&str>) {
    let is_fine = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if name.is_some_and(|name| !is_fine(name)) {
        root.invalid("name", "must be lower-case letters, digits and '-', and begin with a letter");
    }
}
