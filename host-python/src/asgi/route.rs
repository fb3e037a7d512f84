//! The route template, where the framework leaves one in the scope.
//!
//! It is read when the exchange is over, because routing comes after the middleware.
//!
//! | framework | where |
//! | --- | --- |
//! | FastAPI, in an included router | `scope["fastapi"]["effective_route_context"].path_format` |
//! | FastAPI | `scope["route"].path_format` |
//! | Starlette | `scope["route"].path_format` |
//! | Litestar | `scope["path_template"]` |

use super::message::get;
use pyo3::{
    PyTraverseError, PyVisit, intern,
    prelude::*,
    types::{PyDict, PyString},
};

/// A scope, and what routing will have changed in it.
#[derive(Debug)]
pub(crate) struct Routed {
    scope: Py<PyDict>,
    /// The scope's `root_path` before routing.
    root_path: String,
}

impl Routed {
    /// To be made before the app is called.
    pub(crate) fn new(scope: &Bound<'_, PyDict>) -> Self {
        Self { scope: scope.clone().unbind(), root_path: root_path_of(scope) }
    }

    /// Shows the scope to Python's collector: apps put into it what leads back to the exchange.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.scope)
    }

    /// The scope as it is now.
    pub(crate) fn scope<'a, 'py>(&'a self, py: Python<'py>) -> &'a Bound<'py, PyDict> {
        self.scope.bind(py)
    }

    /// The template, with the prefix under which the app that matched it is mounted. Empty if the scope says nothing.
    pub(crate) fn template(&self, py: Python<'_>) -> String {
        template(self.scope.bind(py), &self.root_path)
    }
}

fn template(scope: &Bound<'_, PyDict>, root_path: &str) -> String {
    let py = scope.py();
    if let Some(template) = get(scope, intern!(py, "path_template")).and_then(|value| text(&value)) {
        return template;
    }
    let route = effective_route(scope).or_else(|| get(scope, intern!(py, "route")));
    let Some(route) = route else { return String::new() };
    let attribute = |name: &Bound<'_, PyString>| route.getattr(name).ok().and_then(|value| text(&value));
    let Some(path) = attribute(intern!(py, "path_format")).or_else(|| attribute(intern!(py, "path"))) else {
        return String::new();
    };
    let now = root_path_of(scope);
    let mounted = now.strip_prefix(root_path).unwrap_or_default();
    if mounted.is_empty() { path } else { with_parameters(scope, mounted, &path) + &path }
}

/// The prefix of a mounted app comes with the values of its parameters: each would make a route of its own. They are
/// known by being segments of the prefix that the rest of the template has no name for.
fn with_parameters(scope: &Bound<'_, PyDict>, mounted: &str, path: &str) -> String {
    let parameters = get(scope, intern!(scope.py(), "path_params"));
    let Some(parameters) = parameters.and_then(|parameters| parameters.cast_into::<PyDict>().ok()) else {
        return mounted.to_owned();
    };
    let named = |segment: &str| {
        let (name, _) = parameters.iter().find(|(name, value)| {
            value.str().is_ok_and(|value| value.to_string_lossy() == segment)
                && text(name).is_some_and(|name| !path.contains(&format!("{{{name}}}")))
        })?;
        Some(format!("{{{}}}", text(&name)?))
    };
    let segments = mounted.split('/').map(|segment| named(segment).unwrap_or_else(|| segment.to_owned()));
    segments.collect::<Vec<_>>().join("/")
}

/// Since FastAPI shares the routes of a router among the apps that include it, a route lacks the prefixes of where it is
/// included; its context has them.
fn effective_route<'py>(scope: &Bound<'py, PyDict>) -> Option<Bound<'py, PyAny>> {
    let py = scope.py();
    let fastapi = get(scope, intern!(py, "fastapi"))?;
    get(fastapi.cast::<PyDict>().ok()?, intern!(py, "effective_route_context"))
}

/// The scope's `root_path`, or an empty text.
fn root_path_of(scope: &Bound<'_, PyDict>) -> String {
    get(scope, intern!(scope.py(), "root_path")).and_then(|value| text(&value)).unwrap_or_default()
}

fn text(value: &Bound<'_, PyAny>) -> Option<String> {
    value.cast::<PyString>().ok()?.to_str().ok().map(str::to_owned)
}
