//! Where spans go, by configuration and environment.

use offpath_exporter::{config::Settings, delivery::Request, sinks::Built};
use serde_json::{Value, json};

use super::exchange;

/// The request that an exchange makes, or what is wrong with the settings.
fn request(sink: &Value, env: &[(&str, &str)]) -> Result<Request, Vec<String>> {
    let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let settings = Settings::from_json(&json!({"sinks": {"it": sink}}), &env)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    match settings.sinks[0].build() {
        Built::Http(backend, _) => Ok(backend.requests(&[exchange(5)]).remove(0)),
        Built::OneByOne(sink) => panic!("it answers no requests: {sink:?}"),
    }
}

fn url(sink: &Value, env: &[(&str, &str)]) -> String {
    request(sink, env).expect("valid").url
}

fn headers(request: &Request) -> Vec<(&str, &str)> {
    request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn an_address_without_a_path_is_completed() {
    for (endpoint, expected) in [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("https://host/otlp/v1/traces", "https://host/otlp/v1/traces"),
    ] {
        assert_eq!(url(&json!({"type": "otlp", "endpoint": endpoint}), &[]), expected);
    }
}

#[test]
fn each_preset_knows_where_its_backend_is() {
    let keys = json!({"langfuse": {"public_key": "pk", "secret_key": "sk"}, "langsmith": {"api_key": "ls"},
                      "axiom": {"token": "t", "dataset": "d"}});
    for (preset, expected) in [
        ("langfuse", "https://cloud.langfuse.com/api/public/otel/v1/traces"),
        ("phoenix", "http://localhost:6006/v1/traces"),
        ("mlflow", "http://localhost:5000/v1/traces"),
        ("langsmith", "https://api.smith.langchain.com/otel/v1/traces"),
        ("axiom", "https://api.axiom.co/v1/traces"),
        ("jaeger", "http://localhost:4318/v1/traces"),
    ] {
        let mut sink = json!({"type": preset});
        for (key, value) in keys[preset].as_object().into_iter().flatten() {
            sink[key] = value.clone();
        }
        assert_eq!(url(&sink, &[]), expected);
    }
}

#[test]
fn each_preset_says_who_sends() {
    let sent = request(&json!({"type": "mlflow", "experiment_id": "7", "token": "t"}), &[]).expect("valid");
    assert_eq!(headers(&sent), [("x-mlflow-experiment-id", "7"), ("authorization", "Bearer t")]);
    let sent = request(&json!({"type": "langsmith", "api_key": "k", "project": "p"}), &[]).expect("valid");
    assert_eq!(headers(&sent), [("x-api-key", "k"), ("langsmith-project", "p")]);
    let sent = request(&json!({"type": "axiom", "token": "t", "dataset": "d"}), &[]).expect("valid");
    assert_eq!(headers(&sent), [("authorization", "Bearer t"), ("x-axiom-dataset", "d")]);
    let sent = request(&json!({"type": "phoenix", "api_key": "k"}), &[]).expect("valid");
    assert_eq!(headers(&sent), [("authorization", "Bearer k")]);
    assert_eq!(headers(&request(&json!({"type": "jaeger"}), &[]).expect("valid")), []);
}

#[test]
fn the_variables_of_langfuse_s_sdk_keep_their_meaning() {
    let env = [
        ("LANGFUSE_HOST", "https://eu.example"),
        ("LANGFUSE_PUBLIC_KEY", "pk-1"),
        ("LANGFUSE_SECRET_KEY", "sk-1"),
    ];
    let sent = request(&json!({"type": "langfuse"}), &env).expect("valid");
    assert_eq!(sent.url, "https://eu.example/api/public/otel/v1/traces");
    assert_eq!(headers(&sent)[0], ("authorization", "Basic cGstMTpzay0x"));
    let both = [&env[..], &[("LANGFUSE_BASE_URL", "https://us.example")]].concat();
    assert_eq!(url(&json!({"type": "langfuse"}), &both), "https://us.example/api/public/otel/v1/traces");
    let told = json!({"type": "langfuse", "base_url": "https://mine.example"});
    assert_eq!(url(&told, &both), "https://mine.example/api/public/otel/v1/traces");
}

#[test]
fn what_is_needed_is_asked_for_by_both_its_names() {
    let errors = request(&json!({"type": "langfuse"}), &[]).expect_err("refused");
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(errors[0].contains("public_key") && errors[0].contains("LANGFUSE_PUBLIC_KEY"), "{errors:#?}");
    let errors = request(&json!({"type": "otlp"}), &[]).expect_err("refused");
    assert!(errors.len() == 1 && errors[0].contains("endpoint"), "{errors:#?}");
    let errors = request(&json!({"type": "axiom"}), &[]).expect_err("refused");
    assert_eq!(errors.len(), 2, "{errors:#?}");
}

#[test]
fn an_address_in_the_environment_is_checked_as_one_in_the_file() {
    let errors = request(&json!({"type": "phoenix"}), &[("PHOENIX_COLLECTOR_ENDPOINT", "phoenix:6006")]);
    let errors = errors.expect_err("refused");
    assert!(errors.len() == 1 && errors[0].contains("PHOENIX_COLLECTOR_ENDPOINT"), "{errors:#?}");
}

#[test]
fn phoenix_takes_no_json() {
    let errors = request(&json!({"type": "phoenix", "encoding": "json"}), &[]).expect_err("refused");
    assert!(errors.len() == 1 && errors[0].contains("encoding"), "{errors:#?}");
}

#[test]
fn a_key_that_no_preset_has_is_refused() {
    let sink = json!({"type": "jaeger", "endpiont": "http://jaeger:4318"});
    assert!(request(&sink, &[]).expect_err("refused")[0].contains("endpoint"));
}

#[test]
fn keys_are_not_shown() {
    let sink = json!({"type": "langfuse", "public_key": "pk-1", "secret_key": "sk-1"});
    let settings = Settings::from_json(&json!({"sinks": {"it": sink}}), &|_| None).expect("valid");
    let shown = format!("{settings:?} {:?}", settings.sinks[0].build());
    assert!(!shown.contains("sk-1") && !shown.contains("cGstMTpzay0x"), "{shown}");
}
