//! Classes of Python's own library that have a form which people know, and how to ask without calling what an app wrote.

use crate::spans::text;
use pyo3::{
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyString, PyType},
};

/// Longest name that is shown of a class.
const LONGEST_NAME: usize = 200;

/// Functions and classes that are asked for once.
struct Known {
    /// `object.__getattribute__`: what an object has, without `__getattr__` and its like.
    get: Py<PyAny>,
    /// `type.__getattribute__`: the same of a class, whatever its metaclass says.
    get_of_class: Py<PyAny>,
    /// The classes of attributes that the interpreter makes.
    descriptors: [Py<PyAny>; 2],
    deque: Py<PyAny>,
    enumeration: Py<PyAny>,
    /// Classes, and the function of theirs that says what an instance is. It is theirs even where a class below has another.
    shown: Vec<(Py<PyAny>, Py<PyAny>)>,
    /// `int.__repr__`.
    decimal: Py<PyAny>,
}

fn known(py: Python<'_>) -> Option<&Known> {
    static KNOWN: PyOnceLock<Option<Known>> = PyOnceLock::new();
    KNOWN.get_or_init(py, || make(py).ok()).as_ref()
}

fn make(py: Python<'_>) -> PyResult<Known> {
    let builtins = py.import("builtins")?;
    let class = |module: &str, name: &str| py.import(module)?.getattr(name);
    let mut shown = Vec::new();
    for (module, name, function) in [
        // A datetime is a date, too.
        ("datetime", "datetime", "isoformat"),
        ("datetime", "date", "isoformat"),
        ("datetime", "time", "isoformat"),
        ("datetime", "timedelta", "__str__"),
        ("uuid", "UUID", "__str__"),
        ("decimal", "Decimal", "__str__"),
        ("fractions", "Fraction", "__str__"),
        ("pathlib", "PurePath", "__str__"),
        ("ipaddress", "IPv4Address", "__str__"),
        ("ipaddress", "IPv6Address", "__str__"),
        ("re", "Pattern", "__repr__"),
    ] {
        let class = class(module, name)?;
        let function = class.getattr(function)?;
        shown.push((class.unbind(), function.unbind()));
    }
    for (name, function) in [("complex", "__repr__"), ("range", "__repr__"), ("slice", "__repr__")] {
        let class = builtins.getattr(name)?;
        let function = class.getattr(function)?;
        shown.push((class.unbind(), function.unbind()));
    }
    Ok(Known {
        get: builtins.getattr("object")?.getattr("__getattribute__")?.unbind(),
        get_of_class: builtins.getattr("type")?.getattr("__getattribute__")?.unbind(),
        descriptors: [
            class("types", "GetSetDescriptorType")?.unbind(),
            class("types", "MemberDescriptorType")?.unbind(),
        ],
        deque: class("collections", "deque")?.unbind(),
        enumeration: class("enum", "Enum")?.unbind(),
        shown,
        decimal: builtins.getattr("int")?.getattr("__repr__")?.unbind(),
    })
}

/// What an object has under this name, itself or by its class.
pub(super) fn attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> Option<Bound<'py, PyAny>> {
    let py = object.py();
    known(py)?.get.bind(py).call1((object, name)).ok()
}

/// Whether an attribute of a class is one that the interpreter has made, and no property of the app's.
pub(super) fn is_of_interpreter(descriptor: &Bound<'_, PyAny>) -> bool {
    let py = descriptor.py();
    let class = descriptor.get_type();
    known(py).is_some_and(|known| known.descriptors.iter().any(|known| class.is(known.bind(py))))
}

/// What a class has under this name, by what it is and not by what its metaclass says.
pub(super) fn of_class<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> Option<Bound<'py, PyAny>> {
    let py = class.py();
    known(py)?.get_of_class.bind(py).call1((class, name)).ok()
}

/// The same where it is a text, as far as it is shown.
fn name_of_class(class: &Bound<'_, PyType>, name: &Bound<'_, PyString>) -> Option<String> {
    Some(text::short(of_class(class, name)?.cast::<PyString>().ok()?, LONGEST_NAME))
}

/// The place among the classes that are known of one that the value is an instance of.
pub(super) fn place(value: &Bound<'_, PyAny>) -> Option<usize> {
    let py = value.py();
    known(py)?.shown.iter().position(|(class, _)| is_of(value, class.bind(py)))
}

/// The text of an instance of the class in this place.
pub(super) fn shown(value: &Bound<'_, PyAny>, place: usize) -> Option<String> {
    let py = value.py();
    let (_, function) = known(py)?.shown.get(place)?;
    let text = text_of(&function.bind(py).call1((value,)).ok()?)?;
    // A time in UTC, as it is mostly written (RFC 3339, section 5.6).
    Some(match text.strip_suffix("+00:00") {
        Some(time) => format!("{time}Z"),
        None => text,
    })
}

/// A whole number's digits.
pub(super) fn decimal(value: &Bound<'_, PyAny>) -> Option<String> {
    let py = value.py();
    text_of(&known(py)?.decimal.bind(py).call1((value,)).ok()?)
}

fn text_of(value: &Bound<'_, PyAny>) -> Option<String> {
    const LONGEST: usize = 4096;
    Some(text::short(value.cast::<PyString>().ok()?, LONGEST))
}

/// Whether it is a member of an enumeration.
pub(super) fn is_member(value: &Bound<'_, PyAny>) -> bool {
    let py = value.py();
    known(py).is_some_and(|known| is_of(value, known.enumeration.bind(py)))
}

/// The value of such a member.
pub(super) fn enumerated<'py>(value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    attribute(value, intern!(value.py(), "_value_"))
}

/// Whether it is one, and of no class below, whose `__iter__` may be the app's.
pub(super) fn is_deque(value: &Bound<'_, PyAny>) -> bool {
    let py = value.py();
    known(py).is_some_and(|known| value.get_type().is(known.deque.bind(py)))
}

/// By its class alone: `isinstance` asks the value itself, too, for its `__class__`.
fn is_of(value: &Bound<'_, PyAny>, class: &Bound<'_, PyAny>) -> bool {
    value.get_type().is_subclass(class).unwrap_or(false)
}

/// `dict`, `Order`.
pub(super) fn class_name(value: &Bound<'_, PyAny>) -> String {
    let name = name_of_class(&value.get_type(), intern!(value.py(), "__name__"));
    name.unwrap_or_else(|| "object".to_owned())
}

/// `shop.models.Order`; of Python's own classes without the module.
pub(super) fn full_name(class: &Bound<'_, PyType>) -> String {
    let name = name_of_class(class, intern!(class.py(), "__qualname__")).unwrap_or_default();
    match module(class) {
        Some(module) if module != "builtins" => format!("{module}.{name}"),
        _ => name,
    }
}

/// The module that a class says it is of.
pub(super) fn module(class: &Bound<'_, PyType>) -> Option<String> {
    name_of_class(class, intern!(class.py(), "__module__"))
}
