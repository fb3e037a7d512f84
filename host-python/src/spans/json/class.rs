//! What instances of a class are: found out once for each class, as that is many questions.

use super::known;
use pyo3::{
    exceptions::PyBaseException,
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyModule, PyString, PyTuple, PyType, PyWeakrefReference},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Libraries whose arrays are told by their shape and type: their content is for machines.
const OF_ARRAYS: [&str; 8] = ["numpy", "torch", "jax", "jaxlib", "tensorflow", "pandas", "polars", "pyarrow"];
/// Most classes above one that are looked at.
const MOST_CLASSES: usize = 32;
/// Most classes that are remembered. Apps that make more make them by the request, and gain nothing by it.
const MOST_REMEMBERED: usize = 1000;

/// How an instance of a class is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Deque,
    /// By its value.
    Enumeration,
    /// By a function of Python's own, which [`known::shown`] has in this place.
    Shown(usize),
    Exception,
    /// By its name: a class, a module.
    Named,
    /// It is there to hide something: pydantic's `SecretStr` and its like.
    Secret,
    /// By shape and type.
    Array,
    /// A model of pydantic.
    Model,
    /// A data class.
    Data,
    /// One of attrs.
    Attrs,
    Other,
}

/// Classes by their addresses. A class may go, and another come to its place: so each is asked whether it is still there.
static CLASSES: PyOnceLock<Mutex<Classes>> = PyOnceLock::new();

type Classes = HashMap<usize, (Py<PyWeakrefReference>, Class)>;

/// What instances of the value's class are.
pub(super) fn of(value: &Bound<'_, PyAny>) -> Class {
    let py = value.py();
    let class = value.get_type();
    let address = class.as_ptr() as usize;
    let classes = CLASSES.get_or_init(py, Mutex::default);
    let remembered = {
        let classes = classes.lock().unwrap_or_else(PoisonError::into_inner);
        classes.get(&address).map(|(weak, found)| (weak.clone_ref(py), *found))
    };
    if let Some((weak, found)) = remembered
        && weak.bind(py).upgrade().is_some_and(|alive| alive.is(&class))
    {
        return found;
    }
    let found = find(value, &class);
    if let Ok(weak) = PyWeakrefReference::new(&class) {
        let entry = (weak.unbind(), found);
        let mut classes = classes.lock().unwrap_or_else(PoisonError::into_inner);
        let gone =
            if classes.len() >= MOST_REMEMBERED { std::mem::take(&mut *classes) } else { HashMap::new() };
        classes.insert(address, entry);
        drop(classes);
        // What goes may run code of Python's.
        drop(gone);
    }
    found
}

fn find(value: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> Class {
    let py = value.py();
    let has = |name: &Bound<'_, PyString>| attribute(class, name).is_some();
    if known::is_deque(value) {
        Class::Deque
    } else if known::is_member(value) {
        Class::Enumeration
    } else if let Some(place) = known::place(value) {
        Class::Shown(place)
    } else if value.is_instance_of::<PyBaseException>() {
        Class::Exception
    } else if value.is_instance_of::<PyType>() || value.is_instance_of::<PyModule>() {
        Class::Named
    } else if has(intern!(py, "get_secret_value")) {
        Class::Secret
    } else if known::module(class).is_some_and(|module| OF_ARRAYS.contains(&library(&module))) {
        Class::Array
    } else if has(intern!(py, "__pydantic_fields__")) {
        Class::Model
    } else if has(intern!(py, "__dataclass_fields__")) {
        Class::Data
    } else if has(intern!(py, "__attrs_attrs__")) {
        Class::Attrs
    } else {
        Class::Other
    }
}

/// `numpy` of `numpy.core`.
pub(super) fn library(module: &str) -> &str {
    module.split('.').next().unwrap_or_default()
}

/// What a class has under a name, or one above it, by what they are and not by what their metaclass says.
pub(super) fn attribute<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> Option<Bound<'py, PyAny>> {
    members(class).find_map(|members| members.get_item(name).ok())
}

/// What an object has in a slot, or as the interpreter gives it; nothing that its class has for all of its instances, and
/// nothing that it has code of its own for.
pub(super) fn own<'py>(value: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    let descriptor = attribute(&value.get_type(), name)?;
    known::is_of_interpreter(&descriptor).then(|| known::attribute(value, name)).flatten()
}

/// The dictionary of an object, unless its class has code of its own for it.
pub(super) fn dictionary<'py>(value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyDict>> {
    own(value, intern!(value.py(), "__dict__"))?.cast_into().ok()
}

/// The dictionaries of a class and of those above it.
pub(super) fn members<'py>(class: &Bound<'py, PyType>) -> impl Iterator<Item = Bound<'py, PyAny>> + use<'py> {
    let classes = known::of_class(class, intern!(class.py(), "__mro__"));
    let classes = classes.and_then(|classes| classes.cast_into::<PyTuple>().ok());
    classes
        .into_iter()
        .flatten()
        .take(MOST_CLASSES)
        .filter_map(|class| known::of_class(class.cast::<PyType>().ok()?, intern!(class.py(), "__dict__")))
}
