//! Handing mail to a server (RFC 5321). A conversation for each mail: there are few.

use std::sync::Arc;

use async_trait::async_trait;
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{
    Letter, MailError, Mailer,
    limited::{Encrypted, Limited},
    message::message_of,
    server::{Encryption, Sender, SmtpServer},
};

/// Characters of what a server says that are kept.
const SAID_CHARS_MAX: usize = 300;

/// Sends mail through a server.
pub struct SmtpMailer {
    server: SmtpServer,
    sender: Sender,
    tls: TlsConnector,
    parameters: TlsParameters,
}

impl SmtpMailer {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The machine's certificate authorities cannot be used, or the server's name cannot stand in a certificate.
    pub fn new(server: SmtpServer, sender: Sender) -> Result<Self, MailError> {
        let config = ClientConfig::with_platform_verifier().map_err(|error| failed(&error))?;
        let parameters = TlsParameters::new_rustls(server.host.clone()).map_err(|error| failed(&error))?;
        Ok(Self { server, sender, tls: TlsConnector::from(Arc::new(config)), parameters })
    }

    /// Connects, encrypts and logs in as agreed, and sends nothing.
    ///
    /// # Errors
    /// [`MailError::Server`] says what did not work.
    pub async fn try_connection(&self) -> Result<(), MailError> {
        self.connect().await?.quit().await.map(|_| ()).map_err(|error| failed(&error))
    }

    /// A connection that is encrypted as agreed, over which somebody has logged in where that was agreed.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let SmtpServer { host, port, encryption, login } = &self.server;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| failed(&error))?;
        let stream = Limited::new(stream);
        let name = ClientId::Domain(self.sender.domain().to_owned());
        let mut connection = if *encryption == Encryption::Tls {
            let host = ServerName::try_from(host.clone()).map_err(|error| failed(&error))?;
            let stream = self.tls.connect(host, stream).await.map_err(|error| failed(&error))?;
            AsyncSmtpConnection::connect_with_transport(Box::new(Encrypted(stream)), &name).await
        } else {
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &name).await
        }
        .map_err(|error| failed(&error))?;
        if *encryption == Encryption::StartTls {
            connection.starttls(self.parameters.clone(), &name).await.map_err(|error| failed(&error))?;
        }
        if let Some((user, password)) = login {
            let credentials = Credentials::new(user.clone(), password.to_string());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &credentials).await.map_err(|error| failed(&error))?;
        }
        Ok(connection)
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let message = message_of(letter, &self.sender).map_err(MailError::Refused)?;
        let mut connection = self.connect().await?;
        let sent = connection.send(message.envelope(), &message.formatted()).await;
        let sent = sent.map(|_| ()).map_err(|error| refusal(&error));
        if sent.is_ok() {
            // It has taken the mail; how it says good-bye changes nothing.
            let _ = connection.quit().await;
        }
        sent
    }
}

/// Why it does not take one mail.
fn refusal(error: &Error) -> MailError {
    let said = said(error);
    if error.is_permanent() || error.is_client() {
        MailError::Refused(said)
    } else if error.is_transient() {
        MailError::PutOff(said)
    } else {
        MailError::Server(said)
    }
}

fn failed(error: &dyn std::error::Error) -> MailError {
    MailError::Server(said(error))
}

/// A fault with its causes, on one line.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(SAID_CHARS_MAX).collect()
}
