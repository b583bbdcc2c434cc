//! A contact sheet: images side by side in one PNG, to look at.

use super::Images;
use crate::error::{Error, Result};
use std::path::Path;

const GAP: usize = 2;
const GREY: u8 = 64;

/// More pixels than this no viewer opens.
const MAX_PIXELS: usize = 1 << 28;

/// A grey picture.
#[derive(Debug, PartialEq, Eq)]
struct Sheet {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// Lays the images out in rows of `columns`, each pixel `zoom` pixels wide and high.
fn lay_out(images: &Images, columns: usize, zoom: usize) -> Sheet {
    let rows = images.n.div_ceil(columns);
    let (cell_w, cell_h) = (images.w * zoom + GAP, images.h * zoom + GAP);
    let (width, height) = (columns * cell_w + GAP, rows * cell_h + GAP);
    let mut pixels = vec![GREY; width * height];
    for index in 0..images.n {
        let (left, top) = (
            index % columns * cell_w + GAP,
            index / columns * cell_h + GAP,
        );
        let image = &images.pixels[index * images.h * images.w..][..images.h * images.w];
        for y in 0..images.h * zoom {
            for x in 0..images.w * zoom {
                let value = image[y / zoom * images.w + x / zoom];
                pixels[(top + y) * width + left + x] = (value * 255.0).round() as u8;
            }
        }
    }
    Sheet {
        width,
        height,
        pixels,
    }
}

/// Writes a contact sheet of about as many columns as rows.
///
/// # Errors
/// [`Error::Usage`] when there is nothing to show or too much, [`Error::Io`] when the file cannot be written.
pub fn write(images: &Images, zoom: usize, path: &Path) -> Result<()> {
    let columns = (images.n as f64).sqrt().ceil() as usize;
    let pixels = columns * columns * (images.w * zoom + GAP) * (images.h * zoom + GAP);
    if pixels == 0 || pixels > MAX_PIXELS {
        return Err(Error::Usage {
            problem: format!(
                "{} images of {}×{} do not fit on a contact sheet",
                images.n, images.h, images.w
            ),
            next: "choose another --count".into(),
        });
    }
    let sheet = lay_out(images, columns, zoom);
    let (width, height) = (sheet.width as u32, sheet.height as u32);
    let file = std::fs::File::create(path).map_err(Error::io("create", path))?;
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder
        .write_header()
        .and_then(|mut writer| {
            writer.write_image_data(&sheet.pixels)?;
            writer.finish()
        })
        .map_err(|error| Error::io("write", path)(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_stand_in_rows_with_gaps_and_zoom() {
        let images = Images {
            n: 3,
            h: 1,
            w: 1,
            pixels: vec![0.0, 1.0, 0.2],
        };
        let sheet = lay_out(&images, 2, 3);
        assert_eq!((sheet.width, sheet.height), (12, 12));
        let at = |x: usize, y: usize| sheet.pixels[y * 12 + x];
        assert_eq!(
            [at(2, 2), at(4, 4), at(5, 2), at(7, 2), at(9, 4)],
            [0, 0, GREY, 255, 255]
        );
        assert_eq!([at(2, 7), at(7, 7), at(1, 1)], [51, GREY, GREY]);
    }

    #[test]
    fn a_written_sheet_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet.png");
        let images = Images {
            n: 2,
            h: 2,
            w: 3,
            pixels: vec![1.0; 12],
        };
        write(&images, 1, &path).unwrap();
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let reader = png::Decoder::new(file).read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (12, 6));
        assert!(
            write(&Images::default(), 1, &path).is_err(),
            "nothing to show"
        );
        assert!(write(&images, 1 << 14, &path).is_err(), "too large");
    }
}
