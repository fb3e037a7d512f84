//! What `propagate_attributes` says of all spans that begin within it.

use super::{metadata::Metadata, told::Fields};
use crate::shared::Shared;
use pyo3::prelude::*;
use std::sync::{Arc, OnceLock};

/// What holds within a `with propagate_attributes(…)`, and what held around it.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Propagated {
    inner: Arc<Inner>,
    /// What held before it, once it holds no more.
    left_for: OnceLock<Option<Arc<Inner>>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Inner {
    pub(super) fields: Fields,
    pub(super) environment: String,
    /// Name and version of the managed prompt that generations within are made with.
    pub(super) prompt: Option<(String, u32)>,
}

/// What one `propagate_attributes` says; Python has checked it.
#[derive(Debug, Default, FromPyObject)]
pub(super) struct Said {
    #[pyo3(item)]
    user_id: Option<String>,
    #[pyo3(item)]
    session_id: Option<String>,
    #[pyo3(item)]
    tags: Option<Vec<String>>,
    #[pyo3(item)]
    trace_name: Option<String>,
    #[pyo3(item)]
    version: Option<String>,
    #[pyo3(item)]
    environment: Option<String>,
    #[pyo3(item)]
    prompt: Option<(String, u32)>,
}

impl Said {
    pub(super) fn fields(&self, metadata: Option<&Bound<'_, PyAny>>, shared: &Shared) -> Fields {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Fields {
            user_id: text(&self.user_id),
            session_id: text(&self.session_id),
            tags: self.tags.clone().unwrap_or_default(),
            trace_name: text(&self.trace_name),
            version: text(&self.version),
            metadata: metadata.map(|value| Metadata::read(value, shared.spans())).unwrap_or_default(),
            is_public: false,
        }
    }
}

impl Propagated {
    /// What holds within: `said` over what holds around it.
    pub(super) fn within(around: Option<&Self>, said: &Said, fields: &Fields) -> Self {
        let mut inner =
            around.and_then(Self::now).map_or_else(Inner::default, |around| Inner::clone(&around));
        inner.fields.overlay(fields, true);
        if let Some(environment) = &said.environment {
            inner.environment.clone_from(environment);
        }
        if said.prompt.is_some() {
            inner.prompt.clone_from(&said.prompt);
        }
        Self { inner: Arc::new(inner), left_for: OnceLock::new() }
    }

    /// What holds where this was said, by now.
    pub(super) fn now(&self) -> Option<Arc<Inner>> {
        self.left_for.get().map_or_else(|| Some(Arc::clone(&self.inner)), Option::clone)
    }
}

#[pymethods]
impl Propagated {
    /// Says that it does not hold any more, but what held `before`, in contexts that could not be told.
    fn leave(&self, before: Option<&Bound<'_, Self>>) {
        // The first word holds.
        let _ = self.left_for.set(before.and_then(|before| before.get().now()));
    }

    /// What other services may be told of it: names of W3C baggage that Langfuse's SDK reads, and their values.
    fn baggage(&self) -> Vec<(String, String)> {
        let Some(inner) = self.now() else { return Vec::new() };
        let Inner { fields, environment, prompt } = &*inner;
        let mut entries: Vec<(String, String)> = [
            ("langfuse_user_id", &fields.user_id),
            ("langfuse_session_id", &fields.session_id),
            ("langfuse_trace_name", &fields.trace_name),
            ("langfuse_version", &fields.version),
            ("langfuse_environment", environment),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
        if !fields.tags.is_empty() {
            entries.push(("langfuse_tags".to_owned(), fields.tags.join(",")));
        }
        if let Some((name, version)) = prompt {
            entries.push(("langfuse_prompt_name".to_owned(), name.clone()));
            entries.push(("langfuse_prompt_version".to_owned(), version.to_string()));
        }
        entries
    }
}
