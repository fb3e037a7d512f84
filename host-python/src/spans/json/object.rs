//! Objects that are no values of JSON: models, data classes, arrays, exceptions, and whatever else an app has.

use super::{
    Full, Writer,
    class::{self, Class},
    known,
};
use crate::spans::text;
use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyModule, PyString, PyTuple, PyType},
};

/// Members of an object, and how many there are.
struct Members<'py>(Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>, usize);

impl Writer<'_> {
    pub(super) fn object(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> Result<(), Full> {
        let members = match class::of(value) {
            Class::Deque => return self.collection(value, depth),
            Class::Enumeration => match known::enumerated(value) {
                Some(inner) => return self.value(&inner, depth),
                None => None,
            },
            Class::Shown(place) => match known::shown(value, place) {
                Some(text) => return self.own(&text),
                None => None,
            },
            Class::Exception => return self.exception(value),
            Class::Named => return self.named(value),
            Class::Secret => return self.own("<secret>"),
            Class::Array => return self.array(value, depth),
            Class::Model => model(value, self.limits.max_items),
            Class::Data => data(value, self.limits.max_items),
            Class::Attrs => attrs(value, self.limits.max_items),
            Class::Other => any(value, self.limits.max_items),
        };
        match members {
            Some(Members(pairs, length)) => self.inside(value, depth, ('{', length), |writer| {
                writer.members(length, pairs.into_iter(), depth)
            }),
            None => self.unknown(value),
        }
    }

    /// What has no form in JSON: its class.
    pub(super) fn unknown(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Full> {
        let class = known::full_name(&value.get_type());
        let name = class::own(value, intern!(value.py(), "__qualname__"));
        match name.as_ref().and_then(|name| name.cast::<PyString>().ok()) {
            // Functions, methods, coroutines and generators have names.
            Some(name) => self.own(&format!("<{class} {}>", text::short(name, 200))),
            None => self.own(&format!("<{class}>")),
        }
    }

    /// A class, or a module.
    fn named(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Full> {
        if let Ok(class) = value.cast::<PyType>() {
            return self.own(&format!("<class {}>", known::full_name(class)));
        }
        let name = value.cast::<PyModule>().ok().and_then(|module| module.name().ok());
        self.own(&format!("<module {}>", name.map(|name| text::short(&name, 200)).unwrap_or_default()))
    }

    /// Its class and what it was made with: `__str__` may be the app's.
    fn exception(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Full> {
        let class = known::class_name(value);
        let arguments = class::own(value, intern!(value.py(), "args"));
        let arguments = arguments.as_ref().and_then(|arguments| arguments.cast::<PyTuple>().ok());
        let first = arguments.and_then(|arguments| arguments.get_item(0).ok());
        match first.as_ref().map(|first| first.cast::<PyString>()) {
            Some(Ok(message)) => {
                let most = self.limits.max_string.min(self.left());
                self.own(&format!("{class}: {}", text::short(message, most)))
            }
            Some(Err(_)) => {
                let mut shown = Vec::new();
                let limits = super::Limits { bytes: self.left() / 2, ..self.limits };
                if let Some(first) = &first {
                    super::write(&mut shown, first, limits);
                }
                self.own(&format!("{class}: {}", String::from_utf8_lossy(&shown)))
            }
            None => self.own(&class),
        }
    }

    /// `<numpy.ndarray shape=(3, 4) dtype=float32>`. A single number of numpy's is a number.
    fn array(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> Result<(), Full> {
        let py = value.py();
        // Those of a library that is known: C, and no code of the app's.
        let shown = |name: &Bound<'_, PyString>| {
            let told = value.getattr(name).ok()?.str().ok()?;
            Some(text::short(&told, 200))
        };
        let shape = shown(intern!(py, "shape"));
        let module = known::module(&value.get_type()).unwrap_or_default();
        if shape.as_deref() == Some("()") && class::library(&module) == "numpy" {
            let item = value.call_method0(intern!(py, "item"));
            // Not its own class again, as that of long doubles is.
            if let Ok(item) = item
                && !item.get_type().is(value.get_type())
            {
                return self.value(&item, depth);
            }
        }
        let dtype = shown(intern!(py, "dtype")).filter(|dtype| !dtype.contains('\n'));
        let mut text = format!("<{}.{}", class::library(&module), known::class_name(value));
        for (name, told) in [("shape", shape), ("dtype", dtype)] {
            if let Some(told) = told {
                text.push_str(&format!(" {name}={told}"));
            }
        }
        text.push('>');
        self.own(&text)
    }
}

/// A model of pydantic: its fields without those that are to be left out of what it is written to, and what came beside.
fn model<'py>(value: &Bound<'py, PyAny>, most: usize) -> Option<Members<'py>> {
    let py = value.py();
    let fields = class::attribute(&value.get_type(), intern!(py, "__pydantic_fields__"))?;
    let fields = fields.cast::<PyDict>().ok()?;
    let members = class::dictionary(value)?;
    let extra = known::attribute(value, intern!(py, "__pydantic_extra__"));
    let extra = extra.as_ref().and_then(|extra| extra.cast::<PyDict>().ok());
    let all = members.len() + extra.map_or(0, |extra| extra.len());
    let is_excluded = |name: &Bound<'_, PyAny>| {
        let field = fields.get_item(name).ok().flatten();
        let excluded = field.and_then(|field| known::attribute(&field, intern!(py, "exclude")));
        excluded.is_some_and(|excluded| excluded.is_truthy().unwrap_or(false))
    };
    let mut left_out = 0;
    let mut pairs = Vec::with_capacity(all.min(most));
    for (name, member) in members.iter().chain(extra.into_iter().flat_map(|extra| extra.iter())) {
        if pairs.len() >= most {
            break;
        }
        if is_excluded(&name) {
            left_out += 1;
        } else {
            pairs.push((name, member));
        }
    }
    Some(Members(pairs, all - left_out))
}

fn data<'py>(value: &Bound<'py, PyAny>, most: usize) -> Option<Members<'py>> {
    let fields = class::attribute(&value.get_type(), intern!(value.py(), "__dataclass_fields__"))?;
    let names = fields.cast::<PyDict>().ok()?.keys();
    by_names(value, names.iter(), names.len(), most)
}

fn attrs<'py>(value: &Bound<'py, PyAny>, most: usize) -> Option<Members<'py>> {
    let py = value.py();
    let fields = class::attribute(&value.get_type(), intern!(py, "__attrs_attrs__"))?;
    let fields = fields.cast::<PyTuple>().ok()?;
    let names = fields.iter().filter_map(|field| known::attribute(&field, intern!(py, "name")));
    by_names(value, names, fields.len(), most)
}

fn by_names<'py>(
    value: &Bound<'py, PyAny>,
    names: impl Iterator<Item = Bound<'py, PyAny>>,
    length: usize,
    most: usize,
) -> Option<Members<'py>> {
    let members = class::dictionary(value);
    let member = |name: Bound<'py, PyAny>| {
        let of_dict = members.as_ref().and_then(|members| members.get_item(&name).ok().flatten());
        let found = of_dict.or_else(|| class::own(value, name.cast::<PyString>().ok()?))?;
        Some((name, found))
    };
    let pairs: Vec<_> = names.take(most).filter_map(member).collect();
    let unset = length.min(most) - pairs.len();
    Some(Members(pairs, length - unset))
}

/// Any other object: what it has in its own dictionary or slots, but for what is named as nobody else's business.
fn any<'py>(value: &Bound<'py, PyAny>, most: usize) -> Option<Members<'py>> {
    let py = value.py();
    let class = value.get_type();
    let is_public = |name: &Bound<'_, PyAny>| {
        name.cast::<PyString>().is_ok_and(|name| text::first(name, 1, |first, _| first != "_"))
    };
    if let Some(members) = class::dictionary(value) {
        // As many private ones may come first.
        let looked_at = most.saturating_mul(2);
        let pairs: Vec<_> =
            members.iter().take(looked_at).filter(|(name, _)| is_public(name)).take(most).collect();
        let length = pairs.len() + members.len().saturating_sub(looked_at);
        return (!pairs.is_empty()).then_some(Members(pairs, length));
    }
    let slots = class::members(&class)
        .filter_map(|members| members.get_item(intern!(py, "__slots__")).ok()?.cast_into::<PyTuple>().ok());
    let names: Vec<_> = slots.flatten().filter(is_public).take(most).collect();
    let length = names.len();
    by_names(value, names.into_iter(), length, most).filter(|Members(pairs, _)| !pairs.is_empty())
}
