//! How a call goes: what each input and each deadline does to legs, members and scripts.

mod arrive;
mod callee;
mod connect;
pub(crate) mod create;
mod deliver;
mod detect;
mod dial;
mod hangup;
mod input;
mod keys;
mod media;
mod post;
mod prompt;
pub(crate) mod record;
mod reply;
mod room;
mod script;
mod socket;
mod transfer;

pub(crate) use connect::{LIMIT, TIMEOUT, is_number, sip_uri, websocket};
pub(crate) use post::Post;
pub(crate) use reply::script_of;
