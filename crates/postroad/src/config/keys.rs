//! The table of keys: everything there is to say about a key, said once.

use postroad_domain::Invalid;
use postroad_mail::{Sender, SmtpServer};

use super::{Config, Inspecting, Purpose, checks};

/// One key of the configuration.
pub struct Key {
    /// Its name: the flag without its dashes, and the key in the file.
    pub name: &'static str,
    /// What its value is called in the help: `ADDR`.
    pub value_name: &'static str,
    /// What holds when nobody gives it.
    pub otherwise: Otherwise,
    /// One sentence for the help.
    pub summary: &'static str,
    /// The rest there is to know, for `--help` and the documentation; may be empty.
    pub details: &'static str,
    /// Whether its value must never be shown.
    pub is_secret: bool,
    /// Whether it may be given several times: a list with commas in the environment, an array in the file.
    pub is_list: bool,
    /// Whether it may stand in the file.
    pub in_file: bool,
    /// What `postroad dev` makes of it.
    pub in_dev: InDev,
    /// Checks the values and enters them. One value, or several where the key is a list.
    pub apply: fn(&mut Config, &[String]) -> Result<(), Invalid>,
}

/// The value of a key that is on or off.
const SWITCH: &str = "true|false";

/// What holds without a value.
#[derive(Clone, Copy, Debug)]
pub enum Otherwise {
    /// This value.
    Value(&'static str),
    /// Something that is no value; in words that complete `Default:`.
    Words(&'static str),
}

/// What `postroad dev` makes of a key.
#[derive(Clone, Copy, Debug)]
pub enum InDev {
    /// The same as `serve`.
    AsInServe,
    /// The key, with another default.
    Default(&'static str),
    /// `dev` does not have it and ignores it in the environment.
    Absent,
}

impl Key {
    /// Its environment variable: `POSTROAD_DATA_DIR`.
    pub fn environment_name(&self) -> String {
        format!("POSTROAD_{}", self.name.replace('-', "_").to_ascii_uppercase())
    }

    /// Whether it is on or off: as a flag it needs no value.
    pub fn is_switch(&self) -> bool {
        self.value_name == SWITCH
    }

    /// The flag as people write it: `--listen ADDR`, `--inspector`.
    pub fn flag(&self) -> String {
        if self.is_switch() {
            format!("--{}", self.name)
        } else {
            format!("--{} {}", self.name, self.value_name)
        }
    }

    /// Whether the command has it.
    pub fn is_for(&self, purpose: Purpose) -> bool {
        purpose == Purpose::Serve || !matches!(self.in_dev, InDev::Absent)
    }

    /// The value that holds when nobody gives one.
    pub fn default_for(&self, purpose: Purpose) -> Option<&'static str> {
        match (purpose, self.in_dev, self.otherwise) {
            (Purpose::Dev, InDev::Default(value), _) | (_, _, Otherwise::Value(value)) => Some(value),
            (_, _, Otherwise::Words(_)) => None,
        }
    }
}

/// Every key, in the order of the help.
pub static KEYS: [Key; 23] = [
    Key {
        name: "config",
        value_name: "FILE",
        otherwise: Otherwise::Words("no file"),
        summary: "Read further settings from this TOML file",
        details: "Its keys are the long flags without their dashes. A flag wins over the environment, the environment \
                  over the file.",
        is_secret: false,
        is_list: false,
        in_file: false,
        in_dev: InDev::Absent,
        // Read before the others: it says where they are.
        apply: |_, _| Ok(()),
    },
    Key {
        name: "listen",
        value_name: "ADDR",
        otherwise: Otherwise::Value("127.0.0.1:8080"),
        summary: "Address and port to listen on",
        details: "Port 0 lets the machine choose a free port; the first line of the output names it. 0.0.0.0:8080 or \
                  [::]:8080 listens on every address of the machine.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| checks::one(values, checks::listen).map(|value| config.listen = value),
    },
    Key {
        name: "data-dir",
        value_name: "DIR",
        otherwise: Otherwise::Value("./postroad-data"),
        summary: "Folder of the embedded database; it is created when it is not there",
        details: "One server at a time uses it. A relative path starts at the working directory.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::Absent,
        apply: |config, values| checks::one(values, checks::folder).map(|value| config.data_dir = value),
    },
    Key {
        name: "admin-key",
        value_name: "KEY",
        otherwise: Otherwise::Words("generated at the first start and shown once"),
        summary: "The key that may do everything in the API",
        details: "From now on: it replaces the one that is kept. Only its hash is kept. At least 8 characters, except \
                  with dev; 16 or more cannot be guessed. Better in the environment or the file than on the command \
                  line, which other users of the machine can read.",
        is_secret: true,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, checks::admin_key).map(|value| config.admin_key = Some(value))
        },
    },
    Key {
        name: "profiles",
        value_name: "DIR",
        otherwise: Otherwise::Words("the built-in profiles only"),
        summary: "Folder of further profiles: each sub-folder with a profile.toml is one",
        details: "A profile of a built-in one's name takes its place. What counts is the name in the file, not the \
                  folder's. A fault in any of them ends the start; postroad profile check tells it too. A relative \
                  path starts at the working directory.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, checks::folder).map(|value| config.profiles = Some(value))
        },
    },
    Key {
        name: "allow-subnet",
        value_name: "CIDR",
        otherwise: Otherwise::Words("public addresses only"),
        summary: "Allow deliveries to this private subnet; may be given several times",
        details: "Without it, webhooks reach public addresses only, so that no customer can make this server call \
                  into your network. Example: 10.20.0.0/16. Several are separated by commas. `localhost` \
                  is two: 127.0.0.0/8,::1/128.",
        is_secret: false,
        is_list: true,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| checks::subnets(values).map(|value| config.allow_subnets = value),
    },
    Key {
        name: "egress-proxy",
        value_name: "URL",
        otherwise: Otherwise::Words("receivers are called directly"),
        summary: "Send everything through this proxy: http://[user:password@]host:port",
        details: "Each connection is a tunnel that the proxy is asked for with CONNECT, for http and https alike. Names of \
                  receivers are then resolved by the proxy, and which addresses they may lead to is for the proxy to \
                  judge; literal addresses are still judged here, as without a proxy. See docs/operations.md.",
        is_secret: true,
        is_list: false,
        in_file: true,
        in_dev: InDev::Absent,
        apply: |config, values| {
            checks::one(values, checks::egress_proxy).map(|value| config.egress_proxy = Some(value))
        },
    },
    Key {
        name: "public-url",
        value_name: "URL",
        otherwise: Otherwise::Words("http:// and the address listened on"),
        summary: "Where this server is reached from outside, for links that it hands out",
        details: "Without a path: https://hooks.example.com.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, checks::public_url).map(|value| config.public_url = Some(value))
        },
    },
    Key {
        name: "inspector",
        value_name: SWITCH,
        otherwise: Otherwise::Value("false"),
        summary: "Turn on the built-in webhook tester: /inspector makes a bin, /inspect/{bin} records what it gets",
        details: "Whoever reaches this server can use it, and whoever knows the name of a bin sees what is in it. \
                  Deliveries to it are handed over within the process.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::Absent,
        apply: |config, values| {
            checks::one(values, checks::switch)
                .map(|is_on| config.inspector = if is_on { Inspecting::On } else { Inspecting::Off })
        },
    },
    Key {
        name: "secret-key",
        value_name: "ID:BASE64[,…]",
        otherwise: Otherwise::Words(
            "kept in the file secret.key in the data folder, generated at the first start",
        ),
        summary: "Key that the webhook secrets in the database are encrypted with",
        details: "A name, a colon, and the base64 of 32 random bytes: k1:$(openssl rand -base64 32). The first of a \
                  list encrypts, all of them decrypt. A database opens only with the key it was written with.",
        is_secret: true,
        is_list: false,
        in_file: true,
        in_dev: InDev::Absent,
        apply: |config, values| {
            checks::one(values, checks::secret_key).map(|value| config.secret_key = Some(value))
        },
    },
    Key {
        name: "retention",
        value_name: "TIME",
        otherwise: Otherwise::Value("30d"),
        summary: "How long an event is kept with its deliveries and attempts: 12h, 30d, or forever",
        details: "Older ones are erased in the background, a little at a time. One with a delivery that still waits is \
                  kept until that has ended. Idempotency keys are remembered for 7 days in any case.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::Absent,
        apply: |config, values| {
            checks::one(values, checks::retention).map(|value| config.retention.age_max = value)
        },
    },
    Key {
        name: "retention-bytes",
        value_name: "SIZE",
        otherwise: Otherwise::Words("no bound but the disk's"),
        summary: "How much of the database may be in use before the oldest events are erased, whatever their age: 50GiB",
        details: "What counts is the database's file less its free pages, which are used again before the file grows. \
                  Leave room on the disk for the write-ahead log too: 300 MiB, and more while a backup is made. Events \
                  with a delivery that still waits are kept.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::Absent,
        apply: |config, values| {
            checks::one(values, checks::retention_bytes).map(|value| config.retention.bytes_max = Some(value))
        },
    },
    Key {
        name: "deactivate-after",
        value_name: "TIME",
        otherwise: Otherwise::Words("failures alone make no subscription inactive"),
        summary: "Make a subscription inactive whose deliveries have failed for so long without a success: 5d",
        details: "From 1h to 90d, counted from the first failure, and looked at when another delivery fails; one attempt \
                  that fails is no failure yet. It is then as if the customer had paused it: what waits is cancelled, and \
                  nothing is queued for later. It holds for every profile, beside what the profile itself says.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::Absent,
        apply: |config, values| {
            checks::one(values, checks::deactivate_after).map(|value| config.deactivate_after = Some(value))
        },
    },
    Key {
        name: "smtp-url",
        value_name: "URL",
        otherwise: Otherwise::Words("no mail is sent"),
        summary: "Tell the contacts of tenants by mail through this server: smtp://[user:password@]host[:port]",
        details: "They are told of deliveries that fail for good where a subscription has notify_on_failure, and of subscriptions \
                  that became inactive by themselves or soon will. smtp:// asks for STARTTLS, at port 587 unless another stands there; smtps:// is \
                  TLS from the first byte, at port 465; ?tls=none is for a server on this machine or in a network that you \
                  trust, at port 25. Characters such as @ in a password are written as %40. It needs mail-from.",
        is_secret: true,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, SmtpServer::parse).map(|value| config.smtp_url = Some(value))
        },
    },
    Key {
        name: "mail-from",
        value_name: "ADDRESS",
        otherwise: Otherwise::Words("no mail is sent"),
        summary: "The sender of that mail: hooks@example.com, or Webhooks <hooks@example.com>",
        details: "It needs smtp-url. Calls in a mail begin with public-url, so set that too.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, Sender::parse).map(|value| config.mail_from = Some(value))
        },
    },
    Key {
        name: "metrics-listen",
        value_name: "ADDR",
        otherwise: Otherwise::Words("only at the address of the API, with a key"),
        summary: "Address and port at which GET /metrics is answered without a key, and nothing else",
        details: "For a collector in your own network: choose an address that nobody else reaches.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, checks::listen).map(|value| config.metrics_listen = Some(value))
        },
    },
    Key {
        name: "metrics-key",
        value_name: "KEY",
        otherwise: Otherwise::Words("only the admin key"),
        summary: "A key that opens GET /metrics and nothing else",
        details: "For collectors that call the address of the API: authorization: Bearer KEY. As long as an admin key must \
                  be.",
        is_secret: true,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, checks::admin_key).map(|value| config.metrics_key = Some(value))
        },
    },
    Key {
        name: "metrics-per-tenant",
        value_name: SWITCH,
        otherwise: Otherwise::Value("false"),
        summary: "Count accepted events, deliveries and failures of each tenant too",
        details: "At most 1,000 tenants have counters of their own; the rest is counted together as _others.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, checks::switch).map(|value| config.metrics_per_tenant = value)
        },
    },
    Key {
        name: "otlp-endpoint",
        value_name: "URL",
        otherwise: Otherwise::Words("OTEL_EXPORTER_OTLP_ENDPOINT, or no traces"),
        summary: "Send traces to this collector, by OTLP over HTTP: http://127.0.0.1:4318",
        details: "Spans of publishing, commit, shaping and each attempt. /v1/traces is put behind it. The other standard \
                  variables hold too: OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME, OTEL_BSP_MAX_QUEUE_SIZE. A collector \
                  that is away or slow loses spans and slows nothing.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, checks::collector).map(|value| config.otlp_endpoint = Some(value))
        },
    },
    Key {
        name: "trace-ratio",
        value_name: "SHARE",
        otherwise: Otherwise::Words("OTEL_TRACES_SAMPLER_ARG, or 1"),
        summary: "The share of events that begin a trace, from 0 to 1, where their publisher sends no traceparent",
        details: "What the publisher's traceparent says is done in any case.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, checks::share).map(|value| config.trace_ratio = Some(value))
        },
    },
    Key {
        name: "log-format",
        value_name: "text|json",
        otherwise: Otherwise::Value("text"),
        summary: "How log lines look; they go to standard error",
        details: "",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::AsInServe,
        apply: |config, values| {
            checks::one(values, checks::log_format).map(|value| config.log_format = value)
        },
    },
    Key {
        name: "log-level",
        value_name: "LEVEL",
        otherwise: Otherwise::Value("info"),
        summary: "Which log lines are written: off, error, warn, info, debug or trace",
        details: "Parts of the program may have levels of their own: info,postroad_engine=debug.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::Default("warn"),
        apply: |config, values| checks::one(values, checks::log_level).map(|value| config.log_level = value),
    },
    Key {
        name: "shutdown-grace",
        value_name: "TIME",
        otherwise: Otherwise::Value("10s"),
        summary: "How long requests and deliveries under way may take after SIGTERM or Ctrl-C",
        details: "What is not finished by then stays queued and goes out after the next start. A second signal ends \
                  the server at once.",
        is_secret: false,
        is_list: false,
        in_file: true,
        in_dev: InDev::Default("1s"),
        apply: |config, values| checks::one(values, checks::grace).map(|value| config.shutdown_grace = value),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_environment_variable_is_the_flag_in_capitals() {
        let names: Vec<_> = KEYS.iter().map(Key::environment_name).collect();
        assert_eq!(names[..3], ["POSTROAD_CONFIG", "POSTROAD_LISTEN", "POSTROAD_DATA_DIR"]);
    }
}
