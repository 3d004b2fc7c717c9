//! What a picture shows that a machine can read: QR codes, and a print by which the same picture is
//! known again however it was packed. The decoders are other people's, so the size of what they may
//! make is set first, and this runs in the child only.

use std::io::Cursor;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::imageops::{self, FilterType};
use image::{AnimationDecoder, DynamicImage, GrayImage, ImageReader, Limits, Luma};

use crate::domain::{FileKind, Shown};

/// Points of a picture that is looked at; a telephone's have up to 50 million.
const MOST_POINTS: u64 = 64_000_000;
/// The longest side, and what a decoder may use, in bytes.
const LONGEST_SIDE: u32 = 30_000;
const MOST_MEMORY: u64 = 320 * 1024 * 1024;
/// Pictures of a film that are looked at.
const FRAMES: usize = 6;
/// Codes of one picture, and characters of one.
const CODES: usize = 8;
const LONGEST_CODE: usize = 500;
/// Codes are looked for in pictures with sides of at most so many points, one after the other.
const SIDES: [u32; 2] = [1200, 500];
/// So long the codes of one picture are looked for; a fraction of a second is usual.
const PATIENCE: Duration = Duration::from_secs(8);
/// Below this a picture is a dot, a line or a sign: many are the same.
const LEAST_SIDE: u32 = 48;
/// Squares of a print's picture, and of the corner of its frequencies that is kept.
const SQUARES: usize = 32;
const CORNER: usize = 8;

/// Looks at a picture; nothing for what can't be decoded, which nobody is shown either.
pub(super) fn look(kind: FileKind, bytes: &[u8]) -> Option<Shown> {
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    let (width, height) = reader()?.into_dimensions().ok()?;
    let points = u64::from(width) * u64::from(height);
    let mut shown = Shown { width, height, ..Shown::default() };
    if points > MOST_POINTS || width.max(height) > LONGEST_SIDE {
        shown.unread = true;
        return Some(shown);
    }
    let frames = if points * u64::try_from(FRAMES).unwrap_or(1) <= MOST_POINTS {
        film(kind, bytes)
    } else {
        vec![]
    };
    let frames = if frames.is_empty() {
        let mut reader = reader()?;
        reader.limits(limits());
        vec![grey(reader.decode().ok()?)]
    } else {
        frames
    };
    shown.print = frames.first().and_then(print);
    match codes(frames, PATIENCE) {
        Some(codes) => shown.codes = codes,
        None => shown.unread = true,
    }
    Some(shown)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    limits
}

/// The first pictures of what moves; none of what doesn't.
fn film(kind: FileKind, bytes: &[u8]) -> Vec<GrayImage> {
    let cursor = || Cursor::new(bytes);
    let frames = match kind {
        FileKind::Gif => GifDecoder::new(cursor()).ok().map(AnimationDecoder::into_frames),
        FileKind::WebP => {
            let decoder = WebPDecoder::new(cursor()).ok().filter(WebPDecoder::has_animation);
            decoder.map(AnimationDecoder::into_frames)
        }
        FileKind::Png => {
            let decoder = PngDecoder::with_limits(cursor(), limits()).ok();
            let decoder = decoder.filter(|d| d.is_apng().unwrap_or(false));
            decoder.and_then(|d| d.apng().ok()).map(AnimationDecoder::into_frames)
        }
        _ => None,
    };
    let frames = frames.into_iter().flatten().take(FRAMES).map_while(Result::ok);
    frames.map(|frame| grey(DynamicImage::ImageRgba8(frame.into_buffer()))).collect()
}

/// In shades of grey, on white where it is clear.
fn grey(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let clear = picture.into_luma_alpha8();
    GrayImage::from_fn(clear.width(), clear.height(), |x, y| {
        let [grey, alpha] = clear.get_pixel(x, y).0.map(u32::from);
        let on_white = (grey * alpha + 255 * (255 - alpha)) / 255;
        Luma([u8::try_from(on_white).unwrap_or(u8::MAX)])
    })
}

/// What the codes in these pictures say; nothing where that could not be read in time. Time grows
/// with the cube of what looks like a corner of a code, and whoever made the picture chose that.
fn codes(pictures: Vec<GrayImage>, patience: Duration) -> Option<Vec<String>> {
    let (sender, receiver) = mpsc::channel();
    let looks = move || {
        let mut codes: Vec<String> = Vec::new();
        for code in pictures.iter().flat_map(codes_of) {
            if codes.len() < CODES && !codes.contains(&code) {
                codes.push(code);
            }
        }
        // Nobody waits any more: what was read is not needed.
        let _ = sender.send(codes);
    };
    // The thread ends with this process, which is one mail's.
    thread::Builder::new().spawn(looks).ok()?;
    receiver.recv_timeout(patience).ok()
}

fn codes_of(picture: &GrayImage) -> Vec<String> {
    let longest = picture.width().max(picture.height());
    for side in SIDES {
        let smaller = if longest <= side {
            picture.clone()
        } else {
            let part = |length: u32| (length * side / longest).max(1);
            imageops::thumbnail(picture, part(picture.width()), part(picture.height()))
        };
        // White on black is read by telephones too.
        let mut turned = smaller.clone();
        imageops::invert(&mut turned);
        let found: Vec<String> = [smaller, turned].iter().flat_map(read).collect();
        if !found.is_empty() || longest <= side {
            return found;
        }
    }
    vec![]
}

fn read(picture: &GrayImage) -> Vec<String> {
    let size = |length: u32| usize::try_from(length).unwrap_or(0);
    let (width, height) = (size(picture.width()), size(picture.height()));
    let points = picture.as_raw();
    let at = |x: usize, y: usize| points.get(y * width + x).copied().unwrap_or(u8::MAX);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, at);
    let grids = prepared.detect_grids();
    let read = grids.iter().take(CODES).filter_map(|grid| grid.decode().ok());
    read.map(|(_, text)| text.chars().take(LONGEST_CODE).collect()).collect()
}

/// The signs of a picture's lowest frequencies (a discrete cosine transform): they stay the same
/// however it is packed or enlarged. Nothing for a picture that shows next to nothing.
fn print(picture: &GrayImage) -> Option<u64> {
    if picture.width().min(picture.height()) < LEAST_SIDE {
        return None;
    }
    let side = u32::try_from(SQUARES).unwrap_or(1);
    let small = imageops::resize(picture, side, side, FilterType::Triangle);
    let points: Vec<f32> = small.as_raw().iter().map(|p| f32::from(*p)).collect();
    let mean = points.iter().sum::<f32>() / (side * side) as f32;
    let spread = points.iter().map(|p| (p - mean).powi(2)).sum::<f32>() / (side * side) as f32;
    if spread < 40.0 {
        return None;
    }
    let wave = |frequency: usize, at: usize| {
        let angle = std::f32::consts::PI / SQUARES as f32 * (at as f32 + 0.5) * frequency as f32;
        angle.cos()
    };
    let mut waves = Vec::with_capacity(CORNER * CORNER);
    for v in 1..=CORNER {
        for u in 1..=CORNER {
            let rows = points.chunks(SQUARES).enumerate();
            let sum: f32 = rows
                .map(|(y, row)| {
                    let across = row.iter().enumerate().map(|(x, p)| p * wave(u, x));
                    across.sum::<f32>() * wave(v, y)
                })
                .sum();
            waves.push(sum);
        }
    }
    let mut sorted = waves.clone();
    sorted.sort_by(f32::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    Some(waves.iter().fold(0, |print, wave| print << 1 | u64::from(*wave > middle)))
}

#[cfg(test)]
mod tests {
    use image::codecs::gif::GifEncoder;
    use image::codecs::jpeg::JpegEncoder;
    use image::{Frame, ImageFormat, Rgba, RgbaImage};
    use qrcode::{Color, QrCode};

    use super::*;
    use crate::domain::Prints;

    const LINK: &str = "https://shop.example/lamps?c=17";

    /// A code with squares of so many points, dark on light, with its quiet zone.
    fn code(side: u32, dark: Rgba<u8>, light: Rgba<u8>) -> RgbaImage {
        let code = QrCode::new(LINK).unwrap();
        let width = u32::try_from(code.width()).unwrap() + 8;
        RgbaImage::from_fn(width * side, width * side, |x, y| {
            let (x, y) = ((x / side) as usize, (y / side) as usize);
            let inside = |at: usize| (4..code.width() + 4).contains(&at);
            let is_dark = inside(x) && inside(y) && code[(x - 4, y - 4)] == Color::Dark;
            if is_dark { dark } else { light }
        })
    }

    const BLACK: Rgba<u8> = Rgba([0, 0, 0, 255]);
    const WHITE: Rgba<u8> = Rgba([255; 4]);

    fn packed(picture: &RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(vec![]);
        let picture = DynamicImage::ImageRgba8(picture.clone());
        let picture = match format {
            ImageFormat::Jpeg => DynamicImage::ImageRgb8(picture.into_rgb8()),
            _ => picture,
        };
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    fn png(picture: &RgbaImage) -> Vec<u8> {
        packed(picture, ImageFormat::Png)
    }

    fn said(kind: FileKind, bytes: &[u8]) -> Vec<String> {
        look(kind, bytes).unwrap().codes
    }

    /// Something like a photograph: `n` chooses what it shows.
    fn scene(width: u32, height: u32, n: u32) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, y| {
            let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
            let n = n as f32;
            let wave = |a: f32, b: f32| ((x * a + y * b + n * 1.7).sin() * 60.0) as i32;
            let spot = if (x - 0.3 - n * 0.07).hypot(y - 0.5) < 0.2 { 70 } else { 0 };
            let grey = 110 + wave(5.0 + n * 3.0, 2.0) / 2 + wave(1.0, 7.0 - n * 2.0) / 2 + spot;
            let grey = u8::try_from(grey.clamp(0, 255)).unwrap();
            Rgba([grey, grey / 2 + 60, 255 - grey, 255])
        })
    }

    #[test]
    fn a_code_is_read_however_the_picture_was_packed() {
        let picture = code(6, BLACK, WHITE);
        for (kind, format) in [
            (FileKind::Png, ImageFormat::Png),
            (FileKind::Jpeg, ImageFormat::Jpeg),
            (FileKind::Gif, ImageFormat::Gif),
            (FileKind::WebP, ImageFormat::WebP),
        ] {
            assert_eq!(said(kind, &packed(&picture, format)), [LINK], "{kind:?}");
        }
    }

    #[test]
    fn disguises_are_seen_through() {
        let plain = code(6, BLACK, WHITE);
        let mut in_scene = scene(1400, 1000, 1);
        imageops::overlay(&mut in_scene, &plain, 1100, 700);
        let mut film = Vec::new();
        let mut encoder = GifEncoder::new(&mut film);
        let size = plain.width();
        encoder.encode_frame(Frame::new(scene(size, size, 2))).unwrap();
        encoder.encode_frame(Frame::new(plain.clone())).unwrap();
        drop(encoder);
        for (what, kind, bytes) in [
            ("turned", FileKind::Png, png(&imageops::rotate90(&plain))),
            ("white on black", FileKind::Png, png(&code(6, WHITE, BLACK))),
            (
                "blue on yellow",
                FileKind::Png,
                png(&code(6, Rgba([0, 0, 160, 255]), Rgba([255, 240, 0, 255]))),
            ),
            ("on nothing", FileKind::Png, png(&code(6, BLACK, Rgba([0; 4])))),
            ("huge", FileKind::Png, png(&code(60, BLACK, WHITE))),
            ("in a corner", FileKind::Jpeg, packed(&in_scene, ImageFormat::Jpeg)),
            ("second of a film", FileKind::Gif, film.clone()),
        ] {
            assert_eq!(said(kind, &bytes), [LINK], "{what}");
        }
    }

    #[test]
    fn a_picture_without_a_code_says_nothing() {
        for n in 0..4 {
            assert_eq!(said(FileKind::Png, &png(&scene(640, 480, n))), Vec::<String>::new());
        }
        // Squares are no code.
        let board =
            RgbaImage::from_fn(
                400,
                400,
                |x, y| if (x / 20 + y / 20) % 2 == 0 { BLACK } else { WHITE },
            );
        assert_eq!(said(FileKind::Png, &png(&board)), Vec::<String>::new());
    }

    fn same_parts(one: u64, other: u64) -> usize {
        let parts = one.to_be_bytes().into_iter().zip(other.to_be_bytes());
        parts.filter(|(a, b)| a == b).count()
    }

    #[test]
    fn the_same_picture_is_known_again_and_another_is_not() {
        let print = |kind, bytes: &[u8]| look(kind, bytes).unwrap().print.unwrap();
        let first = scene(900, 700, 0);
        let known = print(FileKind::Png, &png(&first));
        let jpeg = |quality| {
            let mut out = Vec::new();
            let rgb = DynamicImage::ImageRgba8(first.clone()).into_rgb8();
            rgb.write_with_encoder(JpegEncoder::new_with_quality(&mut out, quality)).unwrap();
            out
        };
        let smaller = imageops::resize(&first, 450, 350, FilterType::Triangle);
        let brighter = imageops::brighten(&first, 12);
        for (what, again) in [
            ("packed well", print(FileKind::Jpeg, &jpeg(90))),
            ("packed badly", print(FileKind::Jpeg, &jpeg(40))),
            ("smaller", print(FileKind::Png, &png(&smaller))),
            ("brighter", print(FileKind::Png, &png(&brighter))),
        ] {
            let same = same_parts(known, again);
            assert!(same >= Prints::SAME, "{what}: {same} parts");
        }
        for n in 1..6 {
            let other = print(FileKind::Png, &png(&scene(900, 700, n)));
            let same = same_parts(known, other);
            assert!(same < Prints::SAME, "scene {n}: {same} parts");
        }
        let white = RgbaImage::from_pixel(300, 300, WHITE);
        assert_eq!(look(FileKind::Png, &png(&white)).unwrap().print, None);
        assert_eq!(look(FileKind::Png, &png(&scene(40, 40, 0))).unwrap().print, None);
    }

    #[test]
    fn hostile_pictures_are_bounded() {
        // Thirty thousand points square, of one colour, in a few hundred kilobytes.
        let mut row = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut row, &vec![0; 1 << 20]).unwrap();
        let chunk = |kind: &[u8; 4], data: &[u8]| {
            let mut crc = flate2::Crc::new();
            crc.update(kind);
            crc.update(data);
            let length = u32::try_from(data.len()).unwrap().to_be_bytes();
            [&length[..], kind, data, &crc.sum().to_be_bytes()].concat()
        };
        let head =
            [&30_000_u32.to_be_bytes()[..], &30_000_u32.to_be_bytes(), b"\x01\0\0\0\0"].concat();
        let large = [
            b"\x89PNG\r\n\x1a\n",
            &chunk(b"IHDR", &head)[..],
            &chunk(b"IDAT", &row.finish().unwrap()),
            &chunk(b"IEND", b""),
        ]
        .concat();
        let shown = look(FileKind::Png, &large).unwrap();
        assert!(shown.unread && shown.codes.is_empty() && shown.print.is_none());
        // A wall of the squares that codes are found by.
        let finder = code(4, BLACK, WHITE);
        let mut wall = RgbaImage::from_pixel(1600, 1600, WHITE);
        for at in 0..50 * 50 {
            let corner = imageops::crop_imm(&finder, 8, 8, 32, 32).to_image();
            imageops::overlay(&mut wall, &corner, i64::from(at % 50) * 32, i64::from(at / 50) * 32);
        }
        let wall = grey(DynamicImage::ImageRgba8(wall));
        assert!(codes(vec![wall], Duration::from_millis(200)).is_none_or(|c| c.len() <= CODES));
        // Cut off, and none at all.
        let whole = png(&finder);
        for end in (0..whole.len()).step_by(97) {
            let _ = look(FileKind::Png, &whole[..end]);
        }
    }
}
