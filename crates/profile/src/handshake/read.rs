//! Reading `[[handshakes]]`.

use postroad_domain::limits::HANDSHAKES_PER_PROFILE_MAX;

use super::{
    ChallengeForm, Expectation, ExpectedPart, Handshake, Occasion, Place, RequestSignature, reads_signature,
};
use crate::{
    algorithm::Algorithm,
    policy::Success,
    reader::{Located, Section},
    request::{self, RequestRules},
    secret::Encoding,
    signature::{ENCODINGS, SignatureRules},
    template::{Compiler, Scope, Template, Variable},
};

/// The methods that a handshake may have.
const METHODS: [&str; 5] = ["HEAD", "GET", "OPTIONS", "POST", "PUT"];
const SIGNATURES: [(&str, RequestSignature); 3] = [
    ("none", RequestSignature::None),
    ("right", RequestSignature::Right),
    ("wrong", RequestSignature::Wrong),
];
/// Random bytes of a challenge: enough that nobody guesses it, and few enough for a header or a query.
const CHALLENGE_BYTES_MIN: u64 = 16;
const CHALLENGE_BYTES_MAX: u64 = 64;

/// What of the rest of the profile a handshake goes by.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) request: &'a RequestRules,
    pub(crate) signature: Option<&'a SignatureRules>,
}

/// Reads them.
pub(crate) fn read(root: &Section<'_>, compiler: &mut Compiler<'_>, around: Around<'_>) -> Vec<Handshake> {
    let sections = root.sections("handshakes");
    if sections.len() > HANDSHAKES_PER_PROFILE_MAX {
        root.invalid("handshakes", format!("must be at most {HANDSHAKES_PER_PROFILE_MAX}"));
    }
    sections.iter().filter_map(|section| read_one(section, compiler, around)).collect()
}

fn read_one(section: &Section<'_>, compiler: &mut Compiler<'_>, around: Around<'_>) -> Option<Handshake> {
    let challenge = read_challenge(section);
    let signature = read_signature(section, around);
    // There is one attempt, so it is known from the beginning.
    let first = Scope { attempt: true, challenge: challenge.is_some(), ..Scope::ONCE };
    let message_scope = Scope { body: true, ..first };
    let message = section.text("message").and_then(|text| compiler.template(text, message_scope));
    let signs = signature != RequestSignature::None;
    let signed = message.as_ref().or(around.signature.map(|rules| &rules.message)).filter(|_| signs);
    let covers_body = signed.is_some_and(|message| message.reads(&Variable::Body));
    let content_scope = Scope { signature: signs && !covers_body, ..first };
    let head_scope = Scope { body: true, signature: signs, ..first };
    let content = section.section("content");
    let method = read_method(section, content.is_some());
    let content = content.and_then(|content| request::read_content(&content, compiler, content_scope));
    let is_refused = signature == RequestSignature::Wrong;
    let expect = read_expectation(section, compiler, (first, method.as_deref(), is_refused), around);
    let handshake = Handshake {
        on: read_occasions(section),
        blocking: section.boolean("blocking").unwrap_or(false),
        line: section.line(),
        query: read_query(section, compiler, (head_scope, around.request)),
        headers: read_headers(section, compiler, (head_scope, around.request)),
        content,
        challenge,
        signature,
        message,
        when: request::read_when(section, compiler, Scope::ONCE),
        expect,
        method: method?,
    };
    check(section, &handshake);
    Some(handshake)
}

fn read_occasions(section: &Section<'_>) -> Vec<Occasion> {
    let Some(words) = section.texts("on") else { return Occasion::ALL.to_vec() };
    let known = |word: &str| Occasion::ALL.into_iter().find(|occasion| occasion.as_str() == word);
    let occasions: Option<Vec<_>> = words.iter().map(|word| known(&word.value)).collect();
    occasions.filter(|occasions| !occasions.is_empty()).unwrap_or_else(|| {
        let words = Occasion::ALL.map(Occasion::as_str).join(", ");
        section.invalid("on", format!("must list some of {words}"));
        Vec::new()
    })
}

fn read_method(section: &Section<'_>, has_content: bool) -> Option<String> {
    let method = section.required_text("method")?.value.to_owned();
    if !METHODS.contains(&method.as_str()) {
        section.invalid("method", format!("must be one of {}", METHODS.join(", ")));
    }
    if has_content && matches!(method.as_str(), "GET" | "HEAD") {
        section.invalid("content", format!("belongs to a request with a body, which {method} has not"));
    }
    Some(method)
}

fn read_challenge(section: &Section<'_>) -> Option<ChallengeForm> {
    let challenge = section.section("challenge")?;
    let bytes = challenge.count("bytes", CHALLENGE_BYTES_MAX).unwrap_or(32);
    if bytes < CHALLENGE_BYTES_MIN {
        let why = format!("must be a whole number from {CHALLENGE_BYTES_MIN} to {CHALLENGE_BYTES_MAX}");
        challenge.invalid("bytes", why);
    }
    let encoding = challenge.choice("encoding", &ENCODINGS).unwrap_or(Encoding::Hex);
    Some(ChallengeForm { bytes: bytes as usize, encoding })
}

fn read_signature(section: &Section<'_>, around: Around<'_>) -> RequestSignature {
    let signature = section.choice("signature", &SIGNATURES).unwrap_or(RequestSignature::None);
    if signature != RequestSignature::None && around.signature.is_none() {
        section
            .invalid("signature", "belongs to a profile with a `signature`: there is no secret to sign with");
    }
    signature
}

/// Its own, or else that of a delivery.
fn read_query(
    section: &Section<'_>,
    compiler: &mut Compiler<'_>,
    (scope, request): (Scope, &RequestRules),
) -> Vec<request::Parameter> {
    let own = request::read_parameters(section, "query", compiler, scope);
    if section.has("query") {
        return own;
    }
    let delivered = request.query.iter().filter(|one| scope.signature || !one.reads_any(signature()));
    delivered.cloned().collect()
}

/// Its own, or else those of a delivery; but none that would hold a signature where nothing is signed.
fn read_headers(
    section: &Section<'_>,
    compiler: &mut Compiler<'_>,
    (scope, request): (Scope, &RequestRules),
) -> Vec<request::HeaderRule> {
    let own = request::read_headers(section, compiler, scope);
    if section.has("headers") {
        return own;
    }
    let delivered = request.headers.iter().filter(|one| scope.signature || !one.reads_any(signature()));
    delivered.cloned().collect()
}

fn signature() -> impl Iterator<Item = Variable> {
    std::iter::once(Variable::Signature)
}

fn read_expectation(
    handshake: &Section<'_>,
    compiler: &mut Compiler<'_>,
    (first, method, is_refused): (Scope, Option<&str>, bool),
    around: Around<'_>,
) -> Expectation {
    let any_success = || Success::parse(["2xx"]).expect("it is a class of statuses");
    let section = handshake.section("expect");
    if is_refused && section.as_ref().is_none_or(|section| !section.has("status")) {
        let why =
            "must have the `status` of a refusal, such as [\"4xx\"]: the request is signed with a wrong key";
        handshake.invalid("expect", why);
    }
    let Some(section) = section else {
        return Expectation { status: any_success(), parts: Vec::new(), message: None };
    };
    let can_sign = around.signature.is_some();
    let scope = Scope { body: true, signature: can_sign, digest: can_sign, ..first };
    let mut templates = |texts: Vec<Located<&str>>| -> Vec<Template> {
        texts.into_iter().filter_map(|text| compiler.template(text, scope)).collect()
    };
    let mut parts = Vec::new();
    let body = templates(section.alternatives("body"));
    if section.has("body") {
        parts.push(ExpectedPart { place: Place::Body, texts: body });
    }
    for (pointer, texts) in section.named_texts("json") {
        let texts = templates(texts);
        match Place::json(pointer) {
            Some(place) => parts.push(ExpectedPart { place, texts }),
            None => section
                .invalid("json", format!("must have JSON pointers such as \"/token\", not `{pointer}`")),
        }
    }
    if method == Some("HEAD") && !parts.is_empty() {
        section.invalid(
            if section.has("body") { "body" } else { "json" },
            "cannot come with the answer to HEAD",
        );
    }
    for (name, texts) in section.named_texts("header") {
        let texts = templates(texts);
        match Place::header(name) {
            Some(place) => parts.push(ExpectedPart { place, texts }),
            None => section.invalid("header", format!("must have names that HTTP allows, not `{name}`")),
        }
    }
    let message_scope = Scope { body: true, ..first };
    let message = section.text("message").and_then(|text| compiler.template(text, message_scope));
    let status = read_status(&section).unwrap_or_else(any_success);
    let expectation = Expectation { status, parts, message };
    check_expectation(&section, &expectation, around);
    expectation
}

fn read_status(section: &Section<'_>) -> Option<Success> {
    let patterns = section.texts("status")?;
    let status = Success::parse(patterns.iter().map(|pattern| pattern.value.as_str()));
    if status.is_none() {
        let why = "must list statuses such as \"2xx\", 204 or \"4xx\"; a redirect is not followed, so none is expected";
        section.invalid("status", why);
    }
    status
}

fn check_expectation(section: &Section<'_>, expectation: &Expectation, around: Around<'_>) {
    let is_public =
        |rules: &SignatureRules| rules.schemes.iter().any(|scheme| scheme.algorithm == Algorithm::Ed25519);
    let signer = expectation.parts.iter().find(|part| part.texts.iter().any(reads_signature));
    if signer.is_some() && around.signature.is_some_and(is_public) {
        let why =
            "cannot hold a signature: with ed25519 a receiver has the public key only, and cannot make one";
        section.invalid("", why);
    }
    if signer.is_none() && expectation.message.is_some() {
        section.invalid("message", "signs nothing: `signature` and `digest` stand nowhere beside it");
    }
}

fn check(section: &Section<'_>, handshake: &Handshake) {
    if handshake.message.is_some() && !handshake.signs() {
        section.invalid("message", "signs nothing: `signature` is \"none\", and no `signature` is expected");
    }
}
