//! What the fields of a draft are called in this API.

/// The names of the draft and those of the API.
const NAMES: [(&str, &str); 12] = [
    ("active", "StatusCode"),
    ("description", "Description"),
    ("delivery.url", "URL"),
    ("delivery.method", "Method"),
    ("delivery.content_type", "ContentType"),
    ("delivery.headers", "CustomHeaders"),
    ("events", "WebhookEvent"),
    ("notify_on_failure", "NotifyOnFailure"),
    ("options.is_specific_landing_page", "IsSpecificLandingPage"),
    ("options.landing_page_urls", "LandingPageUrls"),
    ("options.activity_event", "ActivityEvent"),
    ("options.webhook_properties", "WebhookProperties"),
];

/// The names of the two parts of a header.
const PARTS: [(&str, &str); 2] = [(".name", ".Key"), (".value", ".Value")];

/// The name in the API of a field of a draft; what has none there keeps its own.
pub(super) fn to_api(field: &str) -> String {
    let Some((name, within)) = NAMES.iter().find_map(|(from, to)| Some((*to, within(field, from)?))) else {
        return field.to_owned();
    };
    match name {
        // There is one event, and not a list.
        "WebhookEvent" => name.to_owned(),
        "CustomHeaders" => name.to_owned() + &renamed(within, PARTS),
        _ => name.to_owned() + within,
    }
}

/// The name in a draft of a field of the API.
pub(super) fn to_draft(field: &str) -> String {
    let found = NAMES.iter().find_map(|(to, from)| Some((*to, within(field, from)?)));
    found.map_or_else(
        || field.to_owned(),
        |(name, within)| name.to_owned() + &renamed(within, PARTS.map(|(draft, api)| (api, draft))),
    )
}

/// What follows the name where the field is it, or lies within it.
fn within<'f>(field: &'f str, name: &str) -> Option<&'f str> {
    field.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn renamed(within: &str, parts: [(&str, &str); 2]) -> String {
    let renamed = parts.iter().find_map(|(from, to)| Some(within.strip_suffix(from)?.to_owned() + to));
    renamed.unwrap_or_else(|| within.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_their_names_in_both_directions() {
        for (draft, api) in [
            ("delivery.url", "URL"),
            ("delivery.headers", "CustomHeaders"),
            ("delivery.headers[3].name", "CustomHeaders[3].Key"),
            ("delivery.headers[0].value", "CustomHeaders[0].Value"),
            ("options.landing_page_urls[1]", "LandingPageUrls[1]"),
            ("events", "WebhookEvent"),
            ("delivery.tls", "delivery.tls"),
            ("delivery.urls", "delivery.urls"),
            ("", ""),
        ] {
            assert_eq!(to_api(draft), api);
            assert_eq!(to_draft(api), draft);
        }
        assert_eq!(to_api("events[0]"), "WebhookEvent");
    }
}
