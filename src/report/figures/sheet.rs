//! Several drawings of a column's width as one figure, two beside each other.

use super::drawing::{Anchor, COLUMN, Drawing, LEADING, MARGIN, PAGE, SOFT};

/// The height of a page's text: 9 inches. A line says which charts are left out for it.
const TALLEST: f64 = 648.0;

/// The figure; nothing where there are no drawings.
pub fn of(title: String, drawings: Vec<Drawing>) -> Option<Drawing> {
    let all = drawings.len();
    let mut sheet = Drawing::new(title);
    let mut drawings = drawings.into_iter().peekable();
    let width = match all {
        0 => return None,
        1 => COLUMN,
        _ => PAGE,
    };
    let (mut y, mut drawn) = (0.0, 0);
    while drawings.peek().is_some() {
        let row: Vec<Drawing> = drawings.by_ref().take(2).collect();
        let height = row.iter().map(|it| it.size[1]).fold(0.0, f64::max);
        if drawn > 0 && y + height > TALLEST {
            break;
        }
        drawn += row.len();
        for (drawing, x) in row.into_iter().zip([0.0, PAGE - COLUMN]) {
            sheet.add(drawing, [x, y]);
        }
        y += height + 2.0 * MARGIN;
    }
    if drawn < all {
        y += LEADING;
        let note = format!("the first {drawn} of {all} charts");
        sheet.text([MARGIN, y], Anchor::Start, SOFT, &note, width);
    }
    sheet.size = [width, y + MARGIN];
    Some(sheet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_fits_a_page_and_says_what_it_leaves_out() {
        let chart = |_| {
            let mut chart = Drawing::new(String::new());
            chart.size = [COLUMN, 250.0];
            chart
        };
        let sheet = of("".into(), (0..7).map(chart).collect()).unwrap();
        assert!(sheet.size[0] == PAGE && sheet.size[1] < TALLEST + 2.0 * LEADING);
        let told = format!("{:?}", sheet.shapes);
        assert!(told.contains("the first 4 of 7 charts"), "{told}");
        assert_eq!(of("".into(), vec![chart(0)]).unwrap().size[0], COLUMN);
        assert_eq!(of("".into(), Vec::new()), None);
    }
}
