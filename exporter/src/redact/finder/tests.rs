//! Of each pattern what is found and what is not; of all, that what is planted is found, and how much work it is.

use super::*;
use offpath_core::treatment::PATTERNS;
use proptest::{prelude::*, sample::select};
use std::sync::LazyLock;

/// One of each kind, and of some kinds more.
const SECRETS: &[&str] = &[
    "sk-proj-abcdefghij0123456789ABCDEFGHIJ",
    "sk-ant-api03-abcdefghij0123456789_-ABCDEFGHIJ",
    "sk-lf-1b2c3d4e-1111-2222-3333-123456789abc",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "glpat-abcdefghij0123456789",
    "xoxb-123456789012-abcdefABCDEF",
    "AIzaSyA-abcdefghijklmnopqrstuvwxyz01234",
    "sk_live_abcdefghij0123456789",
    "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "SK0123456789abcdef0123456789abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "alice.o'neil+tag@mail.example.co.uk",
    "jürgen@bücher.example",
    "4111111111111111",
    "4111 1111 1111 1111",
    "3782-822463-10005",
    "6011000990139424",
    "DE89370400440532013000",
    "GB29 NWBK 6016 1331 9268 19",
    "192.168.10.255",
    "2001:db8::8a2e:370:7334",
    "fe80::1",
    "::ffff:192.0.2.128",
    "2001:0db8:0000:0000:0000:8a2e:0370:7334",
];

/// Of all patterns.
static ALL: LazyLock<Finder> = LazyLock::new(|| finder(PATTERNS));

fn finder(patterns: &[&str]) -> Finder {
    let patterns: Vec<String> = patterns.iter().map(|name| (*name).to_owned()).collect();
    Finder::new(&patterns, &[]).expect("known patterns")
}

fn expressions(expressions: &[&str]) -> Result<Finder, Unusable> {
    let named =
        |expression: &&str| Expression { name: "own".to_owned(), expression: (*expression).to_owned() };
    Finder::new(&[], &expressions.iter().map(named).collect::<Vec<_>>())
}

fn texts<'t>(finder: &Finder, text: &'t str) -> Vec<&'t str> {
    let mut found = Vec::new();
    finder.find(text.as_bytes(), &mut found).expect("found in time");
    found.into_iter().map(|range| &text[range]).collect()
}

/// Asserts that of each text exactly the part in `⟨⟩` is found; of one without, nothing.
fn assert_found(pattern: &str, texts_with_marks: &[&str]) {
    let finder = finder(&[pattern]);
    for marked in texts_with_marks {
        let text = marked.replace(['⟨', '⟩'], "");
        let expected: Vec<&str> =
            marked.split('⟨').skip(1).filter_map(|part| part.split('⟩').next()).collect();
        assert_eq!(texts(&finder, &text), expected, "{pattern} in {marked}");
    }
}

#[test]
fn every_pattern_that_rules_may_name_is_known() {
    assert!(!ALL.is_empty());
    let unknown = Finder::new(&["iris_scan".to_owned()], &[]).expect_err("unknown");
    assert!(unknown.to_string().contains("iris_scan"), "{unknown}");
}

#[test]
fn without_patterns_nothing_is_found() {
    assert!(finder(&[]).is_empty());
    assert_eq!(texts(&finder(&[]), &SECRETS.join(" ")), [""; 0]);
}

#[test]
fn keys_of_providers_are_found_and_words_like_them_are_not() {
    assert_found(
        "provider_key",
        &[
            "use ⟨sk-proj-abcdefghij0123456789ABCDEFGHIJ⟩, please",
            "{\"key\":\"⟨ghp_abcdefghijklmnopqrstuvwxyz0123456789⟩\"}",
            r"one\n⟨AKIAIOSFODNN7EXAMPLE⟩\n",
            "密钥⟨AKIAIOSFODNN7EXAMPLE⟩密钥",
            "a%3D⟨AKIAIOSFODNN7EXAMPLE⟩%26",
            "key=⟨xoxb-123456789012-abcdefABCDEF⟩&x=1",
            "⟨SK0123456789abcdef0123456789abcdef⟩",
            "⟨SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG⟩",
            "from sk-learn import x; sk-estimator-doc-link-of-some-length",
            "task-management-system-v2-for-teams",
            "AKIAIOSFODNN7EXAMPLEX",
            "SK0123456789abcdef0123456789abcdef0",
            "ghp_short",
            "hf_hub_download(repo_id)",
        ],
    );
}

#[test]
fn private_keys_are_found_whole_or_cut() {
    assert_found(
        "provider_key",
        &[
            "a ⟨-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA+/=\nabc\n-----END RSA PRIVATE KEY-----⟩ b",
            r#"{"key":"⟨-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----⟩\n"}"#,
            "⟨-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA⟩",
            "…⟨ktdjEAAAA\n-----END OPENSSH PRIVATE KEY-----⟩",
            "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        ],
    );
}

#[test]
fn json_web_tokens_are_found_with_two_parts_or_more() {
    assert_found(
        "jwt",
        &[
            "token: ⟨eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln⟩.",
            "⟨eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0⟩.",
            "⟨eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..aXY.Y2lwaGVy.dGFn⟩",
            "eyJhbGciOiJIUzI1NiJ9",
            "xeyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
            "eyJob.example.org",
        ],
    );
}

#[test]
fn what_follows_bearer_and_basic_is_found_where_it_is_no_word() {
    assert_found(
        "bearer",
        &[
            "Authorization: Bearer ⟨abc123⟩",
            "authorization: bearer ⟨hunter⟩",
            "\"Authorization\": \"BEARER ⟨hunter⟩\"",
            "curl -H 'Bearer  ⟨mF_9.B5f-4.1JqM⟩'",
            "auth=Bearer%20⟨abc.def⟩&x",
            "Basic ⟨QWxhZGRpbjpvcGVuIHNlc2FtZQ==⟩",
            "Basic ⟨dXNlcjpwYXNz⟩",
            "the bearer of bad news. Bearer token authentication",
            "a basic understanding of Basic English",
            "forbearer abc123",
        ],
    );
}

#[test]
fn addresses_of_e_mail_are_found() {
    assert_found(
        "email",
        &[
            "mail ⟨alice@example.com⟩.",
            "<⟨a.b+c@sub.example.co.uk⟩>, '⟨bob@example.org⟩'",
            "to=⟨alice@example.com⟩&cc=⟨bob@example.com⟩",
            "⟨jürgen@bücher.example⟩，",
            r"\n⟨carol@example.com⟩\n",
            "⟨x@xn--bcher-kva.example⟩",
            "root@localhost, @decorator, lodash@4.17.21, a@-b.com, a@b..com, @example.com, a @b.com",
        ],
    );
}

#[test]
fn numbers_of_cards_are_found_if_their_check_digit_is_right() {
    assert_found(
        "card",
        &[
            "card ⟨4111111111111111⟩.",
            "⟨4111 1111 1111 1111⟩, ⟨4111-1111-1111-1111⟩",
            "item 2 ⟨5555 5555 5555 4444⟩ x",
            "⟨378282246310005⟩ ⟨30569309025904⟩ ⟨4222222222222⟩ ⟨6759649826438453⟩",
            r"\n⟨4111111111111111⟩\n",
            "4111111111111112",
            "41111111111111110",
            "x4111111111111111 4111111111111111x",
            "0.4111111111111111",
            "1795161600123456789",
            "4111  1111 1111 1111",
        ],
    );
}

#[test]
fn bank_accounts_are_found_if_their_check_digits_are_right() {
    assert_found(
        "iban",
        &[
            "⟨DE89370400440532013000⟩, ⟨DE89 3704 0044 0532 0130 00⟩",
            "pay ⟨GB29NWBK60161331926819⟩ now",
            "⟨FR14 2004 1010 0505 0001 3M02 606⟩.",
            "⟨no9386011117947⟩",
            "DE88370400440532013000",
            "DE893704004405320130001",
            "XDE89370400440532013000",
            "ZZ89370400440532013000",
        ],
    );
}

#[test]
fn addresses_of_ipv4_are_found() {
    assert_found(
        "ipv4",
        &[
            "from ⟨10.0.0.7⟩, ⟨192.168.1.255⟩:8080 and ⟨0.0.0.0⟩/0.",
            "{\"ip\":\"⟨127.0.0.1⟩\"}",
            "256.1.1.1, 1.2.3, 1.2.3.4.5, v1.2.3.4, 1.2.3.4beta, 1.2.3.1234",
        ],
    );
}

#[test]
fn addresses_of_ipv6_are_found_in_all_their_forms() {
    assert_found(
        "ipv6",
        &[
            "⟨2001:db8::1⟩, [⟨fe80::1⟩]:443 ⟨fe80::1⟩%eth0 ⟨::1⟩",
            "⟨2001:db8:85a3:0:0:8a2e:370:7334⟩:",
            "{\"ip\":\"⟨2001:DB8::8a2e:370:7334⟩\"}",
            "⟨::ffff:192.0.2.128⟩. ip:⟨2001:db8::2⟩ src:⟨fe80::3⟩",
            "12:34:56, aa:bb:cc:dd:ee:ff, std::vec, Foo::Bar, :: {\"a\":1}, 1:2:3:4:5:6:7",
        ],
    );
}

#[test]
fn telephone_numbers_are_found() {
    assert_found(
        "phone",
        &[
            "call ⟨+49 30 901820⟩ or ⟨+1 (415) 555-2671⟩.",
            "⟨+442071838750⟩, ⟨(415) 555-2671⟩, ⟨415-555-2671⟩, tel:⟨+1-201-555-0123⟩",
            "1+2345678901 2+2, 123-456-7890, 2024-01-02, +0123456789, 415-555-26711",
        ],
    );
}

#[test]
fn own_expressions_are_found() {
    let finder = expressions(&["EMP-[0-9]{6}", r"(?i)\bsecret: *[^ ]+"]).expect("expressions");
    assert_eq!(texts(&finder, "EMP-123456 EMP-12345 a Secret: x nosecret: y"), ["EMP-123456", "Secret: x"]);
}

#[test]
fn what_overlaps_is_found_as_one() {
    let finder = expressions(&["abc", "cde", "fg"]).expect("expressions");
    assert_eq!(texts(&finder, "abcdefg"), ["abcde", "fg"]);
}

#[test]
fn an_expression_that_is_none_is_named() {
    let error = expressions(&["("]).expect_err("refused");
    assert!(error.to_string().starts_with("redact.expressions: own: "), "{error}");
}

/// Of this one, each match is found only after a look at all that follows.
#[test]
fn an_expression_that_would_take_the_square_of_the_length_is_given_up() {
    let finder = expressions(&["[a-z].*[0-9]|[a-z]"]).expect("an expression");
    let mut found = Vec::new();
    assert_eq!(finder.find(&b"a".repeat(200), &mut found), Ok(()));
    assert_eq!(finder.find(&b"a".repeat(100_000), &mut found), Err(GaveUp));
}

/// What begins like a secret again and again.
#[test]
fn the_work_of_all_patterns_is_linear_whatever_the_bytes() {
    const LENGTH: usize = 100_000;
    let all = finder(&[PATTERNS, &["phone"]].concat());
    let pieces = [
        "a@",
        "@",
        "a.",
        "a@b.c.",
        "1",
        "1 ",
        "1-",
        "4111 ",
        "1.",
        "1.1.1.",
        "DE89",
        "DE89 ",
        "+1",
        "(415) ",
        ":",
        "::",
        "1:",
        "a::",
        "sk-",
        "sk-a",
        "sk-1",
        "sk_",
        "AKIA",
        "SK",
        "eyJ",
        "eyJ.",
        "eyJ-",
        "eyJhbGciOiJIUzI1NiJ9.",
        "Bearer ",
        "Basic ",
        "basic a",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "A\n-----END ",
        "ü",
        "ü@",
        "\\n",
        "hooks.slack.com/services/",
        "ghs_",
        "glpat-.",
        "1:1.",
    ];
    for piece in pieces {
        let text = piece.repeat(LENGTH / piece.len());
        let before = bytes::work();
        let mut found = Vec::new();
        all.find(text.as_bytes(), &mut found).expect("no expressions");
        let work = bytes::work() - before;
        assert!(work < 150 * LENGTH, "{piece:?} makes {work} looks at {LENGTH} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_secret_between_delimiters_is_found_whatever_surrounds_it(
        before in ".{0,40}", after in ".{0,40}",
        secret in select(SECRETS),
        left in select(&[" ", "\n", "\"", "'", "(", "<", "=", ", ", "\\n", "，"][..]),
        right in select(&[" ", "\n", "\"", ")", ">", "&", ", ", "\\n", ";", "。"][..]),
    ) {
        let text = format!("{before}{left}{secret}{right}{after}");
        let at = before.len() + left.len();
        let mut found = Vec::new();
        ALL.find(text.as_bytes(), &mut found).expect("no expressions");
        prop_assert!(
            found.iter().any(|range| range.start <= at && at + secret.len() <= range.end),
            "{text:?}: {found:?}"
        );
    }

    #[test]
    fn what_is_found_is_in_order_and_apart(pieces in proptest::collection::vec(select(SECRETS), 0..6), any: Vec<u8>) {
        let mut text = pieces.join(" ").into_bytes();
        text.extend_from_slice(&any);
        text.extend_from_slice(pieces.concat().as_bytes());
        let mut found = Vec::new();
        ALL.find(&text, &mut found).expect("no expressions");
        prop_assert!(found.iter().all(|range| range.start < range.end && range.end <= text.len()));
        prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }

    #[test]
    fn own_expressions_find_what_the_regex_crate_would(
        expression in select(&["a+b?", "ab|abc", "[ab]{2,3}?c", r"\bab", r"b\b", "a.*?b", "(?i)AB", "a$", "^b"][..]),
        text in "[abc \n]{0,30}",
    ) {
        let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        let config = regex_automata::nfa::thompson::Config::new().utf8(false);
        let reference = regex_automata::nfa::thompson::pikevm::PikeVM::builder()
            .syntax(syntax).thompson(config).build(expression).expect("an expression");
        let expected: Vec<Range<usize>> =
            reference.find_iter(&mut reference.create_cache(), &text).map(|found| found.range()).collect();
        let mut found = Vec::new();
        let compiled = expression::Compiled::new(
            &Expression { name: String::new(), expression: expression.to_owned() }).expect("an expression");
        compiled.find(text.as_bytes(), &mut found).expect("in time");
        prop_assert_eq!(found, expected);
    }
}
