//! Pictures inside an image: pages, bars and collages whose rectangles are known, and what is none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use clipsight::image::{Delivery, Rectangle, Rgb8, pictures};
use clipsight::rng::Rng;

type Colour = [u8; 3];

const WHITE: Colour = [255; 3];
const BLACK: Colour = [0; 3];
const DARK: Colour = [21, 32, 43];
const PALE: Colour = [240, 242, 245];
const INK: Colour = [15, 20, 25];

/// How far an edge may lie from the truth in a picture that was saved as JPEG.
const JPEG_PIXELS: u32 = 2;

fn part(x: u32, y: u32, width: u32, height: u32) -> Rectangle {
    Rectangle { x, y, width, height }
}

/// What a picture is painted on.
struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(width: u32, height: u32, colour: Colour) -> Self {
        let count = (width * height) as usize;
        Self { width, height, pixels: colour.repeat(count) }
    }

    fn set(&mut self, x: u32, y: u32, colour: Colour) {
        let at = ((y * self.width + x) * 3) as usize;
        self.pixels[at..at + 3].copy_from_slice(&colour);
    }

    fn fill(&mut self, place: Rectangle, colour: Colour) {
        self.paint(place, |_, _| colour);
    }

    /// Paints a rectangle by the place in it, 0 to 1 across and down.
    fn paint(&mut self, place: Rectangle, colour: impl Fn(f64, f64) -> Colour) {
        for y in 0..place.height {
            for x in 0..place.width {
                let [across, down] = [(x, place.width), (y, place.height)]
                    .map(|(at, side)| f64::from(at) / f64::from(side));
                self.set(place.x + x, place.y + y, colour(across, down));
            }
        }
    }

    /// Something like a photograph: soft spots of many sizes, and a little noise.
    fn photo(&mut self, place: Rectangle, seed: u64) {
        let mut rng = Rng::new(seed);
        let spots: Vec<_> = (0..60)
            .map(|_| {
                let size = rng.between(0.03, 0.35);
                let middle = (rng.uniform(), rng.uniform());
                let colour: [f64; 3] = std::array::from_fn(|_| rng.between(-120.0, 120.0));
                (middle, size, colour)
            })
            .collect();
        let noise: Vec<f64> = (0..4096).map(|_| rng.between(-9.0, 9.0)).collect();
        let ground: [f64; 3] = std::array::from_fn(|_| rng.between(80.0, 170.0));
        self.paint(place, |across, down| {
            let mut colour = ground;
            for ((x, y), size, tint) in &spots {
                let away = ((across - x) / size).powi(2) + ((down - y) / size).powi(2);
                if away < 9.0 {
                    let share = (-away).exp();
                    colour.iter_mut().zip(tint).for_each(|(value, tint)| *value += share * tint);
                }
            }
            let grain =
                noise[((across * 9973.0) as usize * 31 + (down * 7919.0) as usize * 17) % 4096];
            // Never as light or dark as the pages.
            colour.map(|value| (value + grain).clamp(52.0, 205.0) as u8)
        });
    }

    /// Lines of something like type.
    fn text(&mut self, place: Rectangle, ink: Colour, seed: u64) {
        let mut rng = Rng::new(seed);
        let (size, leading) = (10, 20);
        for line in 0..place.height / leading {
            let mut x = 0;
            while x + 8 < place.width {
                if rng.chance(0.83) {
                    let tall = if rng.chance(0.3) { size } else { 7 };
                    let y = place.y + line * leading + size - tall;
                    self.fill(part(place.x + x, y, 2, tall), ink);
                    self.fill(part(place.x + x, place.y + line * leading + size - 2, 5, 2), ink);
                }
                x += 8;
            }
        }
    }

    /// Rounds the corners of a rectangle, as style sheets do.
    fn round(&mut self, place: Rectangle, radius: u32, colour: Colour) {
        let r = f64::from(radius);
        for y in 0..place.height {
            for x in 0..place.width {
                let from_edge = |at: u32, side: u32| f64::from(at.min(side - 1 - at)) + 0.5;
                let (a, b) = (from_edge(x, place.width), from_edge(y, place.height));
                if a < r && b < r && (r - a).hypot(r - b) > r {
                    self.set(place.x + x, place.y + y, colour);
                }
            }
        }
    }

    fn image(self) -> Rgb8 {
        Rgb8::new(self.width, self.height, self.pixels).unwrap()
    }
}

/// Whether exactly these rectangles are found, to so many pixels.
fn check(name: &str, image: &Rgb8, truth: &[Rectangle], pixels: u32) {
    let found = pictures(image);
    let near = |a: &Rectangle, b: &Rectangle| {
        let edges = |one: &Rectangle| [one.x, one.y, one.x + one.width, one.y + one.height];
        edges(a).into_iter().zip(edges(b)).all(|(a, b)| a.abs_diff(b) <= pixels)
    };
    let all = truth.iter().all(|truth| found.iter().any(|found| near(found, truth)));
    assert!(all && found.len() == truth.len(), "{name}: {found:?} instead of {truth:?}");
}

/// The same as it is, and saved as JPEG of quality 60.
fn check_saved(name: &str, canvas: Canvas, truth: &[Rectangle]) {
    let image = canvas.image();
    check(name, &image, truth, 0);
    let jpeg = Delivery::Jpeg.apply(&image).unwrap();
    check(&format!("{name}, as JPEG"), &jpeg, truth, JPEG_PIXELS);
}

#[test]
fn a_picture_between_bars() {
    for (bars, colour) in [("black", BLACK), ("white", WHITE), ("dark", DARK), ("pale", PALE)] {
        for (shape, place) in [
            ("above and below", part(0, 133, 480, 321)),
            ("left and right", part(77, 0, 301, 600)),
            ("around", part(41, 52, 390, 467)),
            ("above and below, unequal", part(0, 201, 480, 290)),
        ] {
            let mut canvas = Canvas::new(480, 600, colour);
            canvas.photo(place, u64::from(place.x + place.y));
            check_saved(&format!("{bars} bars {shape}"), canvas, &[place]);
        }
    }
}

/// A page with a heading, pictures and text under them, on cards of another colour.
fn feed(page: Colour, card: Colour, ink: Colour, radius: u32) -> (Canvas, Vec<Rectangle>) {
    let mut canvas = Canvas::new(1280, 1000, page);
    canvas.text(part(40, 60, 180, 400), ink, 1);
    canvas.text(part(980, 60, 240, 500), ink, 2);
    let mut truth = Vec::new();
    for (index, y) in [30_u32, 520].into_iter().enumerate() {
        canvas.fill(part(340, y, 560, 460), card);
        canvas.text(part(360, y + 16, 500, 40), ink, 3 + index as u64);
        let place = part(360, y + 77, 520, 293);
        canvas.photo(place, 7 + index as u64);
        canvas.round(place, radius, card);
        canvas.text(part(360, y + 400, 300, 40), ink, 5 + index as u64);
        truth.push(place);
    }
    (canvas, truth)
}

#[test]
fn pictures_on_a_page() {
    for (name, page, card, ink) in [
        ("light", PALE, WHITE, INK),
        ("white", WHITE, WHITE, INK),
        ("dark", DARK, [30, 39, 50], PALE),
        ("black", BLACK, BLACK, WHITE),
    ] {
        for radius in [0, 16] {
            let (canvas, truth) = feed(page, card, ink, radius);
            check_saved(&format!("{name}, corners of {radius}"), canvas, &truth);
        }
    }
}

#[test]
fn pictures_as_wide_as_a_phone() {
    let mut canvas = Canvas::new(780, 1688, WHITE);
    canvas.text(part(30, 20, 700, 20), INK, 1);
    let truth = [part(0, 180, 780, 585), part(0, 1003, 780, 520)];
    for (index, place) in truth.into_iter().enumerate() {
        canvas.photo(place, 20 + index as u64);
        canvas.text(part(30, place.y - 90, 600, 60), INK, 2);
        canvas.text(part(30, place.y + place.height + 30, 500, 40), INK, 3);
    }
    check_saved("phone", canvas, &truth);
}

#[test]
fn a_picture_in_a_bubble_with_round_corners() {
    let mut canvas = Canvas::new(780, 1200, DARK);
    for (index, y) in [60, 150, 900, 1000].into_iter().enumerate() {
        let bubble = part(40, y, 420, 70);
        canvas.fill(bubble, [0, 92, 75]);
        canvas.round(bubble, 30, DARK);
        canvas.text(part(70, y + 22, 340, 40), PALE, index as u64);
    }
    let bubble = part(240, 260, 500, 600);
    canvas.fill(bubble, [0, 92, 75]);
    canvas.round(bubble, 32, DARK);
    let place = part(256, 276, 468, 568);
    canvas.photo(place, 9);
    canvas.round(place, 24, [0, 92, 75]);
    check_saved("bubble", canvas, &[place]);
}

/// A grid of pictures with gutters, in a frame or not.
fn grid(
    (columns, rows): (u32, u32),
    gutter: u32,
    frame: u32,
    colour: Colour,
) -> (Canvas, Vec<Rectangle>) {
    let (width, height) = (230, 190);
    let side = |count: u32, length: u32| count * length + (count - 1) * gutter + 2 * frame;
    let mut canvas = Canvas::new(side(columns, width), side(rows, height), colour);
    let mut truth = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let x = frame + column * (width + gutter);
            let place = part(x, frame + row * (height + gutter), width, height);
            canvas.photo(place, u64::from(row * columns + column) + 40);
            truth.push(place);
        }
    }
    (canvas, truth)
}

#[test]
fn collages_with_gutters_and_with_and_without_a_frame() {
    for colour in [WHITE, BLACK] {
        for shape in [(2, 1), (1, 2), (2, 2), (3, 3)] {
            for gutter in [4, 9, 24] {
                for frame in [0, gutter] {
                    let (canvas, truth) = grid(shape, gutter, frame, colour);
                    let name = format!("{shape:?}, {colour:?}, gutter {gutter}, frame {frame}");
                    check_saved(&name, canvas, &truth);
                }
            }
            // Thinner ones are seen where nothing was compressed.
            for gutter in [1, 2] {
                let (canvas, truth) = grid(shape, gutter, 0, colour);
                check(&format!("{shape:?}, gutter {gutter}"), &canvas.image(), &truth, 0);
            }
        }
    }
}

/// Nothing is found, as it is and saved as JPEG.
fn check_none(name: &str, canvas: Canvas) {
    check_saved(name, canvas, &[]);
}

#[test]
fn photographs_are_no_pages() {
    for (width, height) in [(288, 288), (640, 480), (300, 900), (1600, 700)] {
        let whole = part(0, 0, width, height);
        let mut canvas = Canvas::new(width, height, WHITE);
        canvas.photo(whole, 3);
        check_none("photograph", canvas);

        // A sky of one colour, of two that pass into each other, and above an uneven land.
        let low = part(0, height * 2 / 5, width, height - height * 2 / 5);
        let mut canvas = Canvas::new(width, height, [150, 190, 235]);
        canvas.photo(low, 4);
        check_none("plain sky over the sea", canvas);
        let mut canvas = Canvas::new(width, height, WHITE);
        canvas.paint(whole, |_, down| [120, 160, (150.0 + 100.0 * down) as u8]);
        canvas.photo(low, 5);
        check_none("sky that grows lighter", canvas);

        // Something in front of a plain wall.
        for ground in [WHITE, BLACK, [128, 120, 110]] {
            let mut canvas = Canvas::new(width, height, WHITE);
            canvas.photo(whole, 6);
            let (w, h) = (f64::from(width), f64::from(height));
            for y in 0..height {
                for x in 0..width {
                    let (a, b) = (f64::from(x) / w - 0.5, f64::from(y) / h - 0.5);
                    if (a / 0.33).powi(2) + (b / 0.4).powi(2) > 1.0 {
                        canvas.set(x, y, ground);
                    }
                }
            }
            check_none(&format!("in front of {ground:?}"), canvas);
        }
    }
}

#[test]
fn text_charts_and_drawings_are_no_pictures() {
    let mut canvas = Canvas::new(900, 1200, WHITE);
    canvas.text(part(80, 80, 740, 1040), INK, 1);
    check_none("text", canvas);

    let mut canvas = Canvas::new(900, 700, WHITE);
    canvas.text(part(80, 20, 300, 20), INK, 1);
    canvas.fill(part(80, 80, 740, 500), PALE);
    let colours = [[78, 121, 167], [242, 142, 43], [225, 87, 89], [118, 183, 178]];
    for index in 0..12_u32 {
        let height = 100 + index * 37 % 330;
        let bar = part(110 + index * 58, 580 - height, 44, height);
        canvas.fill(bar, colours[index as usize % 4]);
    }
    check_none("chart", canvas);

    let mut canvas = Canvas::new(800, 600, WHITE);
    for (index, colour) in colours.into_iter().enumerate() {
        let place = part(100 + 150 * index as u32, 150, 140, 300);
        canvas.fill(place, colour);
        canvas.text(part(place.x + 10, 170, 120, 260), WHITE, 4);
    }
    check_none("cards", canvas);
}

#[test]
fn pictures_too_small_for_a_verdict_or_nearly_the_image_itself_are_not_offered() {
    let mut canvas = Canvas::new(800, 600, WHITE);
    canvas.photo(part(50, 50, 127, 300), 1);
    canvas.photo(part(300, 100, 128, 128), 2);
    check("small", &canvas.image(), &[part(300, 100, 128, 128)], 0);
    let mut canvas = Canvas::new(800, 600, WHITE);
    canvas.photo(part(10, 10, 780, 580), 3);
    check_none("nearly all", canvas);
}

#[test]
fn any_image_is_taken() {
    for width in 1..40 {
        for height in 1..40 {
            assert_eq!(pictures(&Canvas::new(width, height, WHITE).image()), []);
        }
    }
    for (width, height) in [(1, 16_384), (16_384, 1), (129, 16_384), (4000, 3)] {
        assert_eq!(pictures(&Canvas::new(width, height, DARK).image()), []);
    }
    let mut rng = Rng::new(1);
    for (width, height) in [(200, 200), (513, 129), (130, 700)] {
        let pixels = (0..width * height * 3).map(|_| rng.below(256) as u8).collect();
        assert_eq!(pictures(&Rgb8::new(width, height, pixels).unwrap()), []);
    }
    // More pictures than are offered.
    let (canvas, truth) = grid((9, 9), 8, 8, WHITE);
    assert_eq!(pictures(&canvas.image()), truth[..clipsight::image::MAX_PICTURES]);
}
