//! One row per setting: its path in the YAML, what it takes, how it is read, set, written and when it counts.
//!
//! Sweep files, axes, `--why`, canonical text and records all go through these rows, so a setting that is
//! added here is known everywhere.

use super::TrialConfig;
use serde_json::Value;
use std::sync::Arc;

/// Puts a parsed value into a config. Shared: a grid applies the same one at many points.
pub type Setter = Arc<dyn Fn(&mut TrialConfig) + Send + Sync>;

/// A value that does not fit its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Where inside the value: indices into nested lists, outermost first.
    pub at: Vec<usize>,
    /// What would have been right.
    pub expected: String,
    /// The names that would have been right, for "did you mean".
    pub choices: &'static [&'static str],
}

impl Mismatch {
    /// A mismatch of the whole value.
    pub fn new(expected: impl Into<String>) -> Self {
        Self {
            at: Vec::new(),
            expected: expected.into(),
            choices: &[],
        }
    }
}

/// A type that a setting can have.
pub trait Setting: Clone + PartialEq + Send + Sync + 'static {
    /// What to write in the YAML, in words.
    fn expected() -> String;
    /// Reads a YAML value.
    ///
    /// # Errors
    /// When the value is of another type or not among the choices.
    fn parse(value: &Value) -> Result<Self, Mismatch>;
    /// Appends the canonical JSON text: shortest round-trip numbers, no spaces.
    fn write(&self, out: &mut String);
}

impl Setting for usize {
    fn expected() -> String {
        "a whole number".into()
    }
    fn parse(value: &Value) -> Result<Self, Mismatch> {
        value
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| Mismatch::new(Self::expected()))
    }
    fn write(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl Setting for f64 {
    fn expected() -> String {
        "a number".into()
    }
    fn parse(value: &Value) -> Result<Self, Mismatch> {
        value
            .as_f64()
            .filter(|x| x.is_finite())
            .ok_or_else(|| Mismatch::new(Self::expected()))
    }
    fn write(&self, out: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(out, "{self:?}");
    }
}

impl Setting for String {
    fn expected() -> String {
        "text".into()
    }
    fn parse(value: &Value) -> Result<Self, Mismatch> {
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| Mismatch::new(Self::expected()))
    }
    fn write(&self, out: &mut String) {
        out.push_str(&Value::from(self.as_str()).to_string());
    }
}

/// A list: `[]` is a value like any other.
impl<T: Setting> Setting for Vec<T> {
    fn expected() -> String {
        format!("a list, each entry {}", T::expected())
    }
    fn parse(value: &Value) -> Result<Self, Mismatch> {
        let items = value
            .as_array()
            .ok_or_else(|| Mismatch::new(Self::expected()))?;
        let parse = |(index, item)| {
            T::parse(item).map_err(|mut mismatch| {
                mismatch.at.insert(0, index);
                mismatch
            })
        };
        items.iter().enumerate().map(parse).collect()
    }
    fn write(&self, out: &mut String) {
        out.push('[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            item.write(out);
        }
        out.push(']');
    }
}

/// A part that may be left out: `none` (or an empty value) leaves it out.
impl<T: Setting> Setting for Option<T> {
    fn expected() -> String {
        format!("{}, or none", T::expected())
    }
    fn parse(value: &Value) -> Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) if text == "none" => Ok(None),
            other => T::parse(other).map(Some).map_err(|mut mismatch| {
                mismatch.expected.push_str(", or none");
                mismatch
            }),
        }
    }
    fn write(&self, out: &mut String) {
        match self {
            None => out.push_str("null"),
            Some(value) => value.write(out),
        }
    }
}

/// One setting of a trial.
pub struct Field {
    /// Dotted path: `model.skip.at`.
    pub path: &'static str,
    /// One line for `--help` and error messages.
    pub doc: &'static str,
    /// What to write in the YAML.
    pub expected: fn() -> String,
    /// Reads a value; the setter puts it into a config.
    pub parse: fn(&Value) -> Result<Setter, Mismatch>,
    /// Appends the canonical JSON text of the config's value.
    pub write: fn(&TrialConfig, &mut String),
    /// Whether the config holds the default (which canonical text leaves out).
    pub is_default: fn(&TrialConfig, &TrialConfig) -> bool,
    /// Whether the field matters, given the others. A field that does not is not part of a trial's identity.
    pub active: fn(&TrialConfig) -> bool,
}

impl Field {
    /// The config's value as the YAML writes it: a part that is left out is `"none"`.
    pub fn value(&self, config: &TrialConfig) -> Value {
        let mut text = String::new();
        (self.write)(config, &mut text);
        match serde_json::from_str(&text) {
            Ok(Value::Null) | Err(_) => Value::from("none"),
            Ok(value) => value,
        }
    }
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Field({})", self.path)
    }
}

/// Declares one [`Field`]:
/// `field!(train.lr: f64, "learning rate", valid(v, *v > 0.0, "a number above 0"), active(c, c.x == Y))`.
macro_rules! field {
    ($first:ident $(. $rest:ident)*: $type:ty, $doc:literal
        $(, valid($value:ident, $ok:expr, $expected:literal))?
        $(, active($config:ident, $active:expr))?) => {
        $crate::config::Field {
            path: concat!(stringify!($first) $(, ".", stringify!($rest))*),
            doc: $doc,
            expected: || {
                #[allow(unused_mut, unused_assignments)]
                let mut text = <$type as $crate::config::Setting>::expected();
                $(text = $expected.into();)?
                text
            },
            parse: |value| {
                let parsed = <$type as $crate::config::Setting>::parse(value)?;
                $({
                    let $value = &parsed;
                    let fits: bool = $ok;
                    if !fits {
                        return Err($crate::config::Mismatch::new($expected));
                    }
                })?
                Ok(std::sync::Arc::new(move |config| config.$first$(.$rest)* = parsed.clone()))
            },
            write: |config, out| $crate::config::Setting::write(&config.$first$(.$rest)*, out),
            is_default: |config, default| config.$first$(.$rest)* == default.$first$(.$rest)*,
            active: |_config| true $(&& { let $config = _config; $active })?,
        }
    };
}
pub(crate) use field;

/// Declares an enum whose variants have YAML names; the first is the default.
macro_rules! choice {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            /// Every variant, the default first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in YAML and records.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ALL[0]
            }
        }

        impl $crate::config::Setting for $name {
            fn expected() -> String {
                format!("one of {}", [$($text),+].join(", "))
            }
            fn parse(value: &serde_json::Value) -> Result<Self, $crate::config::Mismatch> {
                match value.as_str() {
                    $(Some($text) => Ok(Self::$variant),)+
                    _ => Err($crate::config::Mismatch {
                        choices: &[$($text),+],
                        ..$crate::config::Mismatch::new(Self::expected())
                    }),
                }
            }
            fn write(&self, out: &mut String) {
                out.push('"');
                out.push_str(self.name());
                out.push('"');
            }
        }
    };
}
pub(crate) use choice;
