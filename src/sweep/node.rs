//! YAML text to a tree whose nodes know where they stand. Nothing here knows what a sweep is.

use super::diagnose::{Diagnostic, Place};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_yaml::{Location, Spanned, Tagged};
use std::fmt;

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What stands there.
    pub value: Tree,
    /// Where. For an alias: where its anchor's value stands.
    pub place: Place,
}

/// What a node holds. Mappings keep the order of their keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Null, truth value, number or text.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Vec<(Key, Node)>),
}

/// The key of a mapping's entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// As written, without quotes.
    pub name: String,
    /// Where.
    pub place: Place,
}

impl Node {
    /// The same as JSON, for typed reading.
    pub fn to_json(&self) -> Value {
        match &self.value {
            Tree::Scalar(value) => value.clone(),
            Tree::List(items) => items.iter().map(Self::to_json).collect(),
            Tree::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.name.clone(), node.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    /// What kind of thing it is, in words: `a list`, `the text "abc"`.
    pub fn describe(&self) -> String {
        match &self.value {
            Tree::Scalar(Value::Null) => "nothing".into(),
            Tree::Scalar(Value::String(text)) => {
                format!("the text {}", super::diagnose::quote(text))
            }
            Tree::Scalar(value) => value.to_string(),
            Tree::List(items) if items.is_empty() => "an empty list".into(),
            Tree::List(_) => "a list".into(),
            Tree::Map(_) => "a mapping".into(),
        }
    }

    /// The node at a path of list indices.
    pub fn descend(&self, at: &[usize]) -> &Self {
        match (&self.value, at) {
            (Tree::List(items), [first, rest @ ..]) => {
                items.get(*first).map_or(self, |item| item.descend(rest))
            }
            _ => self,
        }
    }
}

/// Deepest nesting of lists and mappings; a sweep needs five.
const DEEPEST: usize = 32;
/// Most nodes, those that aliases stand for included: a sweep of thousands of axis values fits.
const MOST_NODES: usize = 100_000;

/// Parses one YAML document.
///
/// # Errors
/// The first thing that is wrong with the text: syntax, a tag, a duplicate key, a second document, a number
/// that is not finite, or more nesting or aliases than any sweep needs.
pub fn parse(text: &str) -> Result<Node, Diagnostic> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_nodes: MOST_NODES,
            max_events: 4 * MOST_NODES,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: MOST_NODES,
            max_recorded_anchor_bytes: 4 << 20,
            // One more than is read: the second is refused by name.
            max_documents: 2,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: MOST_NODES,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        // `no` is a word and 0755 is no number: nothing is guessed.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        emit_comments: false,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| explain(&error))
}

/// A parser's error in our words, with what to do about it.
fn explain(error: &serde_yaml::Error) -> Diagnostic {
    use serde_yaml::Error as E;
    let place = error.location().map_or(Place::START, Place::from);
    let mut cause = error;
    while let E::AliasError { error, .. } = cause {
        cause = error;
    }
    let (problem, expected) = match cause {
        E::DuplicateMappingKey { key, .. } => (
            match key {
                Some(key) => format!("the key {} is written twice", super::diagnose::quote(key)),
                None => "a key is written twice".into(),
            },
            "every key once",
        ),
        E::NonFiniteFloat { value, .. } => (
            format!("{} is not a finite number", super::diagnose::quote(value)),
            "a number between -1.79e308 and 1.79e308",
        ),
        E::MultipleDocuments { .. } => ("a second document begins".into(), "one sweep a file"),
        E::MergeKeyNotAllowed { .. } => ("`<<` merges are not read".into(), "the keys written out"),
        E::Budget { .. }
        | E::AliasReplayLimitExceeded { .. }
        | E::AliasExpansionLimitExceeded { .. }
        | E::AliasReplayStackDepthExceeded { .. } => (
            "too many nodes, aliases or levels".into(),
            "at most 100000 nodes (aliases expanded), 1000 aliases and 32 levels of nesting",
        ),
        E::RecursiveReferencesRequireWeakTypes { .. } => (
            "an alias stands inside its own anchor".into(),
            "aliases of finished values",
        ),
        E::Message { msg, .. } if msg.starts_with("the tag ") => (
            msg.clone(),
            "no tag: the field itself says how its value is read",
        ),
        other => (without_place(&other.to_string()), "valid YAML"),
    };
    Diagnostic::new(place, "", problem, expected)
}

/// The parser ends its messages with the place, which stands at the beginning of ours.
fn without_place(message: &str) -> String {
    let end = message.find(" at line ").unwrap_or(message.len());
    message[..end].to_owned()
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self {
            line: location.line().max(1) as usize,
            column: location.column().max(1) as usize,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned {
            value: Tagged(value, tag),
            defined,
            ..
        } = Spanned::<Tagged<Tree>>::deserialize(deserializer)?;
        refuse_tag(tag)?;
        Ok(Self {
            value,
            place: defined.into(),
        })
    }
}

/// A tag would say how to read a value; here the field says it.
fn refuse_tag<E: serde::de::Error>(tag: Option<String>) -> Result<(), E> {
    match tag {
        None => Ok(()),
        Some(tag) => Err(E::custom(format!(
            "the tag {} is not read",
            super::diagnose::quote(&tag)
        ))),
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<Tagged<String>>>()? {
            let place = key.defined.into();
            let Tagged(name, tag) = key.value;
            refuse_tag(tag)?;
            entries.push((Key { name, place }, map.next_value()?));
        }
        Ok(Tree::Map(entries))
    }
}
