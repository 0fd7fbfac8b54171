//! How a profile signs: what, with which algorithm, in which form, once or at each attempt.

use crate::{
    algorithm::Algorithm,
    problem::ProblemKind,
    reader::{Located, Section},
    secret::{Encoding, KeyForm, SecretRules, SecretSupply, SecretUse},
    template::{Compiler, Scope, Template, Variable},
};

/// One way to sign; a subscription uses one of its profile's.
#[derive(Clone, Debug)]
pub struct Scheme {
    /// The word by which a subscription chooses it.
    pub name: String,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// How its bytes are written.
    pub encoding: Encoding,
    /// How its secrets are written.
    pub key: KeyForm,
    /// What stands in the signature text for one key.
    pub(crate) value: Template,
}

/// The signature of a profile.
#[derive(Clone, Debug)]
pub struct SignatureRules {
    /// Timestamp and signature are made anew at each attempt, with the secrets that sign then.
    pub each_attempt: bool,
    /// The ways to sign; the first is the default.
    pub schemes: Vec<Scheme>,
    pub(crate) message: Template,
    pub(crate) separator: String,
}

const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("hmac-sha1", Algorithm::HmacSha1),
    ("hmac-sha256", Algorithm::HmacSha256),
    ("hmac-sha512", Algorithm::HmacSha512),
    ("ed25519", Algorithm::Ed25519),
];
pub(crate) const ENCODINGS: [(&str, Encoding); 3] =
    [("hex", Encoding::Hex), ("base64", Encoding::Base64), ("base64url", Encoding::Base64Url)];
const KEY_ENCODINGS: [(&str, Option<Encoding>); 4] = [
    ("text", None),
    ("hex", Some(Encoding::Hex)),
    ("base64", Some(Encoding::Base64)),
    ("base64url", Some(Encoding::Base64Url)),
];
const SIGN: [(&str, bool); 2] = [("once", false), ("each_attempt", true)];
const USES: [(&str, SecretUse); 2] = [("generated", SecretUse::Generated), ("optional", SecretUse::Optional)];
const SUPPLIES: [(&str, SecretSupply); 3] = [
    ("never", SecretSupply::Never),
    ("at_rotation", SecretSupply::AtRotation),
    ("always", SecretSupply::Always),
];
/// The longest key, in bytes; longer ones add nothing to any of the algorithms.
const KEY_BYTES_MAX: u64 = 1_024;

/// `[signature]` while it is read: the names of its schemes are needed before its templates can be compiled, since a
/// template may read the option that chooses among them.
pub(crate) struct SignatureSection<'a> {
    section: Section<'a>,
    schemes: Vec<Section<'a>>,
}

impl<'a> SignatureSection<'a> {
    /// The section, where the profile has one.
    pub(crate) fn open(root: &Section<'a>) -> Option<Self> {
        let section = root.section("signature")?;
        let schemes = section.sections("schemes");
        if schemes.is_empty() {
            section.missing("schemes");
        }
        Some(Self { section, schemes })
    }

    /// The names of the schemes in their order.
    pub(crate) fn scheme_names(&self) -> Vec<&'a str> {
        let mut names = Vec::new();
        for scheme in &self.schemes {
            let Some(name) = scheme.text("name") else { continue };
            if names.contains(&name.value) {
                let kind = ProblemKind::Duplicate { what: "scheme", name: name.value.to_owned() };
                scheme.document().report(Some(name.line), kind);
            }
            names.push(name.value);
        }
        names
    }

    /// Reads the rest.
    pub(crate) fn read(self, compiler: &mut Compiler<'_>) -> Option<SignatureRules> {
        let Self { section, schemes } = self;
        section.required_text("sign");
        let each_attempt = section.choice("sign", &SIGN).unwrap_or(false);
        let separator = section.owned_text("separator").unwrap_or_else(|| " ".to_owned());
        let scope = Scope { attempt: each_attempt, body: true, ..Scope::ONCE };
        let message = section.required_text("message").and_then(|text| compiler.template(text, scope));
        let schemes =
            schemes.iter().filter_map(|scheme| read_scheme(scheme, each_attempt, compiler)).collect();
        Some(SignatureRules { each_attempt, schemes, message: message?, separator })
    }
}

/// Reads `[secret]`.
pub(crate) fn read_secret_rules(root: &Section<'_>, signs: bool) -> SecretRules {
    let none =
        SecretRules { presence: SecretUse::None, supplied: SecretSupply::Never, rotation_grace: false };
    let Some(section) = root.section("secret") else {
        if signs {
            root.missing("secret");
        }
        return none;
    };
    if !signs {
        root.invalid("secret", "belongs to a profile with a `signature`");
    }
    section.required_text("is");
    SecretRules {
        presence: section.choice("is", &USES).unwrap_or(SecretUse::Generated),
        supplied: section.choice("supplied", &SUPPLIES).unwrap_or(SecretSupply::Always),
        rotation_grace: section.boolean("rotation_grace").unwrap_or(false),
    }
}

/// A message that covers the body cannot be signed before the body exists.
pub(crate) fn signs_body(rules: &SignatureRules) -> bool {
    rules.message.reads(&Variable::Body)
}

fn read_scheme(section: &Section<'_>, each_attempt: bool, compiler: &mut Compiler<'_>) -> Option<Scheme> {
    section.required_text("algorithm");
    let algorithm = section.choice("algorithm", &ALGORITHMS).unwrap_or(Algorithm::HmacSha256);
    let scope = Scope { attempt: each_attempt, digest: true, ..Scope::ONCE };
    let value = section.text("value").unwrap_or(Located { value: "{{ digest }}", line: section.line() });
    let encoding = section.choice("encoding", &ENCODINGS).unwrap_or(Encoding::Hex);
    let key = read_key(section, algorithm);
    let name = section.required_text("name")?.value.to_owned();
    Some(Scheme { name, algorithm, encoding, key, value: compiler.template(value, scope)? })
}

fn read_key(scheme: &Section<'_>, algorithm: Algorithm) -> KeyForm {
    let is_ed25519 = algorithm == Algorithm::Ed25519;
    let (min, max) = if is_ed25519 { (32, 64) } else { (1, 256) };
    let plain = KeyForm {
        prefix: String::new(),
        encoding: is_ed25519.then_some(Encoding::Base64),
        min,
        max,
        generate_bytes: 32,
        generate_encoding: if is_ed25519 { Encoding::Base64 } else { Encoding::Hex },
        public_prefix: String::new(),
    };
    let Some(section) = scheme.section("key") else { return plain };
    let encoding = section.choice("form", &KEY_ENCODINGS).unwrap_or(plain.encoding);
    let bytes = |key, default| section.count(key, KEY_BYTES_MAX).map_or(default, |count| count as usize);
    let generate_encoding = section.choice("generate_encoding", &ENCODINGS);
    let key = KeyForm {
        prefix: section.owned_text("prefix").unwrap_or_default(),
        encoding,
        min: bytes("min", min),
        max: bytes("max", max),
        generate_bytes: bytes("generate_bytes", 32),
        generate_encoding: encoding.or(generate_encoding).unwrap_or(Encoding::Hex),
        public_prefix: section.owned_text("public_prefix").unwrap_or_default(),
    };
    check_key(&section, &key, is_ed25519);
    key
}

fn check_key(section: &Section<'_>, key: &KeyForm, is_ed25519: bool) {
    if key.encoding.is_some() && section.has("generate_encoding") {
        section.invalid("generate_encoding", "belongs to keys whose form is \"text\"");
    }
    if is_ed25519 && (key.encoding.is_none() || key.min < 32 || key.max > 64 || key.generate_bytes != 32) {
        section.invalid("form", "must be base64, base64url or hex of 32 to 64 bytes for ed25519");
    }
    let written = key.prefix.len() + key.generate_encoding.encode(&vec![0; key.generate_bytes]).len();
    let generated = if key.encoding.is_some() { key.generate_bytes } else { written };
    if key.min > key.max || !(key.min..=key.max).contains(&generated) {
        section.invalid("generate_bytes", format!("must give keys of {} to {} bytes", key.min, key.max));
    }
}
