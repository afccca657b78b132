#![doc = include_str!("../README.md")]

mod acl;
mod cache;
mod claims;
mod der;
mod error;
mod inspect;
mod keys;
mod payload;
mod pem;
mod provider;
mod refusal;
mod signer;
mod time;
mod token;
mod verifier;
mod webhook_claims;
mod webhook_signer;
mod webhook_verifier;

pub use acl::{Acl, AclPath};
pub use cache::TokenCache;
pub use claims::Claims;
pub use error::{Error, KeyProblem};
pub use inspect::{ClaimLine, Explanation, Inspection, TokenKind, inspect};
pub use keys::{KeyPair, PublicKey};
pub use payload::{payload_hash, query_payload};
pub use refusal::{Reason, Refused, Warning};
pub use signer::Signer;
pub use token::{Token, bearer};
pub use verifier::{Verified, Verifier};
pub use webhook_claims::{Payload, WebhookClaims, WebhookToken};
pub use webhook_signer::WebhookSigner;
pub use webhook_verifier::WebhookVerifier;
