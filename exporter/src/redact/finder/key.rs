//! Keys that providers give out, as they or the scanners of secrets describe them.
//!
//! Sources: what the providers document, <https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml> and
//! <https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns>. What has
//! no beginning of its own cannot be told from any other word, and is not here.

use std::ops::Range;

use super::bytes;

/// A provider's keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// How they begin.
    pub(super) prefix: &'static str,
    rest: Rest,
    /// Letters after the prefix.
    least: usize,
}

/// What follows a prefix.
#[derive(Debug, Clone, Copy)]
enum Rest {
    /// ASCII letters and digits.
    Letters,
    /// The same, `-` and `_`.
    Words,
    /// As words, but names in programs may begin in the same way: at least one letter and one digit are among the first.
    Mixed,
    /// As words, and `.`.
    Dotted,
    /// As words, and `/`, `+`, `=`, `.` and `%`.
    Base64,
    /// Capital letters and digits, exactly as many as the least.
    Capitals,
    /// Hexadecimal digits of lower case, exactly as many as the least.
    Hex,
}

use Rest::{Base64, Capitals, Dotted, Hex, Letters, Mixed, Words};

const fn shape(prefix: &'static str, rest: Rest, least: usize) -> Shape {
    Shape { prefix, rest, least }
}

/// All of them. Where one prefix begins with another, the longer one is tried first.
pub(super) const SHAPES: &[Shape] = &[
    shape("sk-", Mixed, 20), // OpenAI, Anthropic (sk-ant-), OpenRouter (sk-or-), Langfuse (sk-lf-), DeepSeek
    shape("pk-lf-", Words, 20), // Langfuse
    shape("sk_", Hex, 48),   // ElevenLabs
    shape("sk_live_", Letters, 16), // Stripe
    shape("sk_test_", Letters, 16),
    shape("rk_live_", Letters, 16),
    shape("rk_test_", Letters, 16),
    shape("whsec_", Base64, 24),
    shape("AKIA", Capitals, 16), // AWS
    shape("ASIA", Capitals, 16),
    shape("ABIA", Capitals, 16),
    shape("ACCA", Capitals, 16),
    shape("AIza", Words, 35), // Google
    shape("GOCSPX-", Words, 24),
    shape("ya29.", Dotted, 20),
    shape("ghp_", Letters, 36), // GitHub
    shape("gho_", Letters, 36),
    shape("ghu_", Letters, 36),
    shape("ghs_", Dotted, 36),
    shape("ghr_", Letters, 36),
    shape("github_pat_", Words, 36),
    shape("glpat-", Dotted, 20), // GitLab
    shape("gldt-", Dotted, 20),
    shape("glrt-", Dotted, 20),
    shape("glptt-", Dotted, 20),
    shape("glcbt-", Dotted, 20),
    shape("xoxa-", Words, 10), // Slack
    shape("xoxb-", Words, 10),
    shape("xoxc-", Words, 10),
    shape("xoxd-", Base64, 10),
    shape("xoxe-", Words, 10),
    shape("xoxp-", Words, 10),
    shape("xoxr-", Words, 10),
    shape("xoxs-", Words, 10),
    shape("xapp-", Words, 20),
    shape("hooks.slack.com/services/", Base64, 24),
    shape("hf_", Letters, 30),   // Hugging Face
    shape("gsk_", Letters, 40),  // Groq
    shape("csk-", Letters, 40),  // Cerebras
    shape("xai-", Letters, 40),  // xAI
    shape("pplx-", Letters, 40), // Perplexity
    shape("nvapi-", Words, 40),  // NVIDIA
    shape("tgp_v1_", Words, 40), // Together
    shape("pcsk_", Words, 40),   // Pinecone
    shape("lsv2_", Words, 40),   // LangSmith
    shape("r8_", Letters, 30),   // Replicate
    shape("npm_", Letters, 36),
    shape("pypi-", Words, 50),
    shape("dckr_pat_", Words, 20),  // Docker
    shape("SG.", Dotted, 60),       // SendGrid
    shape("SK", Hex, 32),           // Twilio
    shape("dop_v1_", Hex, 64),      // DigitalOcean
    shape("shpat_", Hex, 32),       // Shopify
    shape("dapi", Hex, 32),         // Databricks
    shape("glsa_", Words, 32),      // Grafana
    shape("lin_api_", Letters, 32), // Linear
    shape("hvs.", Words, 24),       // HashiCorp Vault
    shape("sntrys_", Base64, 40),   // Sentry
    shape("PMAK-", Words, 40),      // Postman
    shape("tvly-", Words, 24),      // Tavily
    shape("sbp_", Hex, 40),         // Supabase
    shape("AGE-SECRET-KEY-1", Capitals, 58),
];

/// How many letters are looked at to see that a key is no name.
const LOOKED_AT: usize = 64;

impl Shape {
    /// The key of this shape that begins at `start`, where its prefix stands.
    pub(super) fn at(&self, text: &[u8], start: usize) -> Option<Range<usize>> {
        let rest = start + self.prefix.len();
        if bytes::run(text, rest, self.least, self.rest.letters()) < self.least || !bytes::begins(text, start)
        {
            return None;
        }
        if matches!(self.rest, Mixed) && !is_mixed(text, rest) {
            return None;
        }
        let end = match self.rest {
            Capitals | Hex => Some(rest + self.least).filter(|end| bytes::ends(text, *end))?,
            _ => rest + self.least + bytes::run(text, rest + self.least, usize::MAX, self.rest.letters()),
        };
        Some(start..end)
    }
}

fn is_mixed(text: &[u8], start: usize) -> bool {
    let looked_at = &text[start..start + bytes::run(text, start, LOOKED_AT, bytes::is_base64url)];
    looked_at.iter().any(u8::is_ascii_digit) && looked_at.iter().any(u8::is_ascii_alphabetic)
}

impl Rest {
    fn letters(self) -> fn(u8) -> bool {
        match self {
            Letters => |byte| byte.is_ascii_alphanumeric(),
            Words | Mixed => bytes::is_base64url,
            Dotted => |byte| bytes::is_base64url(byte) || byte == b'.',
            Base64 => |byte| bytes::is_base64url(byte) || matches!(byte, b'/' | b'+' | b'=' | b'.' | b'%'),
            Capitals => |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Hex => |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        }
    }
}
