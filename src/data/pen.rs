//! A pen on a pixel grid: smooth curves, and anti-aliased ink by distance to a segment.

/// A place: x to the right, y down.
pub type Point = [f32; 2];

/// How far ink fades out beyond the stroke's edge, in pixels: a scanner's blur.
pub const INK_EDGE: f32 = 0.6;

/// The curve between the two middle points (Catmull and Rom 1974, tension ½).
pub fn catmull_rom([p0, p1, p2, p3]: [Point; 4], t: f32) -> Point {
    [0, 1].map(|axis| {
        let [a, b, c, d] = [p0[axis], p1[axis], p2[axis], p3[axis]];
        let linear = (c - a) * t;
        let square = (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t;
        let cube = (3.0 * b - a - 3.0 * c + d) * t * t * t;
        b + (linear + square + cube) / 2.0
    })
}

/// Inks the pixels near a segment, in an image of side × side pixels: full inside the stroke, fading over
/// [`INK_EDGE`] beyond it. Parts outside the image are cut off.
pub fn draw_segment(ink: &mut [f32], side: usize, a: Point, b: Point, width: f32) {
    let reach = width / 2.0 + INK_EDGE;
    let span = |axis: usize| {
        let low = (a[axis].min(b[axis]) - reach).ceil().max(0.0) as usize;
        let high = (a[axis].max(b[axis]) + reach)
            .floor()
            .min(side as f32 - 1.0);
        low..(high + 1.0).max(0.0) as usize
    };
    for row in span(1) {
        for column in span(0) {
            let distance = distance([column as f32, row as f32], a, b);
            let value = ((reach - distance) / INK_EDGE).clamp(0.0, 1.0);
            let pixel = &mut ink[row * side + column];
            *pixel = pixel.max(value);
        }
    }
}

/// From a point to the nearest point of a segment.
fn distance(p: Point, a: Point, b: Point) -> f32 {
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let [px, py] = [p[0] - a[0], p[1] - a[1]];
    let length = dx * dx + dy * dy;
    let t = if length > 0.0 {
        ((px * dx + py * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let [ex, ey] = [px - t * dx, py - t * dy];
    (ex * ex + ey * ey).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: plane geometry.
    #[test]
    fn distance_is_to_the_segment_not_to_its_line() {
        let (a, b) = ([0.0, 0.0], [4.0, 0.0]);
        assert_eq!(distance([2.0, 3.0], a, b), 3.0);
        assert_eq!(distance([7.0, 4.0], a, b), 5.0);
        assert_eq!(distance([3.0, 4.0], a, a), 5.0);
    }

    /// Oracle: the area of the fading band, width + [`INK_EDGE`] pixels across, for a line through the middle.
    #[test]
    fn ink_is_length_times_width() {
        let mut ink = [0.0; 400];
        draw_segment(&mut ink, 20, [-9.0, 9.3], [29.0, 9.3], 2.0);
        let mean_column = ink.iter().sum::<f32>() / 20.0;
        assert!(
            (mean_column / (2.0 + INK_EDGE) - 1.0).abs() < 0.1,
            "{mean_column}"
        );
    }

    #[test]
    fn ink_outside_the_image_is_cut_off() {
        let mut ink = [0.0; 400];
        for (a, b) in [([-50.0, -50.0], [-40.0, 9.0]), ([60.0, 60.0], [70.0, 90.0])] {
            draw_segment(&mut ink, 20, a, b, 2.0);
        }
        assert_eq!(ink, [0.0; 400]);
    }

    #[test]
    fn a_curve_goes_through_its_points() {
        let points = [[0.0, 0.0], [1.0, 2.0], [3.0, 1.0], [4.0, 4.0]];
        assert_eq!(catmull_rom(points, 0.0), points[1]);
        assert_eq!(catmull_rom(points, 1.0), points[2]);
    }
}
