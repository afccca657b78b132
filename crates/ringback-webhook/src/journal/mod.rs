//! Events by way of a journal: kept before they are acknowledged, dispatched once and in order.

mod backlog;
mod desk;
mod dispatch;
mod facts;
mod keeper;
mod key;
mod order;
mod record;
mod settings;
mod tally;
mod work;

pub(crate) use backlog::Backlog;
pub(crate) use dispatch::Dispatcher;
pub(crate) use keeper::Keeper;
pub use record::{EventFilter, EventId, GivenUp, KeptEvent, NoEventId};
pub use settings::Journaled;
pub(crate) use tally::Tally;
