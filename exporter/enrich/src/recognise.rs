//! Which API an exchange speaks: its path says which it may be, its shape whether it is.

use crate::{
    api::{Format, Opened},
    call::Call,
    json::Document,
};

/// How paths end, without a slash at their end, and what they may be of; `*` stands for anything. The first that fits decides.
const PATHS: [(&str, &[Format]); 30] = [
    ("/chat/completions", &[Format::OpenAiChat]),
    ("/fim/completions", &[Format::OpenAiCompletions]),
    ("/completions", &[Format::OpenAiCompletions]),
    ("/responses", &[Format::OpenAiResponses]),
    ("/embeddings", &[Format::OpenAiEmbeddings, Format::OllamaEmbed]),
    ("/moderations", &[Format::OpenAiModerations]),
    ("/images/generations", &[Format::OpenAiImages]),
    ("/images/edits", &[Format::OpenAiImages]),
    ("/images/variations", &[Format::OpenAiImages]),
    ("/audio/speech", &[Format::OpenAiAudio]),
    ("/audio/transcriptions", &[Format::OpenAiAudio]),
    ("/audio/translations", &[Format::OpenAiAudio]),
    ("/messages", &[Format::AnthropicMessages]),
    (":generateContent", &[Format::GeminiGenerate]),
    (":streamGenerateContent", &[Format::GeminiGenerate]),
    (":embedContent", &[Format::GeminiEmbed]),
    (":batchEmbedContents", &[Format::GeminiEmbed]),
    ("/model/*/converse", &[Format::BedrockConverse]),
    ("/model/*/converse-stream", &[Format::BedrockConverse]),
    ("/model/*/invoke", &[Format::BedrockInvoke]),
    ("/model/*/invoke-with-response-stream", &[Format::BedrockInvoke]),
    ("/api/chat", &[Format::OllamaChat]),
    ("/v2/chat", &[Format::CohereChat]),
    ("/v1/chat", &[Format::CohereChat]),
    ("/api/generate", &[Format::OllamaGenerate]),
    ("/api/embed", &[Format::OllamaEmbed]),
    ("/v2/embed", &[Format::CohereEmbed]),
    ("/v1/embed", &[Format::CohereEmbed]),
    ("/v2/rerank", &[Format::CohereRerank]),
    ("/v1/rerank", &[Format::CohereRerank]),
];

/// The formats that a path may be of.
pub(crate) fn by_path(path: &str) -> &'static [Format] {
    let path = path.trim_end_matches('/');
    PATHS.into_iter().find(|(end, _)| ends_with(path, end)).map_or(&[], |(_, formats)| formats)
}

fn ends_with(path: &str, end: &str) -> bool {
    let Some((before, after)) = end.split_once('*') else { return path.ends_with(end) };
    path.strip_suffix(after)
        .and_then(|path| path.split_once(before))
        .is_some_and(|(_, anything)| !anything.is_empty())
}

/// What an exchange is, with what was parsed on the way; `None`: nothing of a model's.
pub(crate) fn open<'t>(call: &'t Call<'t>) -> Option<(Opened<'t>, Format)> {
    if let Some(format) = call.format {
        return Some((Opened::new(call), format));
    }
    let candidates = by_path(call.path);
    if candidates.is_empty() {
        return None;
    }
    let opened = Opened::new(call);
    // What went wrong is told in one form by many.
    let nothing = Document::missing();
    let answer = if call.status >= 400 { &nothing } else { &opened.answer };
    let speaks = |format: &&Format| {
        format.api().speaks(&opened.request, answer)
            || opened.has_no_json()
                && !format.api().answers_json()
                && system(call.host) == Some(format.system())
    };
    let format = *candidates.iter().find(speaks)?;
    Some((opened, format))
}

/// Hosts, or what they end with, and whose they are, as `gen_ai.provider.name` has it.
const HOSTS: [(&str, &str); 20] = [
    ("api.openai.com", "openai"),
    (".api.openai.com", "openai"),
    (".openai.azure.com", "azure.ai.openai"),
    (".services.ai.azure.com", "azure.ai.inference"),
    (".cognitiveservices.azure.com", "azure.ai.openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("openrouter.ai", "openrouter"),
    ("api.mistral.ai", "mistral_ai"),
    ("codestral.mistral.ai", "mistral_ai"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.together.xyz", "together"),
    ("api.fireworks.ai", "fireworks"),
    ("api.moonshot.ai", "moonshot_ai"),
];

/// Whose API a host is; `None`: it may be anybody's.
pub(crate) fn system(host: &str) -> Option<&'static str> {
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let is_of = |end: &str| {
        let begins = host.len().checked_sub(end.len());
        let ends =
            begins.and_then(|begins| host.get(begins..)).is_some_and(|rest| rest.eq_ignore_ascii_case(end));
        // Vertex's hosts begin with a region and a hyphen.
        ends && (begins == Some(0) || end.starts_with('.') || host.ends_with("-aiplatform.googleapis.com"))
    };
    if host.starts_with("bedrock-runtime.") && host.contains(".amazonaws.com") {
        return Some("aws.bedrock");
    }
    HOSTS.into_iter().find(|(end, _)| is_of(end)).map(|(_, system)| system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_what_may_be_spoken() {
        assert_eq!(by_path("/proxy/v1/messages/"), [Format::AnthropicMessages]);
        assert_eq!(by_path("/model/arn:aws:bedrock:eu-west-1:1:p/x/invoke"), [Format::BedrockInvoke]);
        assert_eq!(by_path("/model/m/converse-stream"), [Format::BedrockConverse]);
        for path in
            ["/model/invoke", "/model//invoke", "/v1/messages/count_tokens", "/v1/messages/batches", "/chat"]
        {
            assert_eq!(by_path(path), [], "{path}");
        }
    }

    #[test]
    fn hosts_tell_whose_they_are() {
        assert_eq!(system("api.openai.com:443"), Some("openai"));
        assert_eq!(system("my.OpenAI.azure.com"), Some("azure.ai.openai"));
        assert_eq!(system("us-central1-aiplatform.googleapis.com"), Some("gcp.vertex_ai"));
        assert_eq!(system("bedrock-runtime.eu-west-1.amazonaws.com"), Some("aws.bedrock"));
        assert_eq!(system("notopenrouter.ai"), None);
        assert_eq!(system("localhost:8000"), None);
    }
}
