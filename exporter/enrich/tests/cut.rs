//! Answers that break off anywhere, or of which the middle was not kept: what had come is there, and nothing that had not.

#[allow(dead_code, reason = "no test needs all of it")]
mod traffic;

use std::rc::Rc;

use offpath_enrich::{Ending, Text};
use proptest::{prelude::*, sample::Index};
use traffic::{Case, Said, cases, places, said};

/// The longest answer that is cut at every byte.
const LONGEST: usize = 2000;

/// What a tool is called with, without its end: where that is an object, it is written anew.
fn open(arguments: &str) -> &str {
    arguments.trim_end_matches(['}', ']', '"'])
}

/// Whether what is said is the beginning of what is said in the end.
fn begins(part: &Said, whole: &Said) -> bool {
    let mut texts = part.texts.iter().zip(&whole.texts);
    let mut calls = part.calls.iter().zip(&whole.calls);
    part.calls.len() <= whole.calls.len()
        && texts.all(|(part, whole)| whole.starts_with(part))
        && calls.all(|(part, whole)| whole.starts_with(open(part)))
}

/// Whether what is said is what remains when something is left out.
fn remains(part: &Said, whole: &Said) -> bool {
    let mut texts = part.texts.iter().zip(&whole.texts);
    let of_call = |part: &String| whole.calls.iter().any(|whole| is_left(open(part), open(whole)));
    texts.all(|(part, whole)| is_left(part, whole)) && part.calls.iter().all(of_call)
}

fn is_left(part: &str, whole: &str) -> bool {
    let same = |(left, right): &(u8, u8)| left == right;
    let first = part.bytes().zip(whole.bytes()).take_while(same).count();
    let last = part.bytes().rev().zip(whole.bytes().rev()).take_while(same).count();
    first + last >= part.len()
}

#[test]
fn what_had_come_when_an_answer_broke_off_is_the_beginning_of_all_of_it() {
    for case in cases() {
        let whole = said(&case.read(&case.response).expect("a reading"));
        for at in places(&case.response, LONGEST) {
            let Some(reading) = case.read(&case.response[..at]) else { continue };
            let part = said(&reading);
            // One that has not begun is not there.
            let mut all = whole.iter();
            let is_sound = part.iter().all(|part| all.any(|whole| begins(part, whole)));
            assert!(is_sound, "{} at {at}: {part:?} of {whole:?}", case.name);
        }
    }
}

#[test]
fn model_and_id_are_known_from_where_they_stand() {
    for case in cases() {
        let whole = case.read(&case.response).expect("a reading").generation;
        let (mut id, mut model) = (String::new(), String::new());
        for at in places(&case.response, LONGEST) {
            let Some(reading) = case.read(&case.response[..at]) else { continue };
            let told = reading.generation;
            for (known, told, whole) in [
                (&mut id, told.response_id, &whole.response_id),
                (&mut model, told.response_model, &whole.response_model),
            ] {
                assert!(
                    told == *whole || known.is_empty() && told.is_empty(),
                    "{} at {at}: {told}",
                    case.name
                );
                *known = told;
            }
        }
    }
}

#[test]
fn what_is_left_of_a_stream_with_a_gap_is_what_was_said_before_and_behind_it() {
    for case in cases() {
        let whole = said(&case.read(&case.response).expect("a reading"));
        let all: Vec<usize> = places(&case.response, 0).collect();
        let pairs =
            all.iter().step_by(23).flat_map(|from| all.iter().step_by(17).map(move |to| (*from, *to)));
        pairs.filter(|(from, to)| from <= to).for_each(|(from, to)| check_gap(&case, from, to, &whole));
    }
}

fn check_gap(case: &Case, from: usize, to: usize, whole: &[Said]) {
    let (head, tail) = (&case.response[..from], &case.response[to..]);
    let (request, response) = (Text::whole(&*case.request), Text::ends(head, tail));
    let Some(reading) = case.read_as(request, response, Ending::Whole, None) else { return };
    assert!(reading.generation.partial || case.status >= 400, "{} from {from} to {to}", case.name);
    for part in said(&reading) {
        let is_sound = whole.iter().any(|whole| remains(&part, whole));
        assert!(is_sound, "{} from {from} to {to}: {part:?} of {whole:?}", case.name);
    }
}

thread_local! {
    static CASES: Rc<Vec<Case>> = Rc::new(cases());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_gap_in_request_and_answer_is_survived(case in any::<Index>(), places in any::<[Index; 4]>()) {
        let cases = CASES.with(Rc::clone);
        let case = case.get(&cases);
        let [a, b, c, d] = &places;
        let (request, response) = (ends(&case.request, a, b), ends(&case.response, c, d));
        if let Some(reading) = case.read_as(request, response, Ending::BrokenOff, None) {
            prop_assert!(reading.generation.partial || case.status >= 400);
            said(&reading);
        }
    }
}

/// A text without what is between two places.
fn ends<'t>(text: &'t str, one: &Index, other: &Index) -> Text<'t> {
    let place = |index: &Index| text.floor_char_boundary(index.index(text.len() + 1));
    let (from, to) = (place(one).min(place(other)), place(one).max(place(other)));
    Text::ends(&text[..from], &text[to..])
}
