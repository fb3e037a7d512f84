//! Why a question has no answer.

/// Whose fault it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The question cannot be understood: what is wrong with it, and what is allowed.
    #[error("{0}")]
    Asked(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] rusqlite::Error),
}
