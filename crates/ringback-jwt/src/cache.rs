//! One token for many requests.

use std::sync::{Arc, PoisonError, RwLock};

use crate::{Claims, Signer, Token, error::Error};

/// Hands out the same token until shortly before it ends, then mints a new one.
///
/// Minting costs about a millisecond of processor time, the cache less than a millionth of a second.
#[derive(Debug)]
pub struct TokenCache {
    signer: Arc<Signer>,
    claims: Claims,
    current: RwLock<Option<Arc<Token>>>,
}

impl TokenCache {
    /// A cache that mints with this key and these claims when first asked.
    #[must_use]
    pub fn new(signer: impl Into<Arc<Signer>>, claims: Claims) -> Self {
        Self { signer: signer.into(), claims, current: RwLock::new(None) }
    }

    /// A token that is good at `now`, in seconds since 1970, and for a little longer.
    ///
    /// # Errors
    /// When a new token has to be minted and cannot.
    pub fn token(&self, now: i64) -> Result<Arc<Token>, Error> {
        if let Some(token) = self.current.read().unwrap_or_else(PoisonError::into_inner).as_ref()
            && is_fresh(token, now)
        {
            return Ok(Arc::clone(token));
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have minted while this one waited.
        if let Some(token) = current.as_ref()
            && is_fresh(token, now)
        {
            return Ok(Arc::clone(token));
        }
        let token = Arc::new(self.signer.mint(&self.claims, now)?);
        *current = Some(Arc::clone(&token));
        Ok(token)
    }

    /// Forgets the token, so that the next one is new; for a token that was refused.
    pub fn forget(&self) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Whether a tenth of the lifetime, a minute at most, is left, and the clock was not set back.
fn is_fresh(token: &Token, now: i64) -> bool {
    let lifetime = token.expires_at().saturating_sub(token.issued_at());
    let margin = (lifetime / 10).clamp(0, 60);
    now < token.expires_at().saturating_sub(margin) && now >= token.issued_at()
}
