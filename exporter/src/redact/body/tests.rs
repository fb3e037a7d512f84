mod forms;
mod json;
mod linear;
mod media;
mod planted;
mod streams;
mod support;
mod texts;
