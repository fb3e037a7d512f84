use std::time::Duration;

use offpath_core::event::{Event, Kind};

use super::*;
use crate::viewer::{
    fixture::{Fixture, event, exchange, generation, plan, request, span},
    time,
};

fn of(events: Vec<Event>) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.store(events);
    fixture
}

fn in_session(session: &str, event: Event) -> Event {
    Event { session_id: session.to_owned(), user_id: "alice".to_owned(), ..event }
}

fn page(fixture: &Fixture, query: &Query) -> Sessions {
    list(&fixture.connection(), query, Duration::from_secs(60)).expect("a page")
}

fn ids(page: &Sessions) -> Vec<&str> {
    page.sessions.iter().map(|session| session.session_id.as_str()).collect()
}

fn seqs(page: &Turns) -> Vec<i64> {
    page.turns.iter().map(|turn| turn.seq).collect()
}

#[test]
fn the_session_that_something_happened_in_last_comes_first() {
    let fixture = of(vec![
        in_session("a", request(1, "/", 200)),
        in_session("b", request(2, "/", 200)),
        in_session("a", request(3, "/", 500)),
        request(4, "/", 200),
    ]);
    let told = page(&fixture, &Query::default());
    assert_eq!(ids(&told), ["a", "b"]);
    assert_eq!((told.next, told.reached), (None, None));
}

#[test]
fn a_session_is_summed_up_from_its_turns() {
    let mut fixture = of(vec![
        in_session("a", event(2, 1, 3, 1, span("ask", Some(generation("gpt", 100))))),
        in_session("a", event(1, 1, 1, 0, Kind::Exchange(exchange("/chat", 200)))),
    ]);
    fixture.store(vec![in_session("a", request(9, "/chat", 500))]);
    let at = |seconds| time::format(fixture.begin + seconds * time::SECOND_NS);
    let expected = Session {
        session_id: "a".to_owned(),
        user_id: Some("alice".to_owned()),
        service: "chat-api".to_owned(),
        first: at(1),
        last: at(9),
        turns: 2,
        failed: 1,
        input_tokens: 100,
        output_tokens: 50,
        cost_usd: 0.01,
        truncated: false,
    };
    assert_eq!(page(&fixture, &Query::default()).sessions, [expected]);
}

#[test]
fn where_nothing_is_top_what_models_did_are_the_turns() {
    let ask = |seconds, span_id| {
        in_session("a", event(seconds, 1, span_id, 1, span("ask", Some(generation("gpt", 10)))))
    };
    let fixture = of(vec![ask(1, 2), ask(2, 3), in_session("a", event(3, 1, 4, 1, span("tool", None)))]);
    let told = page(&fixture, &Query::default());
    assert_eq!((told.sessions[0].turns, told.sessions[0].input_tokens), (2, 20));
    let turns = turns(&fixture.connection(), "a", &TurnsQuery { limit: Some(10), cursor: None })
        .expect("read")
        .expect("a session");
    assert_eq!(seqs(&turns), [1, 2]);
}

#[test]
fn a_session_is_on_the_page_of_its_latest_event_alone() {
    // Each has an event in every round.
    let events = (0..5).flat_map(|round| (0..7).map(move |session| (round * 10 + session, session)));
    let fixture = of(events
        .map(|(second, session)| in_session(&session.to_string(), request(second, "/", 200)))
        .collect());
    let mut found = Vec::new();
    let mut query = Query { limit: Some(3), ..Query::default() };
    loop {
        let told = page(&fixture, &query);
        found.extend(told.sessions.into_iter().map(|session| session.session_id));
        query.cursor = told.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, ["6", "5", "4", "3", "2", "1", "0"]);
}

#[test]
fn users_services_and_times_choose_sessions() {
    let other = Event { user_id: "bob".to_owned(), service: "shop".to_owned(), ..request(2, "/", 200) };
    let fixture = of(vec![
        in_session("a", request(1, "/", 200)),
        Event { session_id: "b".to_owned(), ..other },
        in_session("c", request(3, "/", 200)),
    ]);
    let chosen = |query| ids(&page(&fixture, &query)).join(" ");
    let some = |text: &str| Some(text.to_owned());
    let at = |seconds| Some(time::format(fixture.begin + seconds * time::SECOND_NS));
    assert_eq!(chosen(Query { user: some("bob"), ..Query::default() }), "b");
    assert_eq!(chosen(Query { service: some("chat-api"), ..Query::default() }), "c a");
    assert_eq!(chosen(Query { from: at(2), to: at(3), ..Query::default() }), "b");
}

#[test]
fn what_takes_too_long_says_how_far_it_came_and_goes_on_from_there() {
    let mut events = vec![in_session("old", request(0, "/", 200))];
    events.extend((1..1_200).map(|second| in_session("new", request(second, "/", 200))));
    let fixture = of(events);
    let mut query = Query::default();
    let mut pages = Vec::new();
    loop {
        let told = list(&fixture.connection(), &query, Duration::ZERO).expect("a page");
        pages.push(ids(&told).join(" "));
        assert_eq!(told.reached.is_some(), told.next.is_some());
        query.cursor = told.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, ["new", "", "old"]);
}

#[test]
fn of_a_session_with_too_many_turns_the_latest_are_summed_up() {
    let events = (0..1_001).map(|second| in_session("a", request(second, "/", 200)));
    let told = page(&of(events.collect()), &Query::default());
    assert_eq!((told.sessions[0].turns, told.sessions[0].truncated), (1_000, true));
}

#[test]
fn turns_come_oldest_first_a_page_at_a_time() {
    let fixture = of((1..6).map(|second| in_session("a", request(second, "/", 200))).collect());
    let store = fixture.connection();
    let first =
        turns(&store, "a", &TurnsQuery { limit: Some(3), cursor: None }).expect("read").expect("a session");
    let rest = turns(&store, "a", &TurnsQuery { limit: Some(3), cursor: first.next.clone() })
        .expect("read")
        .expect("a session");
    assert_eq!((seqs(&first), seqs(&rest), rest.next), (vec![1, 2, 3], vec![4, 5], None));
    assert!(turns(&store, "b", &TurnsQuery { limit: Some(3), cursor: None }).expect("read").is_none());
}

#[test]
fn a_foreign_cursor_is_refused() {
    let store = of(Vec::new()).connection();
    let query = Query { cursor: Some("x".to_owned()), ..Query::default() };
    let refused = list(&store, &query, BUDGET).expect_err("refused").to_string();
    assert!(refused.starts_with("cursor must be"), "{refused}");
}

#[test]
fn sessions_are_found_and_summed_up_from_indexes_alone() {
    let fixture = of(Vec::new());
    let store = fixture.connection();
    let walk = plan(&store, list::WALK);
    assert!(walk.contains("COVERING INDEX events_session_listed (start_time>? AND start_time<?)"), "{walk}");
    assert!(!walk.contains("TEMP B-TREE"), "{walk}");
    let top = plan(&store, summary::TOP);
    assert!(top.contains("COVERING INDEX events_session (session_id=?)"), "{top}");
    let later = plan(&store, list::IS_LATER);
    assert!(later.contains("events_session (session_id=? AND start_time>? AND start_time<?)"), "{later}");
    let turns = plan(&store, turns::TOP);
    assert!(turns.contains("events_session (session_id=? AND start_time>?)"), "{turns}");
}
