//! What a caller of `Retrieve` asks for: which webhooks, in which order, which page.

use std::{cmp::Ordering, ops::Range};

use postroad_domain::{
    EndpointUrl, Invalid, Subscription, SubscriptionId,
    limits::{Bounds, SUBSCRIPTIONS_PER_TENANT_MAX},
};
use postroad_profile::Profile;

use super::{
    shown::{Kind, StatusCode, event_code, event_name, webhook_id},
    words::{Word, code_of},
};
use crate::check::{Faults, Read, body};

const PAGE_INDEX: Bounds<u32> = Bounds { min: 1, max: 1_000_000, default: 1 };
/// A page may hold all that an account can have.
const PAGE_SIZE: Bounds<u32> = Bounds { min: 1, max: SUBSCRIPTIONS_PER_TENANT_MAX as u32, default: 25 };
const STATUS_CODE: Bounds<u32> = Bounds { min: 0, max: 2, default: 0 };
/// 1 is descending.
const DIRECTION: Bounds<u32> = Bounds { min: 0, max: 1, default: 1 };

body! {
    /// All of it may be left out. An empty text asks for nothing, as null does.
    #[expect(non_snake_case, reason = "the names are those of the product's API")]
    pub(super) struct RetrieveBody {
        Parameter: Option<ParameterBody>,
        Sorting: Option<SortingBody>,
        Paging: Option<PagingBody>,
    }
}

body! {
    /// Which webhooks: those that fit all that is given.
    #[expect(non_snake_case, reason = "the names are those of the product's API")]
    struct ParameterBody {
        Type: Option<Word>,
        WebhookEvent: Option<Word>,
        StatusCode: Option<Word>,
        WebhookId: Option<Word>,
        SearchText: Option<Word>,
    }
}

body! {
    /// In which order.
    #[expect(non_snake_case, reason = "the names are those of the product's API")]
    struct SortingBody {
        ColumnName: Option<Word>,
        Direction: Option<Word>,
    }
}

body! {
    /// Which page.
    #[expect(non_snake_case, reason = "the names are those of the product's API")]
    struct PagingBody {
        PageIndex: Option<Word>,
        PageSize: Option<Word>,
    }
}

/// The same, checked.
pub(super) struct Asked {
    kind: Option<Kind>,
    /// A wire code.
    event: Option<String>,
    status: Option<u32>,
    id: Option<SubscriptionId>,
    /// In lower case.
    text: Option<String>,
    column: Column,
    is_descending: bool,
    /// From 0.
    page_index: usize,
    page_size: usize,
}

/// What webhooks are sorted by.
#[derive(Clone, Copy)]
enum Column {
    ModifiedOn,
    CreatedOn,
    Description,
    Url,
    EventCode,
    StatusCode,
}

const KINDS: [(&str, Kind); 2] = [(Kind::Webhook.word(), Kind::Webhook), (Kind::Lapp.word(), Kind::Lapp)];
const COLUMNS: [(&str, Column); 6] = [
    ("ModifiedOn", Column::ModifiedOn),
    ("CreatedOn", Column::CreatedOn),
    ("Description", Column::Description),
    ("URL", Column::Url),
    ("EventCode", Column::EventCode),
    ("StatusCode", Column::StatusCode),
];

impl Asked {
    /// Notes what is not valid; defaults stand in its place.
    pub(super) fn read(body: RetrieveBody, profile: &Profile, faults: &Faults) -> Self {
        let wanted = body.Parameter.unwrap_or_else(Read::stand_in);
        let sorting = body.Sorting.unwrap_or_else(Read::stand_in);
        let paging = body.Paging.unwrap_or_else(Read::stand_in);
        let given = |word: Option<Word>| word.and_then(Word::given);
        let number = |field: &str, word: Option<Word>, bounds| {
            given(word).and_then(|text| faults.check(field, Word(text).number(bounds)))
        };
        let or_default = |number: Option<u32>, bounds: Bounds<u32>| number.unwrap_or(bounds.default);
        let kind = given(wanted.Type).and_then(|word| faults.check("Parameter.Type", one_of(&KINDS, &word)));
        let column = given(sorting.ColumnName);
        let column = column.and_then(|word| faults.check("Sorting.ColumnName", one_of(&COLUMNS, &word)));
        let direction = or_default(number("Sorting.Direction", sorting.Direction, DIRECTION), DIRECTION);
        let index = or_default(number("Paging.PageIndex", paging.PageIndex, PAGE_INDEX), PAGE_INDEX);
        let size = or_default(number("Paging.PageSize", paging.PageSize, PAGE_SIZE), PAGE_SIZE);
        Self {
            kind,
            event: given(wanted.WebhookEvent).map(|event| code_of(profile, event)),
            status: number("Parameter.StatusCode", wanted.StatusCode, STATUS_CODE),
            id: given(wanted.WebhookId).and_then(|id| faults.check("Parameter.WebhookId", webhook_id(&id))),
            text: given(wanted.SearchText).map(|text| text.trim().to_lowercase()),
            column: column.unwrap_or(Column::ModifiedOn),
            is_descending: direction == DIRECTION.max,
            page_index: index as usize - 1,
            page_size: size as usize,
        }
    }

    /// Whether a subscription is one of the webhooks that are asked for.
    pub(super) fn fits(&self, one: &Subscription, profile: &Profile) -> bool {
        let Some(push) = one.spec.push() else { return false };
        let code = event_code(one);
        let contains = |text: &String| {
            let places = [
                one.spec.name.as_deref().unwrap_or_default(),
                one.spec.description.as_deref().unwrap_or_default(),
                push.url.as_ref().map_or("", EndpointUrl::as_str),
                code,
                event_name(code, profile),
            ];
            places.into_iter().any(|place| place.to_lowercase().contains(text))
        };
        self.kind.is_none_or(|kind| kind == Kind::of(push))
            && self.event.as_ref().is_none_or(|event| event == code)
            && self.status.is_none_or(|status| status == StatusCode::of(one).number())
            && self.id.is_none_or(|id| id == one.id)
            && self.text.as_ref().is_none_or(contains)
    }

    /// Which of two comes first. Those that are alike stand by their ids, so that no page repeats what another one shows.
    pub(super) fn order(&self, one: &Subscription, other: &Subscription) -> Ordering {
        let url = |one: &Subscription| {
            one.spec.push().and_then(|push| push.url.as_ref().map(|url| url.as_str().to_owned()))
        };
        let by_column = match self.column {
            Column::ModifiedOn => one.updated_at.cmp(&other.updated_at),
            Column::CreatedOn => one.created_at.cmp(&other.created_at),
            Column::Description => one.spec.description.cmp(&other.spec.description),
            Column::Url => url(one).cmp(&url(other)),
            Column::EventCode => event_code(one).cmp(event_code(other)),
            Column::StatusCode => StatusCode::of(one).cmp(&StatusCode::of(other)),
        };
        let order = by_column.then_with(|| one.id.cmp(&other.id));
        if self.is_descending { order.reverse() } else { order }
    }

    /// The places of the page within a list of so many.
    pub(super) fn page(&self, count: usize) -> Range<usize> {
        let first = self.page_index.saturating_mul(self.page_size).min(count);
        first..first.saturating_add(self.page_size).min(count)
    }
}

/// What a word of a fixed set stands for.
fn one_of<T: Copy>(words: &[(&str, T)], word: &str) -> Result<T, Invalid> {
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, meant)| *meant);
    found.ok_or_else(|| {
        let words: Vec<_> = words.iter().map(|(known, _)| *known).collect();
        Invalid::new(format!("must be one of {}", words.join(", ")))
    })
}
