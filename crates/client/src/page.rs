//! Lists: one page, page after page, or item after item.
//!
//! [`Pages`] and [`Items`] are streams; where no crate of streams is at hand, `next().await` does the same.

use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{api::Caller, error::Error, path::with_query};

/// One page of a list.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items. A page with large items or a rare filter may be short, even empty, and still have a next one.
    pub data: Vec<T>,
    /// The cursor of the next page; `None` when this is the last.
    #[serde(default = "Option::default")]
    pub next: Option<String>,
}

/// A list that can be read; nothing is asked before one of its methods is called.
#[must_use]
pub struct Listing<T> {
    caller: Caller,
    path: String,
    pairs: Vec<(&'static str, String)>,
    item: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Send + 'static> Listing<T> {
    pub(crate) fn new(caller: &Caller, path: String, pairs: Vec<(&'static str, String)>) -> Self {
        Self { caller: caller.clone(), path, pairs, item: PhantomData }
    }

    /// How many items a page holds at most: 1 to 250, by default 50.
    pub fn page_size(mut self, items: u32) -> Self {
        self.pairs.retain(|(name, _)| *name != "limit");
        self.pairs.push(("limit", items.to_string()));
        self
    }

    /// One page: the first, or the one that `cursor` names, the `next` of the page before.
    ///
    /// # Errors
    ///
    /// [`Error`]; a cursor of another list is a problem with the code `bad_cursor`.
    pub async fn page(&self, cursor: Option<&str>) -> Result<Page<T>, Error> {
        let mut pairs = self.pairs.clone();
        pairs.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        self.caller.get(&with_query(&self.path, &pairs)).await
    }

    /// Page after page, from the first on.
    pub fn pages(self) -> Pages<T> {
        Pages { listing: self.into(), next: Next::Ask(None) }
    }

    /// Item after item, from the first on.
    pub fn items(self) -> Items<T> {
        Items { pages: self.pages(), held: VecDeque::new() }
    }
}

impl<T> fmt::Debug for Listing<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Listing").field("path", &self.path).field("query", &self.pairs).finish()
    }
}

type Asked<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// Where a reading of pages stands.
enum Next<T> {
    /// The page of this cursor is to be asked for.
    Ask(Option<String>),
    /// It was asked for.
    Wait(Asked<T>),
    /// There is none; also after an error.
    Nothing,
}

/// The pages of a list, one after the other. An error ends them.
#[must_use]
pub struct Pages<T> {
    listing: std::sync::Arc<Listing<T>>,
    next: Next<T>,
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    /// The next page; `None` after the last.
    ///
    /// # Errors
    ///
    /// [`Error`]; there is no page after it.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match &mut self.next {
                Next::Nothing => return Poll::Ready(None),
                Next::Ask(cursor) => {
                    let (cursor, listing) = (cursor.take(), self.listing.clone());
                    self.next = Next::Wait(Box::pin(async move { listing.page(cursor.as_deref()).await }));
                }
                Next::Wait(asked) => {
                    let page = ready!(asked.as_mut().poll(context));
                    let cursor = page.as_ref().ok().and_then(|page| page.next.clone());
                    self.next = cursor.map_or(Next::Nothing, |cursor| Next::Ask(Some(cursor)));
                    return Poll::Ready(Some(page));
                }
            }
        }
    }
}

impl<T> Unpin for Pages<T> {}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pages").field("listing", &self.listing).finish_non_exhaustive()
    }
}

/// The items of a list, one after the other. An error ends them.
#[must_use]
pub struct Items<T> {
    pages: Pages<T>,
    held: VecDeque<T>,
}

impl<T: DeserializeOwned + Send + 'static> Items<T> {
    /// The next item; `None` after the last.
    ///
    /// # Errors
    ///
    /// [`Error`]; there is no item after it.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// All items that there are. Mind the memory: a list of events may be long.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn collect(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.held.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => self.held = page.data.into(),
            }
        }
    }
}

impl<T> Unpin for Items<T> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Items").field("pages", &self.pages).finish_non_exhaustive()
    }
}
