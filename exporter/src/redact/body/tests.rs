mod forms;
mod json;
mod media;
mod planted;
mod streams;
mod support;
mod texts;
