//! Lines drawn with braille dots, 2 × 4 in a character; a letter at the end of each says which it is, with and without colour.
//! (Crates that draw braille know neither logarithmic axes nor letters.) Pure.

/// One line of a chart.
pub struct Line {
    /// Stands at its end.
    pub letter: char,
    /// Whether it is drawn with gaps.
    pub stroke: Stroke,
    /// One value for each column of dots.
    pub values: Vec<Option<f64>>,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// Without gaps.
    Solid,
    /// With gaps.
    Dashed,
}

/// A character and the line that it belongs to.
pub type Cell = (char, Option<usize>);

/// Dots in a character.
pub const DOTS: [usize; 2] = [2, 4];

/// Bits of the dots of a braille character, by row and column (Unicode, chapter 21.1).
const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Lines that fall over a range of this factor are drawn on a logarithmic axis, as losses are.
const WIDE: f64 = 5.0;

/// The vertical axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// At the bottom.
    pub low: f64,
    /// At the top.
    pub high: f64,
    /// How values lie between.
    pub scale: Scale,
}

/// How values lie on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithms.
    Log,
}

impl Axis {
    /// Fits all values; `None` when there are none.
    pub fn of(lines: &[Line]) -> Option<Self> {
        let values = lines.iter().flat_map(|line| line.values.iter().flatten());
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
        let falls = |line: &&Line| {
            let mut values = line.values.iter().flatten();
            values
                .next()
                .is_some_and(|first| values.last() < Some(first))
        };
        let falling = 2 * lines.iter().filter(falls).count() > lines.len();
        let scale = match falling && low > 0.0 && high / low >= WIDE {
            true => Scale::Log,
            false => Scale::Linear,
        };
        (low <= high).then_some(Self { low, high, scale })
    }

    /// From 0 at the bottom to 1 at the top.
    fn place(self, value: f64) -> f64 {
        // Halves, so that the difference of the largest numbers is one.
        let [low, high, value] = [self.low, self.high, value].map(|value| match self.scale {
            Scale::Linear => value / 2.0,
            Scale::Log => value.ln(),
        });
        match high > low {
            true => ((value - low) / (high - low)).clamp(0.0, 1.0),
            false => 0.5,
        }
    }
}

/// Draws lines of `2 · columns` values into rows of characters, as many as there are `columns`.
pub fn draw(lines: &[Line], axis: Axis, columns: usize, rows: usize) -> Vec<Vec<Cell>> {
    let mut dots = vec![vec![(0_u32, None); columns]; rows];
    let top = (rows * DOTS[1]).saturating_sub(1) as f64;
    let row = |value: f64| ((1.0 - axis.place(value)) * top).round() as usize;
    for (number, line) in lines.iter().enumerate() {
        let mut before = None;
        for (x, value) in line.values.iter().enumerate() {
            let Some(y) = value.map(row) else {
                before = None;
                continue;
            };
            let gap = line.stroke == Stroke::Dashed && x / DOTS[0] % 2 == 1;
            let (from, to) = match before.replace(y) {
                // As far as half way to the last one: the rest was drawn with it, or is the next column's.
                Some(last) => (
                    y.min(last + usize::from(y > last)),
                    y.max(last.saturating_sub(usize::from(y < last))),
                ),
                None => (y, y),
            };
            for y in from..=to {
                let cell = dots
                    .get_mut(y / DOTS[1])
                    .and_then(|row| row.get_mut(x / DOTS[0]));
                if let Some((bits, owner)) = cell.filter(|_| !gap) {
                    *bits |= BITS[y % DOTS[1]][x % DOTS[0]];
                    *owner = Some(number);
                }
            }
        }
    }
    let cell = |(bits, owner): &(u32, Option<usize>)| match bits {
        0 => (' ', None),
        bits => (char::from_u32(0x2800 + bits).unwrap_or(' '), *owner),
    };
    let mut cells: Vec<Vec<Cell>> = dots
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect();
    write_letters(&mut cells, lines, row);
    cells
}

/// Puts each letter behind the end of its line, or behind the letters that stand there.
fn write_letters(cells: &mut [Vec<Cell>], lines: &[Line], row: impl Fn(f64) -> usize) {
    let mut taken = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let end = line.values.iter().rposition(Option::is_some);
        let Some((x, value)) = end.and_then(|x| Some((x, line.values[x]?))) else {
            continue;
        };
        let (y, behind) = (row(value) / DOTS[1], x / DOTS[0] + 1);
        let Some(row) = cells.get_mut(y) else {
            continue;
        };
        let free = (behind..row.len()).find(|x| !taken.contains(&(y, *x)));
        if let Some(x) = free {
            row[x] = (line.letter, Some(number));
            taken.push((y, x));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(letter: char, stroke: Stroke, values: &[f64]) -> Line {
        Line {
            letter,
            stroke,
            values: values.iter().copied().map(Some).collect(),
        }
    }

    fn text(lines: &[Line], columns: usize, rows: usize) -> Vec<String> {
        let axis = Axis::of(lines).expect("values");
        let cells = draw(lines, axis, columns, rows);
        let row = |row: &Vec<Cell>| row.iter().map(|(c, _)| *c).collect();
        cells.iter().map(row).collect()
    }

    /// Oracle: the dots of U+2800 to U+28FF by hand.
    #[test]
    fn a_falling_line_falls_and_carries_its_letter() {
        // Rows 0, 1, 2, 3 of one character: dots 1, 5 (column 2, row 2), 3, 8.
        let falling = line('a', Stroke::Solid, &[3.0, 2.0, 1.0, 0.0]);
        assert_eq!(text(&[falling], 3, 1), ["\u{2811}\u{2884}a"]);
        // A step is drawn through all rows: the second column goes down from the first row.
        let step = line('a', Stroke::Solid, &[1.0, 0.0]);
        assert_eq!(text(&[step], 2, 1), ["\u{28b1}a"]);
    }

    #[test]
    fn lines_that_end_at_the_same_place_keep_their_letters_apart() {
        let lines = ['a', 'b'].map(|letter| line(letter, Stroke::Solid, &[1.0, 1.0]));
        assert_eq!(text(&lines, 3, 1), ["⠒ab".replace('⠒', "\u{2824}")]);
        let dashed = line('d', Stroke::Dashed, &[1.0; 8]);
        assert_eq!(text(&[dashed], 5, 1), ["\u{2824} \u{2824} d"]);
    }

    #[test]
    fn falling_lines_with_a_wide_range_get_a_logarithmic_axis() {
        let axis = |values: &[f64]| Axis::of(&[line('a', Stroke::Solid, values)]);
        let scale = |values: &[f64]| axis(values).expect("values").scale;
        assert_eq!(scale(&[100.0, 1.0]), Scale::Log);
        assert_eq!(scale(&[1.0, 100.0]), Scale::Linear);
        assert_eq!(scale(&[2.0, 1.0]), Scale::Linear);
        assert_eq!(scale(&[100.0, -1.0]), Scale::Linear);
        assert_eq!(scale(&[100.0]), Scale::Linear);
        assert_eq!(axis(&[]), None);
        let log = axis(&[100.0, 1.0]).expect("values");
        assert!((log.place(10.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_too_large_small_or_narrow() {
        for values in [
            [f64::MAX, f64::MIN],
            [f64::MIN_POSITIVE, f64::MAX],
            [0.0, 0.0],
        ] {
            for (columns, rows) in [(0, 0), (1, 1), (1, 0), (80, 3)] {
                let drawn = text(&[line('a', Stroke::Solid, &values)], columns, rows);
                assert_eq!(drawn.len(), rows);
            }
        }
    }
}
