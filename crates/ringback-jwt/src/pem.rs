//! From the text of a key file to the bytes of an RSA key, mending what copying breaks.

use base64::{
    Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD,
};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::{der, error::KeyProblem};

/// The PKCS#1 bytes of the private key in this text.
pub(crate) fn private_key(text: &str) -> Result<SecretSlice<u8>, KeyProblem> {
    let text = mend(text)?;
    let text = text.expose_secret();
    let block = choose(text, |label| label.ends_with("PRIVATE KEY"))?;
    match block.label {
        "PRIVATE KEY" => {
            let bytes = block.bytes()?;
            let key = unwrap_pkcs8(bytes.expose_secret())?;
            Ok(SecretSlice::from(key.to_vec()))
        }
        "RSA PRIVATE KEY" => block.bytes(),
        "ENCRYPTED PRIVATE KEY" => Err(KeyProblem::Encrypted),
        "OPENSSH PRIVATE KEY" => Err(KeyProblem::OpenSsh),
        "EC PRIVATE KEY" => Err(KeyProblem::NotRsa { algorithm: "elliptic curves".to_owned() }),
        "DSA PRIVATE KEY" => Err(KeyProblem::NotRsa { algorithm: "DSA".to_owned() }),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Err(KeyProblem::Public),
        "CERTIFICATE" => Err(KeyProblem::Certificate),
        other => Err(KeyProblem::UnknownLabel { label: other.to_owned() }),
    }
}

/// The PKCS#1 bytes of the public key in this text.
pub(crate) fn public_key(text: &str) -> Result<Vec<u8>, KeyProblem> {
    let text = mend(text)?;
    let text = text.expose_secret();
    let block = choose(text, |label| label.ends_with("PUBLIC KEY"))?;
    match block.label {
        "PUBLIC KEY" => {
            let bytes = block.bytes()?;
            Ok(unwrap_public_key_info(bytes.expose_secret())?.to_vec())
        }
        "RSA PUBLIC KEY" => Ok(block.bytes()?.expose_secret().to_vec()),
        "CERTIFICATE" => Err(KeyProblem::Certificate),
        private if private.ends_with("PRIVATE KEY") => Err(KeyProblem::Private),
        other => Err(KeyProblem::UnknownLabel { label: other.to_owned() }),
    }
}

/// Writes bytes as a PEM block in lines of 64, the last one ended too.
pub(crate) fn write(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// Undoes what environment variables and JSON do to a key: quotes around it, `\n` as two letters.
fn mend(text: &str) -> Result<SecretString, KeyProblem> {
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    let trimmed = trimmed.trim_matches(|c| c == '"' || c == '\'').trim();
    if trimmed.is_empty() {
        return Err(KeyProblem::Empty);
    }
    Ok(SecretString::from(trimmed.replace("\\r", "").replace("\\n", "\n")))
}

struct Block<'a> {
    label: &'a str,
    body: &'a str,
}

impl Block<'_> {
    fn bytes(&self) -> Result<SecretSlice<u8>, KeyProblem> {
        if self.body.contains("Proc-Type:") && self.body.contains("ENCRYPTED") {
            return Err(KeyProblem::Encrypted);
        }
        let mut clean = String::with_capacity(self.body.len());
        for c in self.body.chars() {
            match c {
                'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' => clean.push(c),
                c if c.is_whitespace() || c == '=' => {}
                other => return Err(KeyProblem::Damaged { found: describe(other) }),
            }
        }
        let clean = SecretString::from(clean);
        let decoded = STANDARD_NO_PAD
            .decode(clean.expose_secret())
            .map_err(|_| KeyProblem::Damaged { found: "an incomplete base64 text".to_owned() })?;
        if decoded.is_empty() {
            return Err(KeyProblem::Damaged { found: "nothing at all".to_owned() });
        }
        Ok(SecretSlice::from(decoded))
    }
}

fn describe(c: char) -> String {
    if c == '-' {
        "a dash (is an END line broken?)".to_owned()
    } else if c == '\\' {
        "a backslash".to_owned()
    } else {
        format!("the character {c:?}")
    }
}

/// The first block that is wanted, or the first block of all.
fn choose(text: &str, wanted: impl Fn(&str) -> bool) -> Result<Block<'_>, KeyProblem> {
    let mut first = None;
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let Some((label, after)) = after.split_once("-----") else {
            return Err(KeyProblem::Damaged { found: "a broken BEGIN line".to_owned() });
        };
        let label = label.trim();
        let end = format!("-----END {label}-----");
        let Some((body, after)) = after.split_once(end.as_str()) else {
            return Err(KeyProblem::CutOff { label: label.chars().take(40).collect() });
        };
        let block = Block { label, body };
        if wanted(label) {
            return Ok(block);
        }
        first.get_or_insert(block);
        rest = after;
    }
    first.ok_or_else(|| {
        if text.starts_with("ssh-") {
            KeyProblem::OpenSsh
        } else if !text.contains(char::is_whitespace)
            && (text.contains(['.', '/', '\\']) && text.len() < 300)
            && !text.ends_with('=')
        {
            KeyProblem::FileName
        } else {
            KeyProblem::NotPem
        }
    })
}

fn unwrap_pkcs8(bytes: &[u8]) -> Result<&[u8], KeyProblem> {
    let read = || {
        let mut input = bytes;
        let mut outer = der::take(&mut input, der::SEQUENCE)?;
        der::take(&mut outer, der::INTEGER)?;
        let mut algorithm = der::take(&mut outer, der::SEQUENCE)?;
        let object = der::take(&mut algorithm, der::OBJECT)?;
        Some((object, der::take(&mut outer, der::OCTET_STRING)?))
    };
    let (object, key) = read().ok_or_else(|| invalid("not PKCS#8 inside"))?;
    check_algorithm(object)?;
    Ok(key)
}

fn unwrap_public_key_info(bytes: &[u8]) -> Result<&[u8], KeyProblem> {
    let read = || {
        let mut input = bytes;
        let mut outer = der::take(&mut input, der::SEQUENCE)?;
        let mut algorithm = der::take(&mut outer, der::SEQUENCE)?;
        let object = der::take(&mut algorithm, der::OBJECT)?;
        Some((object, der::take(&mut outer, der::BIT_STRING)?.split_first()?.1))
    };
    let (object, key) = read().ok_or_else(|| invalid("not a public key inside"))?;
    check_algorithm(object)?;
    Ok(key)
}

fn check_algorithm(object: &[u8]) -> Result<(), KeyProblem> {
    let algorithm = match object {
        der::RSA_ENCRYPTION => return Ok(()),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] => "elliptic curves",
        [0x2b, 0x65, 0x70] => "Ed25519",
        [0x2a, 0x86, 0x48, 0xf7, 0x0d, 0x01, 0x01, 0x0a]
        | [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a] => "RSA-PSS",
        _ => "another algorithm",
    };
    Err(KeyProblem::NotRsa { algorithm: algorithm.to_owned() })
}

pub(crate) fn invalid(detail: &str) -> KeyProblem {
    KeyProblem::Invalid { detail: detail.to_owned() }
}
