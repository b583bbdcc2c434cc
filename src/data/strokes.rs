//! How the ten digits are written: strokes through control points, in the styles that people use.
//!
//! Coordinates are hundredths of the digit's height: x to the right, y down, the origin at its middle.

/// One movement of the pen.
#[derive(Clone, Copy, Debug)]
pub enum Stroke {
    /// A smooth curve through the points (Catmull and Rom).
    Curve(&'static [[i8; 2]]),
    /// Straight from point to point, with corners.
    Line(&'static [[i8; 2]]),
}
use Stroke::{Curve, Line};

/// The strokes of one way to write a digit.
pub type Style = &'static [Stroke];

/// The styles of each digit, all equally likely. Not formatted: one point a line would be 300 lines.
#[rustfmt::skip]
pub const STYLES: [&[Style]; 10] = [
    // 0: upright oval; round; begun inside and overlapping.
    &[
        &[Curve(&[
            [6, -50], [-16, -42], [-27, -8], [-23, 30], [-2, 50], [20, 36], [28, 0], [20, -36],
            [2, -49],
        ])],
        &[Curve(&[
            [4, -47], [-24, -36], [-38, -2], [-28, 34], [2, 48], [30, 32], [38, -4], [26, -38],
            [-2, -47],
        ])],
        &[Curve(&[
            [-10, -40], [-27, -12], [-29, 22], [-8, 48], [18, 38], [31, 4], [26, -32], [6, -50],
            [-16, -42],
        ])],
    ],
    // 1: a plain stroke (as most people write it), steep or slanted; with a flag; with a flag and a foot.
    &[
        &[Curve(&[[6, -50], [1, -10], [-5, 50]])],
        &[Curve(&[[10, -50], [2, 2], [-10, 50]])],
        &[
            Curve(&[[-16, -30], [-4, -38], [5, -50]]),
            Curve(&[[5, -50], [3, 0], [0, 50]]),
        ],
        &[
            Line(&[[-14, -32], [4, -50], [0, 46]]),
            Line(&[[-22, 46], [22, 45]]),
        ],
    ],
    // 2: with a corner; with a loop at the foot; with a swung foot.
    &[
        &[
            Curve(&[[-27, -28], [-12, -46], [12, -47], [25, -27], [16, 0], [-6, 25], [-29, 46]]),
            Curve(&[[-29, 46], [-2, 43], [33, 46]]),
        ],
        &[Curve(&[
            [-24, -32], [-6, -48], [16, -42], [22, -18], [8, 14], [-12, 38], [-26, 47], [-33, 38],
            [-22, 28], [-4, 36], [14, 46], [36, 40],
        ])],
        &[
            Curve(&[[-22, -36], [2, -49], [22, -36], [20, -10], [-2, 20], [-26, 42]]),
            Curve(&[[-26, 42], [-10, 34], [10, 44], [34, 42]]),
        ],
    ],
    // 3: two bows with a corner; with a small loop; with a flat top.
    &[
        &[
            Curve(&[[-24, -38], [-2, -50], [20, -40], [18, -18], [-7, -4]]),
            Curve(&[[-7, -4], [17, 2], [28, 22], [14, 44], [-8, 49], [-30, 38]]),
        ],
        &[Curve(&[
            [-26, -42], [0, -50], [20, -36], [12, -14], [-6, -4], [-8, 2], [8, 0], [26, 16],
            [18, 42], [-8, 50], [-28, 42],
        ])],
        &[
            Line(&[[-26, -46], [22, -47], [-4, -10]]),
            Curve(&[[-4, -10], [20, -2], [28, 20], [14, 43], [-10, 48], [-30, 36]]),
        ],
    ],
    // 4: open; closed; open with a rounded corner.
    &[
        &[
            Line(&[[-20, -45], [-28, 4], [28, 0]]),
            Curve(&[[22, -44], [18, 0], [13, 50]]),
        ],
        &[
            Line(&[[12, -50], [-32, 14], [34, 13]]),
            Line(&[[12, -50], [10, 50]]),
        ],
        &[
            Curve(&[[-18, -48], [-27, -20], [-26, 0], [-6, 6], [20, -4]]),
            Curve(&[[26, -46], [20, -4], [10, 50]]),
        ],
    ],
    // 5: cap, neck and belly; written in one go; wide.
    &[
        &[
            Line(&[[-16, -44], [-22, -6]]),
            Curve(&[[-22, -6], [2, -14], [22, 2], [23, 28], [4, 48], [-26, 42]]),
            Curve(&[[-16, -44], [6, -46], [32, -49]]),
        ],
        &[
            Line(&[[28, -48], [-12, -46], [-20, -8]]),
            Curve(&[[-20, -8], [4, -10], [20, 8], [16, 34], [-4, 49], [-28, 44]]),
        ],
        &[
            Line(&[[-20, -46], [-24, -2]]),
            Curve(&[[-24, -2], [0, -12], [28, 6], [24, 36], [-2, 49], [-30, 36]]),
            Line(&[[-20, -46], [26, -45]]),
        ],
    ],
    // 6: slim; round; with a straight back.
    &[
        &[Curve(&[
            [14, -50], [-8, -28], [-22, 6], [-20, 36], [0, 50], [18, 36], [16, 14], [-2, 8],
            [-18, 24],
        ])],
        &[Curve(&[
            [24, -46], [-2, -38], [-26, -6], [-28, 30], [-4, 49], [24, 38], [26, 12], [4, 0],
            [-22, 16],
        ])],
        &[Curve(&[
            [-8, -50], [-18, -14], [-20, 22], [-8, 46], [12, 46], [22, 26], [10, 10], [-8, 18],
            [-17, 32],
        ])],
    ],
    // 7: plain; with a hook; with a bar.
    &[
        &[
            Line(&[[-28, -44], [26, -46]]),
            Curve(&[[26, -46], [10, -6], [-4, 50]]),
        ],
        &[
            Curve(&[[-29, -30], [-26, -44], [0, -43], [28, -48]]),
            Curve(&[[28, -48], [12, -12], [0, 20], [-6, 50]]),
        ],
        &[
            Line(&[[-26, -46], [28, -46]]),
            Curve(&[[28, -46], [8, 0], [-10, 50]]),
            Line(&[[-14, 2], [24, -1]]),
        ],
    ],
    // 8: one figure of eight from the top right; slim; two rings.
    &[
        &[Curve(&[
            [22, -38], [2, -50], [-19, -38], [-14, -16], [8, 4], [22, 27], [2, 49], [-22, 32],
            [-12, 8], [12, -12], [24, -34],
        ])],
        &[Curve(&[
            [16, -40], [0, -50], [-15, -36], [-8, -14], [8, 8], [14, 32], [-2, 49], [-17, 34],
            [-8, 10], [10, -12], [19, -32], [8, -48],
        ])],
        &[
            Curve(&[[2, -4], [-18, -20], [-14, -42], [6, -49], [22, -32], [14, -12], [-2, -3]]),
            Curve(&[[0, -3], [-24, 14], [-22, 38], [2, 50], [24, 36], [20, 12], [0, -3]]),
        ],
    ],
    // 9: straight tail; curved tail; slanted in one go.
    &[
        &[
            Curve(&[[22, -34], [4, -48], [-19, -36], [-22, -12], [-2, -2], [18, -16], [23, -36]]),
            Curve(&[[23, -36], [20, 4], [12, 50]]),
        ],
        &[
            Curve(&[[20, -36], [2, -49], [-20, -34], [-18, -10], [4, -4], [20, -22]]),
            Curve(&[[22, -38], [24, 2], [16, 34], [-4, 49], [-24, 40]]),
        ],
        &[Curve(&[
            [20, -40], [-2, -47], [-22, -28], [-16, -6], [6, -8], [20, -28], [22, -40], [14, -4],
            [4, 24], [-2, 50],
        ])],
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_fills_the_height_and_stays_in_its_box() {
        for (digit, styles) in STYLES.iter().enumerate() {
            for style in *styles {
                let points = style.iter().flat_map(|stroke| match stroke {
                    Curve(points) | Line(points) => *points,
                });
                let height = |point: &[i8; 2]| point[1];
                assert!(points.clone().map(height).min() < Some(-40), "{digit}");
                assert!(points.clone().map(height).max() > Some(40), "{digit}");
                assert!(points.flatten().all(|value| value.abs() <= 50), "{digit}");
            }
        }
    }

    #[test]
    fn every_stroke_goes_somewhere() {
        for stroke in STYLES
            .iter()
            .flat_map(|styles| styles.iter())
            .flat_map(|style| style.iter())
        {
            let (Curve(points) | Line(points)) = stroke;
            assert!(points.len() >= 2 && points.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
