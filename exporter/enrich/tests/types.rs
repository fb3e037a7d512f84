//! Fields of wrong types: such a field is none, and all else is read.

#[allow(dead_code, reason = "no test needs all of it")]
mod traffic;

use std::rc::Rc;

use offpath_enrich::{Ending, Format, Reading, Text};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use traffic::{Case, cases, said};

thread_local! {
    static CASES: Rc<Vec<(Case, Format)>> = Rc::new(cases().into_iter().filter_map(with_format).collect());
}

/// As what a case is read. With that told, it is so however damaged it is.
fn with_format(case: Case) -> Option<(Case, Format)> {
    let whole = case.read(&case.response);
    let mut formats = Format::ALL.into_iter();
    let format = formats.find(|format| read(&case, &case.request, &case.response, *format) == whole)?;
    Some((case, format))
}

fn read(case: &Case, request: &str, response: &str, format: Format) -> Option<Reading> {
    case.read_as(Text::whole(request), Text::whole(response), Ending::Whole, Some(format))
}

/// A value of any type.
fn wrong() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(1e300)),
        ".{0,8}".prop_map(Value::from),
        Just(json!([])),
        Just(json!([null, [1], {"index": "x"}])),
        Just(json!({})),
        Just(json!({"text": 1, "type": [], "function": "f", "parts": {"text": {}}, "error": 7})),
    ]
}

/// How many values there are in one.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts another in the place of the one of this number.
fn replace(value: &mut Value, number: &mut usize, with: &Value) {
    if *number == 0 {
        *value = with.clone();
    }
    *number = number.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, number, with)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, number, with)),
        _ => {}
    }
}

/// A body with one value replaced: of the document, or of one line's.
fn damaged(body: &str, place: &Index, with: &Value) -> String {
    let damage = |text: &str, place: &mut usize| -> Option<String> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        let here = count(&value);
        if *place < here {
            replace(&mut value, place, with);
            *place = usize::MAX;
            return Some(value.to_string());
        }
        *place -= here;
        None
    };
    let values = |text: &str| serde_json::from_str(text).map_or(0, |value| count(&value));
    if values(body) > 0 {
        return damage(body, &mut place.index(values(body))).unwrap_or_default();
    }
    let data = |line: &str| line.strip_prefix("data:").unwrap_or(line).trim().to_owned();
    let all: usize = body.lines().map(|line| values(&data(line))).sum();
    let mut number = place.index(all.max(1));
    let lines = body.split_inclusive('\n').map(|line| {
        let data = data(line);
        let damaged = if number == usize::MAX { None } else { damage(&data, &mut number) };
        damaged.map_or_else(|| line.to_owned(), |damaged| line.replace(&data, &damaged))
    });
    lines.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn a_wrong_type_in_an_answer_spoils_nothing_of_the_request(case in any::<Index>(), place in any::<Index>(), with in wrong()) {
        let cases = CASES.with(Rc::clone);
        let (case, format) = case.get(&cases);
        let response = damaged(&case.response, &place, &with);
        let whole = read(case, &case.request, &case.response, *format).expect("a reading").generation;
        let reading = read(case, &case.request, &response, *format).expect("a reading");
        said(&reading);
        let told = reading.generation;
        prop_assert_eq!((told.request_model, told.input, told.parameters), (whole.request_model, whole.input, whole.parameters));
    }

    #[test]
    fn a_wrong_type_in_a_request_spoils_nothing_of_the_answer(case in any::<Index>(), place in any::<Index>(), with in wrong()) {
        let cases = CASES.with(Rc::clone);
        let (case, format) = case.get(&cases);
        let request = damaged(&case.request, &place, &with);
        let whole = read(case, &case.request, &case.response, *format).expect("a reading").generation;
        let told = read(case, &request, &case.response, *format).expect("a reading").generation;
        prop_assert!(told.input.is_empty() || serde_json::from_str::<Vec<Value>>(&told.input).is_ok());
        prop_assert!(told.parameters.is_empty() || serde_json::from_str::<Value>(&told.parameters).is_ok());
        prop_assert_eq!((told.response_model, told.response_id, told.output), (whole.response_model, whole.response_id, whole.output));
        prop_assert_eq!((told.usage, told.finish_reasons), (whole.usage, whole.finish_reasons));
    }
}
