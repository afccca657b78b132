//! What can go wrong while keys are read and tokens are minted.

/// A failure to read a key or to mint a token.
///
/// A token that is not accepted is no error but a [`Refused`](crate::Refused).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not the key that was asked for; the problem says why, in one sentence.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// The list of signature secrets is empty, or one of them is the empty text.
    #[error("a signature secret is empty, and anybody could sign with an empty secret")]
    EmptySecret,
    /// The ACL is not of the documented form.
    #[error("the acl is not usable: {0}")]
    Acl(String),
    /// The claims cannot be written as JSON.
    #[error("the claims cannot be written as JSON")]
    Claims(#[source] serde_json::Error),
    /// The cryptography behind the tokens failed.
    #[error("the token cannot be signed")]
    Sign(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The key pair cannot be made.
    #[error("the key pair cannot be generated")]
    Generate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
}

impl Error {
    /// Whether a key text was not usable.
    #[must_use]
    pub fn is_key(&self) -> bool {
        matches!(self, Self::Key(_))
    }

    /// What is wrong with the key text, if that is what failed.
    #[must_use]
    pub fn key_problem(&self) -> Option<&KeyProblem> {
        match self {
            Self::Key(problem) => Some(problem),
            _ => None,
        }
    }
}

/// What is wrong with a text that should be a key; each prints as one sentence with its remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// There is no text at all.
    #[error("the key is empty: give the whole text of the key file")]
    Empty,
    /// A public key stands where a private key belongs.
    #[error(
        "this is a public key and a private key is needed: take the file that begins with `-----BEGIN PRIVATE KEY-----`"
    )]
    Public,
    /// A private key stands where a public key belongs.
    #[error(
        "this is a private key and a public key is needed: take the file that begins with `-----BEGIN PUBLIC KEY-----`, and keep this one to yourself"
    )]
    Private,
    /// A certificate stands where a key belongs.
    #[error(
        "this is a certificate, not a key: take the key of the application, which begins with `-----BEGIN PRIVATE KEY-----` or `-----BEGIN PUBLIC KEY-----`"
    )]
    Certificate,
    /// The key is protected by a passphrase.
    #[error(
        "the private key is encrypted with a passphrase: decrypt it first, with `openssl pkcs8 -in KEY -out private.key`"
    )]
    Encrypted,
    /// The key is in the format of OpenSSH.
    #[error(
        "this is an OpenSSH key: convert it to PEM first, with `ssh-keygen -p -m PKCS8 -f KEY`"
    )]
    OpenSsh,
    /// The text has no PEM block; it looks like the name of a file.
    #[error("this looks like a file name, not like a key: give the content of that file")]
    FileName,
    /// The text has no PEM block.
    #[error("this is no PEM key: there is no line `-----BEGIN … KEY-----` in it")]
    NotPem,
    /// The block begins and never ends.
    #[error(
        "the key is cut off: the line `-----END {label}-----` is missing, so copy the whole file, the last line too"
    )]
    CutOff {
        /// The label of the block, such as `PRIVATE KEY`.
        label: String,
    },
    /// Between the two marks stands something that is not base64.
    #[error(
        "the key text is damaged: {found} does not belong between the BEGIN and END lines, so copy the file again byte for byte"
    )]
    Damaged {
        /// What stands there, described without the key's text.
        found: String,
    },
    /// The block is of a kind that holds no key we know.
    #[error("a block `{label}` holds no usable key: an RSA key in PKCS#8 or PKCS#1 form is needed")]
    UnknownLabel {
        /// The label of the block.
        label: String,
    },
    /// The key is of another algorithm.
    #[error("this is a key for {algorithm}, and the platform takes RSA keys only")]
    NotRsa {
        /// The algorithm of the key.
        algorithm: String,
    },
    /// The key is shorter than 2048 bits.
    #[error("the RSA key has {bits} bits, and at least 2048 are needed: generate a new pair")]
    TooShort {
        /// The length of the modulus in bits.
        bits: usize,
    },
    /// The key is longer than the signing code can handle.
    #[error("the RSA key has {bits} bits, and at most {limit} can be used")]
    TooLong {
        /// The length of the modulus in bits.
        bits: usize,
        /// The longest that can be used.
        limit: usize,
    },
    /// The bytes inside the block are not an RSA key, or its numbers do not fit together.
    #[error("the key is not a valid RSA key ({detail}): download it again or generate a new pair")]
    Invalid {
        /// What did not fit.
        detail: String,
    },
}
