//! Applications.

use ringback_model::{
    ApplicationId, HalLink, HalLinks,
    applications::{
        Application as View, ApplicationList, ApplicationRequest, CreateApplication,
        DeleteApplication, EmbeddedApplications, GetApplication, Keys, ListApplications, Privacy,
        UpdateApplication,
    },
    problem::known::api,
};

use super::{capabilities, page};
use crate::{
    Exchange, KeyPair, Refusal, Request,
    directory::{Application, Routes},
    id::{Id, Purpose},
    refusal,
};

/// Whether a request makes the platform generate a key pair.
pub(crate) fn needs_key_pair(request: &Request) -> bool {
    use ringback_model::Operation;
    if request.operation.id != CreateApplication::INFO.id {
        return false;
    }
    // What cannot be read is refused before a key matters.
    CreateApplication::decode(&request.parts).is_ok_and(|create| own_key(&create.body).is_none())
}

fn own_key(request: &ApplicationRequest) -> Option<&str> {
    request.keys.as_ref()?.public_key.as_deref().filter(|key| !key.trim().is_empty())
}

pub(super) fn list(
    exchange: &Exchange,
    operation: &ListApplications,
) -> Result<ApplicationList, Refusal> {
    let all: Vec<&Application> = exchange.applications.iter().collect();
    if let Some(size) = operation.page_size.filter(|size| !(1..=100).contains(size)) {
        let reason = "must be between 1 and 100";
        return Err(refusal::invalid(api::LIST_VALIDATION, "page_size", reason, &size.to_string()));
    }
    if operation.page == Some(0) {
        return Err(refusal::invalid(api::LIST_VALIDATION, "page", "must be at least 1", "0"));
    }
    let size = page::size(operation.page_size);
    let page = operation.page.unwrap_or(1) as usize;
    // One page even when it is empty: the Python SDK stops only there.
    let pages = all.len().div_ceil(size).max(1);
    let items =
        page::slice(&all, page - 1, size).iter().map(|application| view(application)).collect();
    let link = |page: usize| match page {
        1 => HalLink::new(format!("/v2/applications?page_size={size}")),
        page => HalLink::new(format!("/v2/applications?page_size={size}&page={page}")),
    };
    let mut links = HalLinks::new();
    links.this = Some(HalLink::new(format!("/v2/applications?page_size={size}&page={page}")));
    links.first = Some(link(1));
    links.last = Some(link(pages));
    links.next = (page < pages).then(|| link(page + 1));
    links.prev = (page > 1).then(|| link(page - 1));
    let mut list = ApplicationList::new(EmbeddedApplications::new(items));
    list.page_size = u32::try_from(size).ok();
    list.page = u32::try_from(page).ok();
    list.total_items = Some(all.len() as u64);
    list.total_pages = u32::try_from(pages).ok();
    list.links = Some(links);
    Ok(list)
}

pub(super) fn create(
    exchange: &mut Exchange,
    operation: CreateApplication,
    pair: Option<&KeyPair>,
) -> Result<View, Refusal> {
    let request = operation.body;
    let capabilities = capabilities::checked(&request.name, request.capabilities.clone())?;
    let (public_key, private_key) = match (own_key(&request), pair) {
        (Some(own), _) => (public_key(own)?, None),
        (None, Some(pair)) => (pair.public.clone(), Some(pair.private.clone())),
        (None, None) => {
            return Err(Refusal::new(api::INTERNAL_SERVER_ERROR.details(), "key-pair-missing")
                .checked("the key pair of a new application")
                .seen("no key pair came with the request")
                .expected("a key pair made at the edge")
                .fix("ask Exchange::needs_key_pair before the request is handled"));
        }
    };
    let made = exchange.applications.made;
    let id = ApplicationId::new(
        Id::derive(exchange.settings.seed, Purpose::Application, made, 0).dashed(""),
    );
    let application = Application {
        routes: Routes::of(&id, &capabilities),
        id: id.clone(),
        name: request.name,
        public_key,
        capabilities,
        privacy: request.privacy.unwrap_or_else(private),
    };
    let mut shown = view(&application);
    if let (Some(keys), Some(private_key)) = (&mut shown.keys, private_key) {
        keys.private_key = Some(private_key);
    }
    exchange.applications.insert(application);
    Ok(shown)
}

pub(super) fn get(exchange: &Exchange, operation: &GetApplication) -> Result<View, Refusal> {
    let id = &operation.application_id;
    exchange.applications.get(id).map(view).ok_or_else(|| refusal::no_such_application(id.as_str()))
}

pub(super) fn update(
    exchange: &mut Exchange,
    operation: UpdateApplication,
) -> Result<View, Refusal> {
    let id = operation.application_id;
    if exchange.applications.get(&id).is_none() {
        return Err(refusal::no_such_application(id.as_str()));
    }
    let request = operation.body;
    let capabilities = capabilities::checked(&request.name, request.capabilities.clone())?;
    let own = own_key(&request).map(public_key).transpose()?;
    let Some(application) = exchange.applications.get_mut(&id) else {
        return Err(refusal::no_such_application(id.as_str()));
    };
    // Replacing without a key keeps the key; capabilities left out disappear.
    if let Some(own) = own {
        application.public_key = own;
    }
    application.routes = Routes::of(&id, &capabilities);
    application.capabilities = capabilities;
    application.name = request.name;
    if let Some(privacy) = request.privacy {
        application.privacy = privacy;
    }
    Ok(view(application))
}

pub(super) fn delete(
    exchange: &mut Exchange,
    operation: &DeleteApplication,
) -> Result<(), Refusal> {
    let id = &operation.application_id;
    if !exchange.applications.remove(id) {
        return Err(refusal::no_such_application(id.as_str()));
    }
    exchange.numbers.forget(id);
    exchange.users.remove_of(id);
    Ok(())
}

pub(super) fn private() -> Privacy {
    let mut privacy = Privacy::new();
    privacy.improve_ai = Some(false);
    privacy
}

fn view(application: &Application) -> View {
    let mut keys = Keys::new();
    keys.public_key = Some(application.public_key.clone());
    let mut links = HalLinks::new();
    links.this = Some(HalLink::new(format!("/v2/applications/{}", application.id)));
    let mut shown = View::new(application.id.clone());
    shown.name = Some(application.name.clone());
    shown.keys = Some(keys);
    shown.privacy = Some(application.privacy.clone());
    shown.capabilities = Some(application.capabilities.clone());
    shown.links = Some(links);
    shown
}

/// A public key of the application's own; whether it is one is seen at the edge, which can read it.
pub(super) fn public_key(text: &str) -> Result<String, Refusal> {
    let fix = |seen: &str| {
        Err(refusal::invalid(
            api::PAYLOAD_VALIDATION,
            "keys.public_key",
            "must be an RSA public key of at least 2048 bits in PEM format",
            seen,
        ))
    };
    if text.contains("PRIVATE KEY") {
        return fix("a private key");
    }
    if !text.contains("-----BEGIN PUBLIC KEY-----")
        && !text.contains("-----BEGIN RSA PUBLIC KEY-----")
    {
        return fix(&text.chars().take(40).collect::<String>());
    }
    Ok(text.to_owned())
}
