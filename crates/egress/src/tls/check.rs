//! Whether the settings of a channel can be used: looked at when they are written, so that nobody learns it from a
//! delivery that fails.

use postroad_domain::{Invalid, Timestamp, TlsSettings};
use rustls::{
    RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::CertificateDer,
};
use x509_parser::{certificate::X509Certificate, parse_x509_certificate};

use super::material;

/// What is wrong with one of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFault {
    /// Which: `client_certificate`, `client_key` or `ca`.
    pub field: &'static str,
    /// What is wrong with it, without the value.
    pub why: Invalid,
}

/// Everything that is wrong with the settings at this moment; empty for nothing. What is the same in the settings
/// `before` may have run out since: so that they do not refuse a change of something else.
pub fn check_tls(settings: &TlsSettings, before: Option<&TlsSettings>, now: Timestamp) -> Vec<TlsFault> {
    let mut faults = Vec::new();
    let mut note = |field, result: Result<(), Invalid>| {
        faults.extend(result.err().map(|why| TlsFault { field, why }));
    };
    let is_new = |of: fn(&TlsSettings) -> &Option<String>| {
        before.is_none_or(|before| of(before) != of(settings)).then_some(now)
    };
    match (&settings.client_certificate, &settings.client_key) {
        (None, None) => {}
        (Some(_), None) => note("client_key", Err(Invalid::new("is required beside `client_certificate`"))),
        (None, Some(_)) => {
            note("client_certificate", Err(Invalid::new("is required beside `client_key`")));
        }
        (Some(chain), Some(key)) => {
            let provider = aws_lc_rs::default_provider();
            let chain = check_chain(chain, is_new(|settings| &settings.client_certificate));
            note("client_key", check_key(key, chain.as_ref().ok(), &provider));
            note("client_certificate", chain.map(drop));
        }
    }
    if let Some(authorities) = &settings.ca {
        note("ca", check_authorities(authorities, is_new(|settings| &settings.ca)));
    }
    faults
}

fn check_chain(text: &str, now: Option<Timestamp>) -> Result<Vec<CertificateDer<'static>>, Invalid> {
    let chain = material::certificates(text)?;
    for (certificate, number) in chain.iter().zip(1..) {
        check_time(&parsed(certificate, number)?, number, now)?;
    }
    Ok(chain)
}

fn check_key(
    text: &str,
    chain: Option<&Vec<CertificateDer<'static>>>,
    provider: &CryptoProvider,
) -> Result<(), Invalid> {
    let key = material::key(text, provider)?;
    let Some(certificate) = chain.and_then(|chain| chain.first()) else { return Ok(()) };
    let certificate = parsed(certificate, 1)?;
    if key.public_key().is_some_and(|of_key| of_key.as_ref() != certificate.public_key().raw) {
        return Err(Invalid::new("does not belong to the first certificate of `client_certificate`"));
    }
    Ok(())
}

fn check_authorities(text: &str, now: Option<Timestamp>) -> Result<(), Invalid> {
    for (authority, number) in material::certificates(text)?.into_iter().zip(1..) {
        check_time(&parsed(&authority, number)?, number, now)?;
        RootCertStore::empty().add(authority).map_err(|_| {
            Invalid::new(format!("holds a certificate, number {number}, that is no authority"))
        })?;
    }
    Ok(())
}

fn parsed<'a>(certificate: &'a CertificateDer<'_>, number: usize) -> Result<X509Certificate<'a>, Invalid> {
    match parse_x509_certificate(certificate) {
        Ok(([], parsed)) => Ok(parsed),
        _ => Err(Invalid::new(format!("holds a certificate, number {number}, that cannot be read"))),
    }
}

fn check_time(
    certificate: &X509Certificate<'_>,
    number: usize,
    now: Option<Timestamp>,
) -> Result<(), Invalid> {
    let Some(now) = now else { return Ok(()) };
    let end_secs = certificate.validity().not_after.timestamp();
    let end = Timestamp::from_micros(end_secs.saturating_mul(1_000_000));
    if end < now {
        return Err(Invalid::new(format!("holds a certificate, number {number}, that expired at {end}")));
    }
    Ok(())
}
