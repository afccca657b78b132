//! What an exchange starts with, and the rules that can be switched.

use ringback_model::ApiKey;

use crate::phone::Script;

/// What an exchange starts with, and the rules that can be switched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// What ids are derived from: the same seed and inputs give the same ids.
    pub seed: u64,
    /// The account's key.
    pub api_key: ApiKey,
    /// The origin that stands in absolute links, such as `https://api.nexmo.com`.
    pub origin: String,
    /// The origin that stands in the addresses of recordings.
    pub files_origin: String,
    /// The host that answer webhooks name as the one that serves the call.
    pub region_url: String,
    /// How many calls may be placed in a second, by REST and by `connect` together; none for any number.
    pub calls_per_second: Option<u32>,
    /// How a phone behaves that nobody has set up.
    pub default_script: Script,
    /// How many finished calls are kept for inspection.
    pub finished_calls: usize,
    /// Whether `completed` follows a failure other than `rejected` (inferred from old documentation).
    pub completed_after_failure: bool,
}

impl Settings {
    /// The platform's documented behaviour, for this account.
    #[must_use]
    pub fn new(seed: u64, api_key: ApiKey) -> Self {
        Self {
            seed,
            api_key,
            origin: "https://api.nexmo.com".to_owned(),
            files_origin: "https://api.nexmo.com".to_owned(),
            region_url: "https://api-us-3.vonage.com".to_owned(),
            calls_per_second: None,
            default_script: Script::default(),
            finished_calls: 10_000,
            completed_after_failure: true,
        }
    }
}
