//! Field values in mappings: every leaf must be a row of the table in [`crate::config`].

use super::diagnose::{Diagnostic, Place};
use super::node::{Key, Node, Tree};
use crate::config::{FIELDS, Field, Setter, Setting, TrialConfig, field};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

/// A field and the value written for it.
#[derive(Clone)]
pub struct Assignment {
    /// Which field.
    pub field: &'static Field,
    /// Where the value stands.
    pub place: Place,
    /// The value as canonical JSON text: equal texts are equal values.
    pub text: String,
    /// Puts the value into a config.
    pub set: Setter,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.field.path, self.text)
    }
}

impl Assignment {
    /// Reads a value.
    ///
    /// # Errors
    /// When it does not fit the field; the place is that of the wrong part.
    pub fn read(field: &'static Field, node: &Node) -> Result<Self, Box<Diagnostic>> {
        Self::from_json(field, &node.to_json(), node.place).map_err(|mismatch| {
            let wrong = node.descend(&mismatch.at);
            let problem = format!("found {}", wrong.describe());
            let diagnostic = Diagnostic::new(wrong.place, field.path, problem, mismatch.expected);
            Box::new(match wrong.to_json() {
                Value::String(text) => diagnostic.near(&text, mismatch.choices.iter().copied()),
                _ => diagnostic,
            })
        })
    }

    /// Reads a value written by itself, on a command line.
    ///
    /// # Errors
    /// What was expected.
    pub fn from_text(field: &'static Field, text: &str) -> Result<Self, String> {
        let node = super::node::parse(text).map_err(|diagnostic| diagnostic.expected)?;
        Self::read(field, &node).map_err(|diagnostic| diagnostic.expected)
    }

    /// Takes a value that was computed, not written.
    ///
    /// # Errors
    /// When it does not fit the field.
    pub fn from_json(
        field: &'static Field,
        value: &Value,
        place: Place,
    ) -> Result<Self, crate::config::Mismatch> {
        let set = (field.parse)(value)?;
        let mut config = TrialConfig::default();
        set(&mut config);
        let mut text = String::new();
        (field.write)(&config, &mut text);
        Ok(Self {
            field,
            place,
            text,
            set,
        })
    }

    /// Whether the config holds this value.
    pub fn holds(&self, config: &TrialConfig) -> bool {
        let mut text = String::new();
        (self.field.write)(config, &mut text);
        text == self.text
    }

    /// The value as the YAML writes it.
    pub fn value(&self) -> Value {
        let mut config = TrialConfig::default();
        (self.set)(&mut config);
        self.field.value(&config)
    }
}

/// The fields that a mapping names, nested (`model: { depth: 1 }`) or dotted (`model.depth: 1`), in written order.
pub fn leaves<'a>(
    node: &'a Node,
    what: &str,
    found: &mut Vec<Diagnostic>,
) -> Vec<(&'static Field, &'a Key, &'a Node)> {
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    match &node.value {
        Tree::Map(entries) => walk("", entries, found, &mut |field, key, node, found| {
            if seen.insert(field.path) {
                out.push((field, key, node));
            } else {
                found.push(Diagnostic::new(
                    key.place,
                    field.path,
                    "is written twice",
                    "every field once",
                ));
            }
        }),
        _ => found.push(Diagnostic::new(
            node.place,
            what,
            format!("found {}", node.describe()),
            "a mapping of fields to values",
        )),
    }
    out
}

type Leaf<'a, 'b> = dyn FnMut(&'static Field, &'a Key, &'a Node, &mut Vec<Diagnostic>) + 'b;

fn walk<'a>(
    prefix: &str,
    entries: &'a [(Key, Node)],
    found: &mut Vec<Diagnostic>,
    leaf: &mut Leaf<'a, '_>,
) {
    for (key, node) in entries {
        let path = format!("{prefix}{}", key.name);
        let inside = format!("{path}.");
        if let Some(field) = field(&path) {
            leaf(field, key, node, found);
        } else if FIELDS.iter().any(|field| field.path.starts_with(&inside)) {
            match &node.value {
                Tree::Map(entries) => walk(&inside, entries, found, leaf),
                _ => found.push(Diagnostic::new(
                    node.place,
                    path,
                    format!("found {}", node.describe()),
                    format!("a mapping of {}", members(&inside)),
                )),
            }
        } else {
            found.push(unknown_field(key, &path, prefix));
        }
    }
}

/// The error for a path that is no field.
fn unknown_field(key: &Key, path: &str, prefix: &str) -> Diagnostic {
    let expected = match members(prefix) {
        names if names.is_empty() => "a field of a trial".into(),
        names => format!("one of {names}"),
    };
    Diagnostic::new(key.place, path, "there is no such field", expected).near(
        path,
        FIELDS.iter().map(|field| field.path).chain([
            "data",
            "noise",
            "model",
            "model.skip",
            "train",
        ]),
    )
}

/// The names directly below a prefix: `at, mode, tap` for `model.skip.`.
fn members(prefix: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for field in FIELDS.iter() {
        if let Some(name) = field
            .path
            .strip_prefix(prefix)
            .and_then(|rest| rest.split('.').next())
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names.join(", ")
}

/// Reads every field of a mapping.
pub fn assignments(node: &Node, what: &str, found: &mut Vec<Diagnostic>) -> Vec<Assignment> {
    let mut out = Vec::new();
    for (field, _, node) in leaves(node, what, found) {
        match Assignment::read(field, node) {
            Ok(assignment) => out.push(assignment),
            Err(diagnostic) => found.push(*diagnostic),
        }
    }
    out
}

/// The entries of a mapping with a fixed set of keys.
pub struct Entries<'a>(Vec<&'a (Key, Node)>);

impl<'a> Entries<'a> {
    /// Reports what is no mapping and keys that are not known.
    pub fn read(node: &'a Node, path: &str, known: &[&str], found: &mut Vec<Diagnostic>) -> Self {
        let Tree::Map(entries) = &node.value else {
            let problem = format!("found {}", node.describe());
            let expected = format!("a mapping of {}", known.join(", "));
            found.push(Diagnostic::new(node.place, path, problem, expected));
            return Self(Vec::new());
        };
        let is_known = |entry: &&(Key, Node)| known.contains(&entry.0.name.as_str());
        let (good, unknown): (Vec<_>, Vec<_>) = entries.iter().partition(is_known);
        for (key, _) in unknown {
            let path = if path.is_empty() {
                key.name.clone()
            } else {
                format!("{path}.{}", key.name)
            };
            let expected = format!("one of {}", known.join(", "));
            found.push(
                Diagnostic::new(key.place, path, "there is no such key", expected)
                    .near(&key.name, known.iter().copied()),
            );
        }
        Self(good)
    }

    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        self.0
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, node)| node)
    }
}

/// Reads one typed value.
pub fn read<T: Setting>(node: &Node, path: &str, found: &mut Vec<Diagnostic>) -> Option<T> {
    let parsed = T::parse(&node.to_json());
    parsed
        .map_err(|mismatch| {
            let wrong = node.descend(&mismatch.at);
            found.push(Diagnostic::new(
                wrong.place,
                path,
                format!("found {}", wrong.describe()),
                mismatch.expected,
            ));
        })
        .ok()
}
