//! The directory: applications with their keys, numbers rented and for rent.

mod application;
mod country;
mod number;
mod user;

pub(crate) use application::{
    ANSWER_TIMEOUT, Application, Applications, CONNECT_TIMEOUT, EVENT_TIMEOUT, Hook, Routes,
};
pub(crate) use country::Country;
pub(crate) use number::{Number, Numbers, Owned};
pub(crate) use user::{User, Users};
