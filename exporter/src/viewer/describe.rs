//! How the API is described: what all of its answers have in common, and schemas that are published by themselves.

use serde_json::{Value, json};
use utoipa::{IntoResponses, OpenApi};

use super::{overview::Of, problem::Problem};

#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem, Of)),
    info(
        title = "offpath",
        version = "1",
        description = "What offpath recorded, out of its local store. All of it is GET. Keys may be added in later releases, not \
                   renamed; a reader ignores what it does not know.",
    )
)]
pub(crate) struct Description;

/// Why anything may be refused.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes answers; `problem` makes them")]
pub(crate) enum Refused {
    /// A parameter is not as it should be: its name, the rule, the value.
    #[response(status = 400, content_type = "application/problem+json")]
    Asked(Problem),
    /// The token is missing, or another.
    #[response(status = 401, content_type = "application/problem+json")]
    Token(Problem),
    /// Another site's page asks, or the exporter is reached from elsewhere and has no token.
    #[response(status = 403, content_type = "application/problem+json")]
    Elsewhere(Problem),
    /// There is no store, or it cannot answer in time.
    #[response(status = 503, content_type = "application/problem+json")]
    Store(Problem),
}

/// The store does not have it.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "it describes an answer; `problem` makes it")]
pub(crate) struct Missing(Problem);

/// Schemas that other things go by too.
const PUBLISHED: [(&str, &str); 2] = [
    ("Event", include_str!("../../schema/event.schema.json")),
    ("Status", include_str!("../../schema/status.schema.json")),
];

/// The description as it is served.
pub(crate) fn document(description: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(description).unwrap_or_default();
    for (name, schema) in PUBLISHED {
        let mut schema: Value = serde_json::from_str(schema).unwrap_or_default();
        move_references(&mut schema, name);
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("$schema");
            schema.remove("$id");
        }
        document["components"]["schemas"][name] = schema;
    }
    document["components"]["securitySchemes"]["token"] = json!({
        "type": "http", "scheme": "bearer", "description": "`[exporter] token`, where one is configured.",
    });
    document["security"] = json!([{}, {"token": []}]);
    document
}

/// A schema's own definitions are elsewhere in the document that it stands in.
fn move_references(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(members) => {
            for (key, member) in members {
                match member.as_str().and_then(|text| text.strip_prefix("#/$defs/")) {
                    Some(definition) if key == "$ref" => {
                        *member = format!("#/components/schemas/{name}/$defs/{definition}").into();
                    }
                    _ => move_references(member, name),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| move_references(item, name)),
        _ => {}
    }
}
