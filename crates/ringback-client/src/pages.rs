//! Lists that go on: page after page, or item after item.

use std::collections::VecDeque;

use futures_util::stream::{Stream, try_unfold};
use ringback_model::Paged;

use crate::{Client, error::Error};

impl Client {
    /// The pages of a list from this operation's page on, each asked for when it is wanted.
    ///
    /// An error ends the stream.
    pub fn pages<O: Paged + Sync>(
        &self,
        operation: O,
    ) -> impl Stream<Item = Result<O::Reply, Error>> + Send + use<'_, O> {
        try_unfold(Some(operation), move |next| async move {
            let Some(operation) = next else { return Ok(None) };
            let reply = self.send(&operation).await?;
            let next = following(&operation, &reply)?;
            Ok(Some((reply, next)))
        })
    }

    /// The items of a list, over all its pages.
    ///
    /// An error ends the stream.
    pub fn items<O: Paged + Sync>(
        &self,
        operation: O,
    ) -> impl Stream<Item = Result<O::Item, Error>> + Send + use<'_, O> {
        let start = (Some(operation), VecDeque::new());
        try_unfold(start, move |(mut next, mut waiting)| async move {
            loop {
                if let Some(item) = waiting.pop_front() {
                    return Ok(Some((item, (next, waiting))));
                }
                let Some(operation) = next else { return Ok(None) };
                let reply = self.send(&operation).await?;
                next = following(&operation, &reply)?;
                waiting = O::items(reply).into();
            }
        })
    }
}

/// The operation for the next page, unless it is the same again.
fn following<O: Paged>(operation: &O, reply: &O::Reply) -> Result<Option<O>, Error> {
    let Some(next) = operation.next_page(reply) else { return Ok(None) };
    let encode = |operation: &O| {
        operation.encode().map_err(|source| Error::Encode { operation: O::INFO.id, source })
    };
    if encode(operation)? == encode(&next)? {
        return Err(Error::Paging { operation: O::INFO.id });
    }
    Ok(Some(next))
}
