//! Numbers of all parameters in one row, in the order of names, and where they belong.

use crate::outcome::Weight;
use std::collections::BTreeMap;

/// Copies a row into lists, each as many as it holds, one after the other.
pub(super) fn spread<'a>(mut row: &[f32], lists: impl Iterator<Item = &'a mut Vec<f32>>) {
    for list in lists {
        let (mine, rest) = row.split_at(list.len());
        list.copy_from_slice(mine);
        row = rest;
    }
}

/// The parameter to which a place of the row belongs.
pub(super) fn name_at(parameters: &BTreeMap<String, Weight>, place: usize) -> &str {
    let mut end = 0;
    let mut all = parameters.iter();
    let found = all.find(|(_, weight)| {
        end += weight.values.len();
        place < end
    });
    found.map_or("behind the last", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_goes_back_to_where_it_came_from() {
        let mut lists = [vec![0.0; 2], vec![], vec![0.0; 3]];
        spread(&[1.0, 2.0, 3.0, 4.0, 5.0], lists.iter_mut());
        assert_eq!(lists, [vec![1.0, 2.0], vec![], vec![3.0, 4.0, 5.0]]);
    }

    #[test]
    fn a_place_has_the_name_of_its_parameter() {
        let weight = |count: usize| Weight {
            shape: vec![count],
            values: vec![0.0; count],
        };
        let parameters = BTreeMap::from([
            ("a".to_owned(), weight(2)),
            ("b".to_owned(), weight(1)),
            ("c".to_owned(), weight(3)),
        ]);
        let names: String = (0..6).map(|place| name_at(&parameters, place)).collect();
        assert_eq!(names, "aabccc");
    }
}
