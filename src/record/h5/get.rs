//! Guarded reading: a group that knows its file and place, so that every refusal names both.

use super::guard;
use crate::error::{Error, Result};
use hdf5::types::{TypeDescriptor, VarLenUnicode};
use hdf5::{Container, Dataset, File, Group, H5Type, LinkType};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

/// A group of a file that may be foreign.
#[derive(Debug)]
pub struct Node {
    file: PathBuf,
    place: String,
    group: Group,
    /// Names of the children, in order, once they were listed.
    children: OnceCell<Vec<String>>,
}

impl Node {
    /// The root of an open file.
    ///
    /// # Errors
    /// When HDF5 cannot read it.
    pub fn root(file: &File, path: &Path) -> Result<Self> {
        Ok(Self {
            file: path.to_owned(),
            place: String::new(),
            group: file.as_group().map_err(Error::hdf5(path))?,
            children: OnceCell::new(),
        })
    }

    /// A group of a file that is being written at `path`.
    pub fn of(group: Group, path: &Path) -> Self {
        Self {
            file: path.to_owned(),
            place: group.name(),
            group,
            children: OnceCell::new(),
        }
    }

    /// An error at `name` of this group.
    pub fn refuse(&self, name: &str, what: impl std::fmt::Display) -> Error {
        Error::Record {
            path: self.file.clone(),
            problem: format!("{}/{name} {what}", self.place),
            next: super::seal::NEXT.into(),
        }
    }

    /// Names of all children, in order. Links to other files and symbolic links are refused.
    ///
    /// # Errors
    /// [`Error::Record`].
    pub fn children(&self) -> Result<&[String]> {
        if let Some(names) = self.children.get() {
            return Ok(names);
        }
        let mut names = Vec::new();
        let visit = self.group.iter_visit_default(|name, link| {
            if link.link_type != LinkType::Hard {
                return Err(format!("{name} is a link to somewhere else").into());
            }
            if names.len() == guard::MAX_CHILDREN {
                return Err("has too many children".into());
            }
            names.push(name.to_owned());
            Ok(())
        });
        visit.map_err(|error| self.refuse("", error))?;
        names.sort_unstable();
        Ok(self.children.get_or_init(|| names))
    }

    /// The child group `name`.
    ///
    /// # Errors
    /// [`Error::Record`] when it is not there, is no group or a link elsewhere.
    pub fn child(&self, name: &str) -> Result<Self> {
        self.require_child(name)?;
        let group = self
            .group
            .group(name)
            .map_err(|_| self.refuse(name, "is not a group"))?;
        Ok(Self {
            file: self.file.clone(),
            place: format!("{}/{name}", self.place),
            group,
            children: OnceCell::new(),
        })
    }

    /// Copies the child group `name`, with all that is below it, into the group `to` of another file. Values are copied
    /// as they are stored: whether they may be read is asked when they are.
    ///
    /// # Errors
    /// What HDF5 says: about reading this file, or about writing the other one.
    pub fn copy_child(&self, name: &str, to: &Group) -> hdf5::Result<()> {
        self.group.group(name)?.copy_to(to, name)
    }

    /// Names of all attributes, in order.
    ///
    /// # Errors
    /// [`Error::Record`].
    pub fn attributes(&self) -> Result<Vec<String>> {
        self.group
            .attr_names()
            .map_err(|error| self.refuse("", error))
    }

    /// A text attribute.
    ///
    /// # Errors
    /// [`Error::Record`] when it is missing, no text or not UTF-8.
    pub fn text(&self, name: &str) -> Result<String> {
        let values = self.attribute::<VarLenUnicode>(name, &TypeDescriptor::VarLenUnicode)?;
        self.utf8(name, self.only(name, &values)?)
    }

    /// An integer attribute.
    ///
    /// # Errors
    /// [`Error::Record`] when it is missing or no such integer.
    pub fn integer(&self, name: &str) -> Result<u64> {
        let values = self.attribute::<u64>(name, &u64::type_descriptor())?;
        self.only(name, &values).copied()
    }

    /// A number attribute.
    ///
    /// # Errors
    /// [`Error::Record`] when it is missing or no number.
    pub fn number(&self, name: &str) -> Result<f64> {
        let values = self.attribute::<f64>(name, &f64::type_descriptor())?;
        self.only(name, &values).copied()
    }

    /// The array `name`: its shape and its values, row-major.
    ///
    /// # Errors
    /// [`Error::Record`] when it is missing, of another type, too large, or stored outside the file.
    pub fn array<T: H5Type>(&self, name: &str) -> Result<(Vec<usize>, Vec<T>)> {
        let dataset = self.dataset(name)?;
        let shape = guard::check_values(&dataset, &T::type_descriptor())
            .map_err(|what| self.refuse(name, what))?;
        let values = dataset
            .read_raw()
            .map_err(|error| self.refuse(name, error))?;
        if values.len() != shape.iter().product::<usize>() {
            return Err(self.refuse(name, "has no values"));
        }
        Ok((shape, values))
    }

    /// A column: an array with one dimension.
    ///
    /// # Errors
    /// As [`array`](Self::array).
    pub fn column<T: H5Type>(&self, name: &str) -> Result<Vec<T>> {
        match self.array(name)? {
            (shape, values) if shape.len() == 1 => Ok(values),
            (shape, _) => Err(self.refuse(name, format!("has shape {shape:?}, expected a column"))),
        }
    }

    /// A column of texts.
    ///
    /// # Errors
    /// As [`array`](Self::array), and when one is not UTF-8.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        self.column::<VarLenUnicode>(name)?
            .iter()
            .map(|value| self.utf8(name, value))
            .collect()
    }

    /// The attribute `attribute` of array `name`: a list of integers.
    ///
    /// # Errors
    /// [`Error::Record`].
    pub fn integers_of(&self, name: &str, attribute: &str) -> Result<Vec<u64>> {
        let at = self
            .dataset(name)?
            .attr(attribute)
            .map_err(|_| self.refuse(name, format!("has no attribute {attribute:?}")))?;
        self.values(&at, name, &u64::type_descriptor())
    }

    fn dataset(&self, name: &str) -> Result<Dataset> {
        self.require_child(name)?;
        let dataset = self
            .group
            .dataset(name)
            .map_err(|_| self.refuse(name, "is not an array"))?;
        guard::check_storage(&dataset).map_err(|what| self.refuse(name, what))?;
        Ok(dataset)
    }

    fn attribute<T: H5Type>(&self, name: &str, kind: &TypeDescriptor) -> Result<Vec<T>> {
        let at = self
            .group
            .attr(name)
            .map_err(|_| self.refuse("", format!("has no attribute {name:?}")))?;
        self.values(&at, name, kind)
    }

    fn values<T: H5Type>(
        &self,
        from: &Container,
        name: &str,
        kind: &TypeDescriptor,
    ) -> Result<Vec<T>> {
        guard::check_values(from, kind).map_err(|what| self.refuse(name, what))?;
        from.read_raw().map_err(|error| self.refuse(name, error))
    }

    fn only<'a, T>(&self, name: &str, values: &'a [T]) -> Result<&'a T> {
        match values {
            [value] => Ok(value),
            _ => Err(self.refuse(name, format!("has {} values, expected one", values.len()))),
        }
    }

    /// The safe `as_str` of the crate trusts the file, so the bytes are checked here.
    fn utf8(&self, name: &str, value: &VarLenUnicode) -> Result<String> {
        String::from_utf8(value.as_bytes().to_vec())
            .map_err(|_| self.refuse(name, "is not UTF-8 text"))
    }

    fn require_child(&self, name: &str) -> Result<()> {
        let found = self
            .children()?
            .binary_search_by(|child| child.as_str().cmp(name));
        found
            .map(|_| ())
            .map_err(|_| self.refuse(name, "is missing"))
    }
}
