//! Seeds: applications come to the exchange with keys, which are made and read here.

use std::sync::Arc;

use ringback_exchange::{Caller, KeyPair, Refusal};
use ringback_jwt::{PublicKey, Signer};
use ringback_model::{
    Operation as _, Secret,
    applications::ListApplications,
    control::{Seed, SeedApplication, SeedRequest},
    operation::{ErrorFamily, RequestParts},
};

use crate::{
    core::Core,
    http::refusals::{Situation, refusal},
    platform::Platform,
    start::{self, Readiness, Ready},
};

/// The request with a public key for each application; one that cannot be read stays as it is,
/// because the exchange says what is wrong with it.
pub(crate) async fn with_keys(
    platform: &Arc<Platform>,
    parts: RequestParts,
) -> Result<RequestParts, Refusal> {
    let Ok(seed) = Seed::decode(&parts) else { return Ok(parts) };
    let seed = complete(platform, seed.body, None).await?;
    Ok(Seed::new(seed).encode().unwrap_or(parts))
}

/// The seed with a public key for each application: the one it brings, the one of the private key
/// it brings, that of the pair which was made for it at an earlier start, or that of a new pair.
pub(crate) async fn complete(
    platform: &Arc<Platform>,
    mut seed: SeedRequest,
    earlier: Option<&SeedRequest>,
) -> Result<SeedRequest, Refusal> {
    let mut earlier: Vec<_> =
        earlier.iter().flat_map(|seed| seed.applications.iter().flatten()).collect();
    for (index, application) in seed.applications.iter_mut().flatten().enumerate() {
        if let Some(public) = own_key(application).map_err(|why| unusable(index, &why))? {
            application.public_key = Some(public);
            continue;
        }
        if let Some((public, private)) = earlier_pair(&mut earlier, application) {
            (application.public_key, application.private_key) = (Some(public), Some(private));
            continue;
        }
        let pair = platform.keys.take().await;
        let pair = pair.ok_or_else(|| unusable(index, "no key pair can be made"))?;
        let KeyPair { public, private } = start::key_pair(&pair);
        (application.public_key, application.private_key) = (Some(public), Some(private));
    }
    Ok(seed)
}

/// The pair that an application without keys had at an earlier start; each is given out once, because
/// several applications may have one name.
fn earlier_pair(
    earlier: &mut Vec<&SeedApplication>,
    application: &SeedApplication,
) -> Option<(String, Secret)> {
    let is_same = |other: &&SeedApplication| match &application.id {
        Some(id) => other.id.as_ref() == Some(id),
        None => other.id.is_none() && other.name == application.name,
    };
    let known = earlier.remove(earlier.iter().position(is_same)?);
    known.public_key.clone().zip(known.private_key.clone())
}

/// The public key that an application brings; none when it brings neither.
fn own_key(application: &SeedApplication) -> Result<Option<String>, String> {
    let said = |error: ringback_jwt::Error| error.to_string();
    let signer = application.private_key.as_ref().map(|pem| Signer::from_pem(pem.expose()));
    let signer = signer.transpose().map_err(|error| format!("private_key: {error}"))?;
    let Some(public) = &application.public_key else {
        return Ok(signer.map(|signer| signer.public_key_pem()));
    };
    PublicKey::from_pem(public).map_err(|error| format!("public_key: {error}"))?;
    match signer.map(|signer| signer.matches(public)).transpose().map_err(said)? {
        Some(false) => Err("public_key and private_key are not of one pair".to_owned()),
        _ => Ok(Some(public.clone())),
    }
}

fn unusable(index: usize, why: &str) -> Refusal {
    refusal(
        ErrorFamily::Control,
        Situation::BadRequest,
        "key-unusable",
        format!("the keys of applications[{index}]"),
        format!("applications[{index}].{why}"),
        "RSA keys of at least 2048 bits in PEM format, of one pair, or none",
        "leave both keys out to be given a pair",
    )
}

/// Adds what is in a seed; what is refused is logged and kept, and the platform is without it.
pub(crate) fn plant(platform: &Arc<Platform>, core: &mut Core, seed: &SeedRequest) {
    let planted = start::asked(platform, core, Caller::Control, &Seed::new(seed.clone()), None);
    if let Some(Err(refusal)) = planted {
        refused(platform, refusal);
    }
}

/// A directory that is not as it should be is told to whoever started the platform.
pub(crate) fn refused(platform: &Platform, refusal: Refusal) {
    let Refusal { reason, seen, expected, fix, .. } = &refusal;
    tracing::error!(reason, seen, expected, fix, "the directory cannot be planted");
    platform.start.refused.get_or_init(|| refusal);
}

impl Platform {
    /// Adds the directory again, after a reset.
    pub(crate) fn plant(self: &Arc<Self>, core: &mut Core) {
        let Some(directory) = self.start.complete.get() else { return };
        plant(self, core, directory);
        if !self.start.application {
            let ready = first(self, core, directory);
            self.ready.send_replace(Readiness::of(ready));
        }
    }
}

/// The first application of a seed that is there with a private key, for those who ask for one.
pub(crate) fn first(
    platform: &Arc<Platform>,
    core: &mut Core,
    seed: &SeedRequest,
) -> Option<Ready> {
    let list = ListApplications::new().page_size(100);
    let found = start::asked(platform, core, Caller::Account, &list, None)?.ok()?;
    let found = found.embedded.applications;
    seed.applications.iter().flatten().find_map(|wanted| {
        let (public, private) = wanted.public_key.clone().zip(wanted.private_key.clone())?;
        let found = found.iter().find(|found| {
            let is_wanted = match &wanted.id {
                Some(id) => *id == found.id,
                None => found.name.as_ref() == Some(&wanted.name),
            };
            is_wanted && core.exchange.public_key(&found.id) == Some(public.as_str())
        })?;
        Some(Ready::new(found.id.clone(), KeyPair { public, private }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_a_seed_brings() {
        let pair = ringback_jwt::KeyPair::generate().unwrap();
        let KeyPair { public, private } = start::key_pair(&pair);
        let check = |application: SeedApplication, expected: Result<Option<&str>, &str>| match (
            own_key(&application),
            expected,
        ) {
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (found, expected) => assert_eq!(
                found.unwrap().map(|key| key.trim().to_owned()),
                expected.unwrap().map(|key| key.trim().to_owned())
            ),
        };
        let new = || SeedApplication::new("A");
        check(new(), Ok(None));
        check(new().public_key(public.as_str()), Ok(Some(&public)));
        check(new().private_key(private.clone()), Ok(Some(&public)));
        check(new().public_key(public.as_str()).private_key(private), Ok(Some(&public)));
        check(new().public_key("none"), Err("public_key: "));
        check(new().private_key("none"), Err("private_key: "));
    }

    #[test]
    fn pairs_of_an_earlier_start_are_given_out_once() {
        let made = |name: &str, key: &str| {
            SeedApplication::new(name).public_key(key).private_key(format!("private {key}"))
        };
        let id = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";
        let earlier =
            [made("A", "1"), made("A", "2").id(id), made("A", "3"), SeedApplication::new("B")];
        let mut earlier: Vec<_> = earlier.iter().collect();
        let mut check = |application: SeedApplication, expected: Option<&str>| {
            let found = earlier_pair(&mut earlier, &application).map(|(public, _)| public);
            assert_eq!(found.as_deref(), expected, "{application:?}");
        };
        check(SeedApplication::new("Another name").id(id), Some("2"));
        check(SeedApplication::new("A"), Some("1"));
        check(SeedApplication::new("A"), Some("3"));
        check(SeedApplication::new("A"), None);
        check(SeedApplication::new("B"), None);
    }
}
