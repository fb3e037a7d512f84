//! Parameters of a request, read one by one, so that what is wrong is told by name, rule and value.

use super::failure::Failure;

/// Of what a page has, unless told.
pub(crate) const USUAL: usize = 50;
const MOST: usize = 200;

/// What stands behind the `?`. What is not read by the end is not known.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The value of `name`, if it is there.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let Some(at) = self.0.iter().position(|(there, _)| there == name) else { return Ok(None) };
        let (_, value) = self.0.swap_remove(at);
        if self.0.iter().any(|(there, _)| there == name) {
            return Err(Failure::Asked(format!("{name} must be given once")));
        }
        if value.is_empty() {
            return Err(Failure::Asked(format!("{name} must not be empty; leave it out")));
        }
        Ok(Some(value))
    }

    /// As `text`, of a value that `parse` takes; `rule` says which ones those are.
    pub(crate) fn read<T>(
        &mut self,
        name: &str,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.text(name)? else { return Ok(None) };
        let parsed = parse(&value);
        parsed.map(Some).ok_or_else(|| Failure::Asked(format!("{name} must be {rule}; it is {value:?}")))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Failure> {
        Ok(self.read(name, "true or false", |value| value.parse().ok())?.unwrap_or(false))
    }

    /// How many a page has.
    pub(crate) fn limit(&mut self) -> Result<usize, Failure> {
        let limit = self.read("limit", &format!("a number from 1 to {MOST}"), |value| {
            value.parse().ok().filter(|limit| (1..=MOST).contains(limit))
        })?;
        Ok(limit.unwrap_or(USUAL))
    }

    /// Refuses what is left.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Failure::Asked(format!(
                "{name:?} is no parameter here: /api/v1/openapi.json has those that are"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn what_is_wrong_is_told_by_name_rule_and_value() {
        let limit = |value| parameters(&[("limit", value)]).limit().map_err(|error| error.to_string());
        assert_eq!(limit("7"), Ok(7));
        for value in ["0", "201", "-1", "many"] {
            assert_eq!(limit(value), Err(format!("limit must be a number from 1 to 200; it is {value:?}")));
        }
    }

    #[test]
    fn what_is_empty_given_twice_or_unknown_is_refused() {
        let empty = parameters(&[("q", "")]).text("q").expect_err("refused").to_string();
        assert_eq!(empty, "q must not be empty; leave it out");
        let twice = parameters(&[("q", "a"), ("q", "b")]).text("q").expect_err("refused").to_string();
        assert_eq!(twice, "q must be given once");
        let unknown = parameters(&[("rout", "/a")]).finish().expect_err("refused").to_string();
        assert!(unknown.starts_with("\"rout\" is no parameter here"), "{unknown}");
    }
}
