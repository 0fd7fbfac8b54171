//! The URL that is called: the customer's own, byte for byte, with what the profile appends.

use super::Parameter;

/// Appends a query to a URL. Path and query of the customer stay as they are; a fragment is never sent.
pub(crate) fn decorated(url: &str, query: &str) -> String {
    let url = url.split('#').next().unwrap_or(url);
    if query.is_empty() {
        return url.to_owned();
    }
    let joint = match url.find('?') {
        None => "?",
        Some(_) if url.ends_with(['?', '&']) => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{query}")
}

/// The URL that [`decorated`] made of `own`, with a mask for the values of the parameters that are `secret`: of one that
/// may be several pairs for all that was appended.
pub(crate) fn masked<'a>(
    own: &str,
    url: &str,
    secret: impl Iterator<Item = &'a Parameter>,
    mask: &str,
) -> String {
    let own = own.split('#').next().unwrap_or(own);
    let appended = url.strip_prefix(own).map_or(url, |appended| appended.trim_start_matches(['?', '&']));
    let before = &url[..url.len() - appended.len()];
    let names: Option<Vec<_>> = secret.map(Parameter::name_in_query).collect();
    let Some(names) = names else { return format!("{before}{mask}") };
    let shown = appended.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if names.iter().any(|secret| secret == name) => format!("{name}={mask}"),
        _ => pair.to_owned(),
    });
    before.to_owned() + &shown.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::decorated;

    #[test]
    fn the_customers_query_stays_as_it_is_and_ours_follows() {
        for (url, query, expected) in [
            ("https://h/x?key=A%2FB&k=1#frag", "", "https://h/x?key=A%2FB&k=1"),
            ("https://h/x", "a=1", "https://h/x?a=1"),
            ("https://h/x?secret=1", "a=1", "https://h/x?secret=1&a=1"),
            ("https://h/x?", "a=1", "https://h/x?a=1"),
            ("https://h/x#a?b", "a=1", "https://h/x?a=1"),
            ("https://h", "a=1", "https://h?a=1"),
        ] {
            assert_eq!(decorated(url, query), expected);
        }
    }
}
