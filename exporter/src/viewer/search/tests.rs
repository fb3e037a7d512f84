use std::sync::LazyLock;

use offpath_core::event::{Body, Event, Exchange, Kind, Message};
use proptest::prelude::*;

use super::*;
use crate::viewer::fixture::{Fixture, event, exchange};

const LONG: Duration = Duration::from_secs(60);

/// An exchange of that second; its body is the word.
fn saying(seconds: u64, route: &str, word: &str) -> Event {
    let body = Body { size: 9, head: word.as_bytes().to_vec(), ..Body::default() };
    let request = Message { body: Some(body), ..Message::default() };
    let exchange = Exchange { request: Some(request), ..exchange(route, 200) };
    event(seconds, seconds, 1, 0, Kind::Exchange(exchange))
}

fn of(events: Vec<Event>) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.store(events);
    fixture
}

fn asked(pairs: &[(&str, &str)]) -> Search {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Search::read(Parameters::new(pairs)).expect("valid")
}

fn seqs(events: &Events) -> Vec<i64> {
    events.events.iter().map(|event| event.seq).collect()
}

/// What all pages together find.
fn pages(store: &Connection, mut asked: Search, budget: Duration) -> Vec<i64> {
    let mut found = Vec::new();
    loop {
        let page = search(store, &asked, budget).expect("a page");
        found.extend(seqs(&page));
        let Some(next) = page.next else { return found };
        let next = Cursor::place(&next).expect("a place");
        assert!(asked.before.is_none_or(|before| next < before), "it goes back");
        asked.before = Some(next);
    }
}

#[test]
fn who_has_no_time_learns_of_one_event_at_a_time_how_far_it_came() {
    let fixture = of(vec![saying(1, "/", "here"), saying(2, "/", "no"), saying(3, "/", "no")]);
    let page = search(&fixture.connection(), &asked(&[("q", "here")]), Duration::ZERO).expect("a page");
    let newest = fixture.begin + 3 * time::SECOND_NS;
    assert_eq!((seqs(&page), page.reached), (vec![], Some(time::format(newest))));
    assert_eq!(pages(&fixture.connection(), asked(&[("q", "here")]), Duration::ZERO), [1]);
}

#[test]
fn who_has_time_finds_all_at_once() {
    let fixture = of(vec![saying(1, "/", "here"), saying(2, "/", "no"), saying(3, "/", "here")]);
    let page = search(&fixture.connection(), &asked(&[("q", "here")]), LONG).expect("a page");
    assert_eq!((seqs(&page), page.next, page.reached), (vec![3, 1], None, None));
}

/// Sixty events of six times, on two routes, that say one of three words.
static MANY: LazyLock<Fixture> = LazyLock::new(|| {
    let routes = ["/a", "/b"].into_iter().cycle();
    let words = ["red", "green", "blue"].into_iter().cycle();
    let times = (0..60_u64).map(|number| number * 7 % 6);
    of(times.zip(routes.zip(words)).map(|(time, (route, word))| saying(time, route, word)).collect())
});

proptest! {
    #[test]
    fn pages_find_together_what_one_query_finds(
        route in prop::option::of("/[abc]"),
        word in prop::option::of(prop::sample::select(vec!["red", "re", "blue", "none"])),
        limit in 1_usize..9,
        stretch in 1_i64..70,
        budget in prop::sample::select(vec![Duration::ZERO, LONG]),
    ) {
        let store = MANY.connection();
        let sql = "SELECT seq FROM events WHERE (?1 IS NULL OR route = ?1) AND (?2 IS NULL OR instr(json, ?2) > 0)
                   ORDER BY start_time DESC, seq DESC";
        let mut select = store.prepare(sql).expect("valid SQL");
        let expected = select.query_map((&route, word), |row| row.get(0)).expect("run");
        let expected: Vec<i64> = expected.collect::<rusqlite::Result<_>>().expect("numbers");
        let mut pairs = Vec::new();
        pairs.extend(route.as_deref().map(|route| ("route", route)));
        pairs.extend(word.map(|word| ("q", word)));
        let asked = Search { limit, stretch, ..asked(&pairs) };
        prop_assert_eq!(pages(&store, asked, budget), expected);
    }
}
