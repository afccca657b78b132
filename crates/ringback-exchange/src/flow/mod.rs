//! How a call goes: what each input and each deadline does to legs, members and scripts.

mod arrive;
mod callee;
mod deliver;
mod hangup;
mod reply;
mod script;
