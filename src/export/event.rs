//! Events as TensorBoard reads them: scalars, pictures, texts and what its HParams plugin wants to know.
//!
//! Field numbers: `tensorboard/compat/proto/{event,summary,tensor}.proto`, `tensorboard/plugins/hparams/plugin_data.proto`.

use super::wire::{self, Message};
use crate::report::label;

/// The tag of a thing that has this name in that group of the record: its path there. TensorBoard makes a section of each group.
pub fn tag(group: &str, name: &str) -> String {
    format!("{group}/{}", label::visible(name))
}

/// One named thing measured or shown: a `Summary.Value`.
pub struct Value(Message);

/// A TensorFlow `DataType`.
const FLOAT: i64 = 1;
const TEXT: i64 = 7;

/// Grey and alpha, as TensorFlow counts colour spaces.
const GREY_ALPHA: i64 = 2;

impl Value {
    /// A number.
    pub fn scalar(tag: &str, value: f64) -> Self {
        Self(named(tag).float(2, value as f32))
    }

    /// A grey PNG with alpha; its width and height in pixels.
    pub fn image(tag: &str, [width, height]: [usize; 2], png: &[u8]) -> Self {
        let image = Message::default()
            .integer(1, height as i64)
            .integer(2, width as i64)
            .integer(3, GREY_ALPHA)
            .bytes(4, png);
        Self(named(tag).message(4, &image))
    }

    /// Markdown.
    pub fn text(tag: &str, markdown: &str) -> Self {
        let one = Message::default().message(2, &Message::default().integer(1, 1));
        let tensor = Message::default()
            .integer(1, TEXT)
            .message(2, &one)
            .text(8, markdown);
        Self(of_plugin(tag, &tensor, "text", &[]))
    }

    /// An `HParamsPluginData`, with the field of its `oneof`.
    pub fn hparams(tag: &str, field: u32, content: &Message) -> Self {
        let data = Message::default().integer(1, 0).message(field, content);
        let none = Message::default().message(2, &Message::default().integer(1, 0));
        let tensor = Message::default().integer(1, FLOAT).message(2, &none);
        Self(of_plugin(tag, &tensor, "hparams", data.as_bytes()))
    }
}

fn named(tag: &str) -> Message {
    Message::default().text(1, tag)
}

fn of_plugin(tag: &str, tensor: &Message, plugin: &str, content: &[u8]) -> Message {
    let data = Message::default().text(1, plugin).bytes(2, content);
    let metadata = Message::default().message(1, &data);
    named(tag).message(8, tensor).message(9, &metadata)
}

/// An event file in memory.
pub struct Events(Vec<u8>);

impl Events {
    /// A file whose first event says that it is one; `time` in seconds since 1970.
    pub fn new(time: f64) -> Self {
        let mut bytes = Vec::new();
        let version = Message::default().double(1, time).text(3, "brain.Event:2");
        wire::frame(&mut bytes, version.as_bytes());
        Self(bytes)
    }

    /// Appends an event; nothing when it would be empty.
    pub fn push(&mut self, time: f64, step: i64, values: Vec<Value>) {
        if values.is_empty() {
            return;
        }
        let summary = Message::default().messages(1, values.into_iter().map(|value| value.0));
        let event = Message::default()
            .double(1, time)
            .integer(2, step)
            .message(5, &summary);
        wire::frame(&mut self.0, event.as_bytes());
    }

    /// The file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}
