//! Cohere's APIs, in their versions 1 and 2.
//! Source: <https://docs.cohere.com/reference/about>.

pub(crate) mod chat;
pub(crate) mod embed;
pub(crate) mod rerank;
mod v1;

use crate::{
    json::{Ask as _, Document, Json},
    usage::Usage,
};

/// Tokens as they are billed, which is what is asked and answered; all there are have Cohere's own among them
/// (<https://docs.cohere.com/docs/how-does-cohere-pricing-work>).
fn usage(told: &Json<'_>) -> Usage {
    let (billed, all) = (told.get("billed_units"), told.get("tokens"));
    let count = |key| billed.get(key).count().or(all.get(key).count());
    let images = billed.get("image_tokens").count();
    let input = count("input_tokens").map(|texts| texts.saturating_add(images.unwrap_or(0))).or(images);
    let cached = told.get("cached_tokens").count();
    Usage {
        input,
        cache_read: cached.filter(|cached| Some(*cached) <= input),
        output: count("output_tokens"),
        ..Usage::default()
    }
}

/// Whether an answer that is not like those of an API may be one in spite of that: there is none, or not all of it.
fn may_be_any(answer: &Document<'_>) -> bool {
    !answer.value.is_there() || !answer.is_whole
}
