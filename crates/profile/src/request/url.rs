//! The URL that is called: the customer's own, byte for byte, with what the profile appends.

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
