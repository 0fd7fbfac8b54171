//! The settings: which server takes mail, and who sends it.

use std::fmt;

use lettre::{Address, message::Mailbox};
use percent_encoding::percent_decode_str;
use postroad_domain::Invalid;
use url::{Host, Url};
use zeroize::Zeroizing;

/// A server that takes mail: `smtp://[user:password@]host[:port][?tls=required|none]` or `smtps://…`.
#[derive(Clone)]
pub struct SmtpServer {
    /// Its name or address.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// How the connection is protected.
    pub(crate) encryption: Encryption,
    /// Who logs in, with which password.
    pub(crate) login: Option<(String, Zeroizing<String>)>,
}

/// How a connection to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// By TLS from the first byte on (RFC 8314, section 3.3).
    Tls,
    /// By TLS after `STARTTLS` (RFC 3207); a server that does not offer it gets no mail and no password.
    StartTls,
    /// Not at all: for a server on this machine or in a network that is trusted.
    None,
}

impl SmtpServer {
    /// Reads the URL of a server.
    ///
    /// # Errors
    /// It is none, or would send a password in clear through a network.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = || {
            Invalid::new(
                "must be smtp://[user:password@]host[:port] or smtps://…, such as smtp://bot:secret@mail.example.com:587",
            )
        };
        let url = Url::parse(text).map_err(|_| wrong())?;
        // The crate has no rule for hosts of schemes that browsers do not know.
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?.to_owned();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(wrong());
        }
        let mut encryption = match url.scheme() {
            "smtp" => Encryption::StartTls,
            "smtps" => Encryption::Tls,
            _ => return Err(wrong()),
        };
        for (name, value) in url.query_pairs() {
            match (&*name, &*value, encryption) {
                ("tls", "required", _) => {}
                ("tls", "none", Encryption::StartTls) => encryption = Encryption::None,
                _ => {
                    return Err(Invalid::new(
                        "can have one parameter: tls=required, or for smtp:// also tls=none",
                    ));
                }
            }
        }
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => {
                let decoded = |text| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
                let user = decoded(user).map_err(|_| wrong())?;
                Some((user, Zeroizing::new(decoded(password).map_err(|_| wrong())?)))
            }
            _ => return Err(wrong()),
        };
        if encryption == Encryption::None && login.is_some() && !is_this_machine(&host) {
            return Err(Invalid::new(
                "would send the password unencrypted: leave tls=none out, or the user and the password",
            ));
        }
        let port = url.port().unwrap_or(match encryption {
            Encryption::Tls => 465,
            Encryption::StartTls => 587,
            Encryption::None => 25,
        });
        Ok(Self { host, port, encryption, login })
    }
}

fn is_this_machine(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Err(_) => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The login is a secret.
        let Self { host, port, encryption, .. } = self;
        out.debug_struct("SmtpServer")
            .field("host", host)
            .field("port", port)
            .field("encryption", encryption)
            .finish_non_exhaustive()
    }
}

/// Who sends the mail: `hooks@example.com` or `Webhooks <hooks@example.com>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(pub(crate) Mailbox);

impl Sender {
    /// Reads it.
    ///
    /// # Errors
    /// It is no address, with or without a name in front of it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong =
            || Invalid::new("must be an address such as hooks@example.com or Webhooks <hooks@example.com>");
        if text.chars().any(char::is_control) {
            return Err(wrong());
        }
        text.parse().map(Self).map_err(|_| wrong())
    }

    /// The part of the address behind the `@`.
    pub(crate) fn domain(&self) -> &str {
        Address::domain(&self.0.email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_url_with_the_usual_ports_and_encrypted_unless_it_says_otherwise() {
        for (text, host, port, encryption) in [
            ("smtp://mail.example.com", "mail.example.com", 587, Encryption::StartTls),
            ("smtp://mail.example.com?tls=required", "mail.example.com", 587, Encryption::StartTls),
            ("smtps://mail.example.com/", "mail.example.com", 465, Encryption::Tls),
            ("smtp://127.0.0.1:2525?tls=none", "127.0.0.1", 2525, Encryption::None),
            ("smtp://[::1]:2525?tls=none", "::1", 2525, Encryption::None),
            ("smtp://relay?tls=none", "relay", 25, Encryption::None),
        ] {
            let server = SmtpServer::parse(text).unwrap();
            let read = (server.host.as_str(), server.port, server.encryption, server.login.is_none());
            assert_eq!(read, (host, port, encryption, true), "{text}");
        }
        let (user, password) = SmtpServer::parse("smtp://a%40b.c:p%2Fw@h").unwrap().login.unwrap();
        assert_eq!((user.as_str(), password.as_str()), ("a@b.c", "p/w"));
        SmtpServer::parse("smtp://u:p@localhost?tls=none").unwrap();
    }

    #[test]
    fn what_is_no_server_or_would_show_a_password_is_refused() {
        for text in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp://u@h",
            "smtp://:p@h",
            "smtp://h/path",
            "smtp://h?tls=maybe",
            "smtp://h?x=1",
            "smtps://h?tls=none",
            "smtp://h:99999",
            "smtp://h#x",
        ] {
            SmtpServer::parse(text).unwrap_err();
        }
        let shown = SmtpServer::parse("smtp://u:p@relay?tls=none").unwrap_err();
        assert!(shown.to_string().contains("unencrypted"), "{shown}");
        assert!(!format!("{:?}", SmtpServer::parse("smtp://user:geheim@h").unwrap()).contains("geheim"));
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for text in ["hooks@example.com", "Webhooks <hooks@example.com>"] {
            assert_eq!(Sender::parse(text).unwrap().domain(), "example.com");
        }
        for text in ["", "hooks", "a@b\r\nBcc: c@d", "Webhooks <hooks@example.com>\n"] {
            Sender::parse(text).unwrap_err();
        }
    }
}
