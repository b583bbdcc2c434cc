//! One image at a time, with room around it, so that every tile finds all its pixels.

/// An image with a border, and rows and columns that fill the last tiles.
pub struct Frame {
    /// [height, width, channels], the room included.
    numbers: Vec<f32>,
    /// Numbers from one row to the next.
    pub row: usize,
    /// Height and width without the room.
    size: [usize; 2],
    /// Zeros above and left of the image: 0 or 1 pixel.
    border: usize,
    channels: usize,
    /// The number of the image that is here.
    image: Option<usize>,
}

impl Frame {
    /// For images of this `size`, whose tiles reach over `reach`, the border included.
    pub fn new(size: [usize; 2], border: usize, reach: [usize; 2], channels: usize) -> Self {
        Self {
            numbers: vec![0.0; reach[0] * reach[1] * channels],
            row: reach[1] * channels,
            size,
            border,
            channels,
            image: None,
        }
    }

    /// Image number `image` of `map`, room included: a copy, unless there is none.
    #[inline(always)]
    pub fn view<'a>(&'a mut self, map: &'a [f32], image: usize) -> &'a [f32] {
        let line = self.size[1] * self.channels;
        let count = self.size[0] * line;
        let from = &map[image * count..][..count];
        if count == self.numbers.len() {
            return from;
        }
        if self.image != Some(image) {
            self.image = Some(image);
            for (y, from) in from.chunks_exact(line).enumerate() {
                let to = (y + self.border) * self.row + self.border * self.channels;
                self.numbers[to..to + line].copy_from_slice(from);
            }
        }
        &self.numbers
    }

    /// Image number `image` in the making, room included, which `begin` makes ready. Images come in order; one that is
    /// done goes to `done`.
    #[inline(always)]
    pub fn make(
        &mut self,
        image: usize,
        done: &mut Vec<f32>,
        begin: impl FnOnce(&mut [f32]),
    ) -> &mut [f32] {
        if self.image != Some(image) {
            self.finish(done);
            begin(&mut self.numbers);
            self.image = Some(image);
        }
        &mut self.numbers
    }

    /// Appends the image in the making, if any, without its room.
    pub fn finish(&mut self, done: &mut Vec<f32>) {
        if self.image.take().is_some() {
            let line = self.size[1] * self.channels;
            for y in 0..self.size[0] {
                let from = (y + self.border) * self.row + self.border * self.channels;
                done.extend_from_slice(&self.numbers[from..from + line]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_has_zeros_around_and_what_is_made_comes_back_without_them() {
        let map: Vec<f32> = (1..=12).map(|x| x as f32).collect();
        let mut frame = Frame::new([2, 3], 1, [4, 5], 1);
        let second = frame.view(&map, 1).to_vec();
        assert_eq!(second[..6], [0.0; 6]);
        assert_eq!(second[6..9], [7.0, 8.0, 9.0]);
        assert_eq!(second[11..14], [10.0, 11.0, 12.0]);
        let (mut making, mut done) = (Frame::new([2, 3], 1, [4, 5], 1), Vec::new());
        for image in 0..2 {
            let whole = frame.view(&map, image).to_vec();
            let room = making.make(image, &mut done, |room| room.fill(0.0));
            room.copy_from_slice(&whole);
            room[0] = 5.0;
        }
        making.finish(&mut done);
        assert_eq!(done, map);
    }

    #[test]
    fn where_there_is_no_room_nothing_is_copied() {
        let map = [1.0, 2.0, 3.0, 4.0];
        let mut frame = Frame::new([1, 2], 0, [1, 2], 1);
        assert_eq!(frame.view(&map, 1).as_ptr(), map[2..].as_ptr());
    }
}
