//! What an exception says about how an exchange ended.

use crate::{sandbox::Outcome, texts::Texts};
use pyo3::{exceptions::PyException, prelude::*};

/// Names under which frameworks raise "the client has gone" into the app.
const CLIENT_HAS_GONE: &[&str] = &["ClientDisconnect", "ClientDisconnected", "WebSocketDisconnect"];

/// How an exchange ended whose app raised before its response was complete.
pub(crate) fn outcome(error: &Bound<'_, PyAny>, disconnected: bool) -> Outcome {
    let name = class_name(error);
    if disconnected || CLIENT_HAS_GONE.contains(&name.as_str()) {
        Outcome::ClientDisconnected
    } else if error.is_instance_of::<PyException>() {
        Outcome::AppError
    } else {
        // A cancelled task, a closed coroutine, an interpreter that ends: nobody's error.
        Outcome::Reset
    }
}

/// Adds class and message. The message is made by the app's own `__str__`, which may itself raise.
pub(crate) fn push(texts: &mut Texts, error: &Bound<'_, PyAny>) {
    texts.push(class_name(error).as_bytes());
    let message = error.str().map(|text| text.to_string_lossy().into_owned());
    texts.push(message.unwrap_or_default().as_bytes());
}

fn class_name(error: &Bound<'_, PyAny>) -> String {
    error.get_type().name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
