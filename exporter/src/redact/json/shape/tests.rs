use super::*;
use proptest::prelude::*;
use serde_json::Value;

const NONE: JsonLimits = JsonLimits { max_string: None, max_items: None, max_depth: None };

fn shaped(json: &str, limits: JsonLimits) -> String {
    let shaped = shape(json.as_bytes(), None, limits, None).expect("JSON");
    let text = String::from_utf8(shaped.bytes).expect("text");
    serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    text
}

fn is_cut_to(json: &str, shown: &str) {
    let shaped = shape(json.as_bytes(), Some(7), NONE, None).expect("JSON");
    assert_eq!(String::from_utf8_lossy(&shaped.bytes), shown);
}

#[test]
fn within_limits_a_document_stays_as_it_is() {
    let json = r#"{"a":[1,-2.5e3,true,null],"b":{"c":"d\n\u00e9"},"e":{}}"#;
    assert_eq!(shaped(json, NONE), json);
    assert_eq!(
        shaped(json, JsonLimits { max_string: Some(3), max_items: Some(4), max_depth: Some(2) }),
        json
    );
}

#[test]
fn a_long_string_is_cut_after_its_first_characters() {
    let limits = JsonLimits { max_string: Some(3), ..NONE };
    assert_eq!(
        shaped(r#"["äöüß€","a\n\u00e9\ud83d\ude00b","abcd"]"#, limits),
        r#"["äöü… (+2 characters)","a\n\u00e9… (+2 characters)","abc… (+1 character)"]"#
    );
}

#[test]
fn items_beyond_the_limit_are_counted() {
    let limits = JsonLimits { max_items: Some(2), ..NONE };
    assert_eq!(shaped("[1,2,[3,4],5]", limits), r#"[1,2,"… 2 more items"]"#);
    assert_eq!(
        shaped(r#"{"a":1,"b":{"x":[1,2]},"c":{"d":[1,2,3]}}"#, limits),
        r#"{"a":1,"b":{"x":[1,2]},"…":"1 more"}"#
    );
    assert_eq!(shaped("[1]", JsonLimits { max_items: Some(0), ..NONE }), r#"["… 1 more item"]"#);
}

#[test]
fn levels_beyond_the_limit_are_summed_up() {
    let limits = JsonLimits { max_depth: Some(1), ..NONE };
    assert_eq!(
        shaped(r#"{"a":[1,[2,3],4],"b":{"c":{"d":1}},"e":[]}"#, limits),
        r#"{"a":"[… 3 items]","b":"{… 1 member}","e":[]}"#
    );
}

#[test]
fn what_readers_refuse_is_put_in_quotes_or_replaced() {
    let number = "9".repeat(100);
    assert_eq!(
        shaped(&format!("[NaN,-Infinity,1e999,{number}]"), NONE),
        format!(r#"["NaN","-Infinity","1e999","{}… (+36 characters)"]"#, "9".repeat(64))
    );
    assert_eq!(shaped(r#"["\ud83dx","a	b","\x"]"#, NONE), "[\"\u{fffd}x\",\"a\\u0009b\",\"x\"]");
}

#[test]
fn depth_beyond_what_readers_take_is_summed_up() {
    let json = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(shaped(&json, NONE).contains("[… 1 item]"));
}

#[test]
fn what_is_cut_is_closed_with_a_mark_where_the_cut_is() {
    is_cut_to(r#"{"a": [1, 2"#, r#"{"a":[1,"… 10 bytes left out"]}"#);
    is_cut_to(r#"{"a": "hel"#, r#"{"a":"hel…","…":"7 bytes left out"}"#);
    is_cut_to(r#"{"a": 1, "b"#, r#"{"a":1,"…":"11 bytes left out"}"#);
    is_cut_to(r#"{"a": 1, "b": "#, r#"{"a":1,"…":"14 bytes left out"}"#);
    is_cut_to(r#"["x\u00"#, r#"["x…","… 7 bytes left out"]"#);
    is_cut_to(r#"["x\ud83d\ude"#, r#"["x…","… 7 bytes left out"]"#);
    is_cut_to(r#""x\"#, r#""x…""#);
}

#[test]
fn members_after_what_is_left_out_follow_the_mark() {
    let ending = |json: &str, first, members: &str| {
        let shaped = shape(json.as_bytes(), Some(7), NONE, Some((first, members.as_bytes()))).expect("JSON");
        String::from_utf8_lossy(&shaped.bytes).into_owned()
    };
    assert_eq!(
        ending(r#"{"a": [{"b": 1, "c"#, b'{', r#" "d": [2] "#),
        r#"{"a":[{"b":1}],"…":"11 bytes left out","d":[2]}"#
    );
    assert_eq!(ending("[1, 2,", b'[', ",3"), r#"[1,2,"… 8 bytes left out",3]"#);
    for (json, first, members) in
        [("[1", b'{', &b"\"a\": 1"[..]), ("{", b'{', b"no members"), ("\"a", b'[', b"1")]
    {
        assert_eq!(shape(json.as_bytes(), Some(7), NONE, Some((first, members))), None, "{json}");
    }
}

#[test]
fn items_that_are_cut_where_the_body_is_cut_are_counted() {
    let limits = JsonLimits { max_items: Some(1), ..NONE };
    let shaped = shape(b"[1, 2, 3", Some(7), limits, None).expect("JSON");
    assert_eq!(String::from_utf8_lossy(&shaped.bytes), r#"[1,"… 2 more, 7 bytes left out"]"#);
    assert_eq!(shaped.cut, 1);
}

#[test]
fn what_ends_too_early_is_closed_too() {
    assert_eq!(shaped(r#"{"a": [1, 2"#, NONE), r#"{"a":[1,"… the body ends here"]}"#);
    assert_eq!(shaped("[tr", NONE), r#"["… the body ends here"]"#);
}

#[test]
fn what_is_no_json_is_not_shaped() {
    for text in ["", "hello", "{a: 1}", "[1,]", "{]", "[INST]"] {
        assert_eq!(shape(text.as_bytes(), None, NONE, None), None, "{text}");
    }
}

#[test]
fn several_documents_are_a_line_each() {
    let shaped = shape(b"{\"a\": 1}\n{\"a\":\n2}\n", None, NONE, None).expect("JSON");
    assert_eq!(String::from_utf8_lossy(&shaped.bytes), "{\"a\":1}\n{\"a\":2}");
    assert!(!shaped.is_one);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-zé€😀\"\\\\\n]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"é]{0,4}", inner, 0..8)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn any_limits() -> impl Strategy<Value = JsonLimits> {
    let limit = || prop::option::of(0_u32..6);
    (limit(), limit(), limit()).prop_map(|(max_string, max_items, max_depth)| JsonLimits {
        max_string,
        max_items,
        max_depth,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn without_limits_nothing_changes(json in any_json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) };
        let shaped = shape(text.expect("JSON").as_bytes(), None, NONE, None).expect("JSON");
        prop_assert_eq!(serde_json::from_slice::<Value>(&shaped.bytes).expect("JSON"), json);
        prop_assert_eq!(shaped.cut, 0);
    }

    #[test]
    fn what_is_shown_is_always_json(json in any_json(), limits in any_limits(), cut in 1_usize..200) {
        let text = serde_json::to_string(&json).expect("JSON");
        let cut = cut.min(text.len());
        if let Some(shaped) = shape(&text.as_bytes()[..cut], Some(9), limits, None) {
            serde_json::from_slice::<Value>(&shaped.bytes)
                .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&shaped.bytes)));
        } else {
            // Nothing is there of a value yet.
            prop_assert!(!text.starts_with(['[', '{', '"']), "{}", text);
        }
    }
}
