//! Pictures inside an image: in a screenshot of a page, between bars, in a collage.
//!
//! A page is cut along its plain rows and columns, and what is left between them again (recursive
//! XY-cut: Nagy and Seth, "Hierarchical representation of optically scanned documents", 1984),
//! until nothing plain runs through. A piece is a picture if it is a rectangle to its edges, which
//! a thing in front of a plain background is not, and has a photograph's many colours, which text
//! and charts have not. What is looked at are samples of each row and column, and no more of them
//! than it takes to see that a line is not plain: an ordinary photograph costs next to nothing.

use super::rectangle::Rectangle;
use super::rgb8::Rgb8;

/// Most pictures that are offered of one image.
pub const MAX_PICTURES: usize = 64;

/// Shortest side of a picture worth a verdict of its own.
const MIN_SIDE: usize = 128;
/// Smallest share of the image's area.
const MIN_AREA: f64 = 0.01;
/// Largest share: where a picture fills the image, a crop is hardly another image.
const MAX_AREA: f64 = 0.92;
/// Most samples of a line.
const SAMPLES: usize = 128;
/// How far samples of a plain line may lie from its colour, in levels of a channel.
const PLAIN: i32 = 4;
/// The same of lines of a known colour, beside which compression has left something.
const NEARLY: i32 = 20;
/// The same of their colour.
const NEARLY_COLOUR: i32 = 60;
/// One of so many samples of these may lie further.
const NEARLY_STRAY: usize = 32;
/// One of so many samples may lie further: where a thin line or a scroll bar crosses.
const STRAY: usize = 100;
/// Plain lines whose colours are nearer than this, and not the same, belong to a gradient.
const GRADIENT: i32 = 12;
/// How far inside of where plain lines end an edge is looked for: compression rings as far.
const EDGE_REACH: usize = 20;
/// Least difference between a picture's edge and what lies outside of it.
const STEP: i32 = 12;
/// Least share of an edge, but for its ends, where corners may be round, that has this step.
const EDGE_SHARE: f64 = 0.5;
/// Least share of all edges together.
const EDGES_SHARE: f64 = 0.7;
/// The same of one edge of three or four, if all others are clear.
const FAINT_SHARE: f64 = 0.3;
/// Share of a clear edge.
const CLEAR_SHARE: f64 = 0.85;
/// Share of the image that a collage without a frame covers.
const COLLAGE_AREA: f64 = 0.8;
/// The same of pictures that no clearly plain line separates.
const GUESSED_AREA: f64 = 0.5;
/// Share of an edge at each end that may be round.
const ROUND: f64 = 0.1;
/// Samples of a picture's texture, across and down.
const TEXTURE: usize = 64;
/// Texture is looked at over two pixels, and one for so many of its width.
const REACH: usize = 256;
/// Steps of a soft and of a hard edge over this distance.
const SOFT_STEPS: std::ops::RangeInclusive<i32> = 2..=24;
const HARD_STEP: i32 = 60;
/// A photograph has this share of places where colours pass into each other, at least so many of
/// 4,096 colours, and at most this share of the commonest.
const SOFT: f64 = 0.36;
const SOFT_COLOURS: usize = 30;
const SOFT_GROUND: f64 = 0.75;
/// The same of pictures with hard edges, which type and charts come nearer to.
const MIN_SOFT: f64 = 0.2;
const MIN_COLOURS: usize = 80;
const MAX_GROUND: f64 = 0.45;
/// What lies below this share of the commonest colour has no ground.
const NO_GROUND: f64 = 0.25;
/// Places with a hard edge are fewer than the soft ones by this factor, unless there is no ground.
const HARD: f64 = 6.0;
/// Deepest nesting of cuts.
const MAX_DEPTH: usize = 12;

type Colour = [u8; 3];

/// Colours that are told apart where they are counted.
const BINS: usize = 1 << 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axis {
    Rows,
    Columns,
}

/// A part of an image and the colours beside it; `None` where it ends with the image.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins and ends: left to right, top to bottom.
    x: (usize, usize),
    y: (usize, usize),
    left: Option<Colour>,
    right: Option<Colour>,
    top: Option<Colour>,
    bottom: Option<Colour>,
}

/// The pictures in an image that is more than one picture, in reading order; none in one that is
/// just a picture.
#[must_use]
pub fn pictures(image: &Rgb8) -> Vec<Rectangle> {
    let whole = Piece {
        x: (0, image.width() as usize),
        y: (0, image.height() as usize),
        left: None,
        right: None,
        top: None,
        bottom: None,
    };
    let area = (whole.x.1 * whole.y.1) as f64;
    let mut found = Vec::new();
    Page { image, area }.explore(whole, MAX_DEPTH, &mut found);
    let covered: f64 = found.iter().map(|found| found.piece.area()).sum();
    let several = found.len() > 1;
    // Plain on one side only is a sky, unless there is another picture behind it.
    found.retain(|found| match found.piece.ends() {
        Ends::Between => true,
        Ends::Corner => several,
        Ends::One => several && covered >= COLLAGE_AREA * area,
    });
    // By hand: the library's sorting takes more bytes in browsers than all of this.
    let mut sorted: Vec<Rectangle> = Vec::new();
    for picture in found.iter().map(|found| found.piece.rectangle()) {
        let place = (picture.y, picture.x);
        let at = sorted.iter().take_while(|before| (before.y, before.x) <= place).count();
        sorted.insert(at, picture);
    }
    sorted.truncate(MAX_PICTURES);
    sorted
}

struct Page<'a> {
    image: &'a Rgb8,
    area: f64,
}

impl Page<'_> {
    /// Adds the pictures of a piece.
    fn explore(&self, piece: Piece, depth: usize, found: &mut Vec<Found>) {
        if !self.is_large(piece) {
            return;
        }
        let before = found.len();
        let mut whole = true;
        if depth > 0 {
            for axis in [Axis::Rows, Axis::Columns] {
                let Some(cut) = self.cut(piece, axis) else { continue };
                for part in cut.parts {
                    self.explore(part, depth - 1, found);
                }
                whole = !cut.by_outside;
                if cut.by_guess && !self.is_collage(found) {
                    found.clear();
                }
                break;
            }
        }
        // What was cut where it is plain itself, such as along its sky, has no pictures in it, or
        // one that is less of a rectangle.
        let least = match found.get(before..) {
            Some([]) => 0.0,
            Some([part]) if part.least < CLEAR_SHARE => CLEAR_SHARE,
            _ => return,
        };
        if let Some(picture) = self.picture(piece).filter(|picture| whole && picture.least >= least)
        {
            found.truncate(before);
            found.push(picture);
        }
    }

    /// Whether pictures that are cut by nothing that is clearly plain fill the image, each of them
    /// clear.
    fn is_collage(&self, found: &[Found]) -> bool {
        let covered: f64 = found.iter().map(|found| found.piece.area()).sum();
        let clear = found.iter().filter(|found| found.least >= CLEAR_SHARE).count();
        clear > 1 && 4 * clear >= 3 * found.len() && covered >= GUESSED_AREA * self.area
    }

    fn is_large(&self, piece: Piece) -> bool {
        let (width, height) = piece.size();
        width.min(height) >= MIN_SIDE && (width * height) as f64 >= MIN_AREA * self.area
    }

    /// What lies between the lines of a piece that are its ground; `None` if there are none.
    fn cut(&self, piece: Piece, axis: Axis) -> Option<Cut> {
        let (first, end) = piece.extent(axis);
        let mut lines: Vec<Option<Colour>> =
            (first..end).map(|line| self.plain(piece, axis, line, 0.0, false)).collect();
        drop_gradients(&mut lines);
        let by_guess = piece.is_whole() && lines.iter().all(Option::is_none);
        if by_guess {
            lines = (first..end).map(|line| self.plain(piece, axis, line, 0.0, true)).collect();
        }
        let grounds = piece.grounds(&lines);
        for (line, colour) in lines.iter_mut().enumerate() {
            let near = |ground: &&Colour| match colour {
                Some(colour) => distance(*colour, **ground) <= GRADIENT,
                None => self.is_nearly(piece, axis, first + line, **ground),
            };
            *colour = grounds.iter().find(near).copied();
        }
        let count = lines.len();
        // A card's own margin, whose corners may be round.
        self.trim(piece, axis, &mut lines, &mut (0..count));
        self.trim(piece, axis, &mut lines, &mut (0..count).rev());
        let mut cut = Cut { parts: Vec::new(), by_outside: false, by_guess };
        let (mut before, after) = piece.beside(axis);
        let (mut start, mut any) = (0, false);
        for (line, colour) in lines.iter().enumerate() {
            let Some(colour) = *colour else { continue };
            any = true;
            cut.by_outside |= piece.is_outside(colour);
            if line > start {
                let extent = (first + start, first + line);
                cut.parts.push(piece.part(axis, extent, (before, Some(colour))));
            }
            (start, before) = (line + 1, Some(colour));
        }
        if start < count {
            cut.parts.push(piece.part(axis, (first + start, end), (before, after)));
        }
        any.then_some(cut)
    }

    /// Marks the lines from a piece's edge on that are of one colour, but for their ends.
    fn trim(
        &self,
        piece: Piece,
        axis: Axis,
        lines: &mut [Option<Colour>],
        order: &mut dyn Iterator<Item = usize>,
    ) {
        let first = piece.extent(axis).0;
        let mut margin: Option<Colour> = None;
        for line in order {
            let plain = lines[line].or_else(|| self.plain(piece, axis, first + line, ROUND, false));
            match (plain, margin) {
                (Some(colour), None) => margin = Some(colour),
                (Some(colour), Some(margin)) if distance(colour, margin) <= PLAIN => {}
                _ => return,
            }
            lines[line] = margin;
        }
    }

    /// The colour of a line that has just one, but for this share at each of its ends.
    fn plain(
        &self,
        piece: Piece,
        axis: Axis,
        line: usize,
        round: f64,
        loose: bool,
    ) -> Option<Colour> {
        let samples = self.samples(piece, axis, line, round);
        let count = samples.count;
        let some: [Colour; 5] =
            std::array::from_fn(|index| samples.get((2 * index + 1) * count / 10));
        let colour = std::array::from_fn(|channel| median(some.map(|colour| colour[channel])));
        let plain = if loose {
            samples.are(count / NEARLY_STRAY, |sample| is_near(sample, colour))
        } else {
            samples.are(count / STRAY, |sample| distance(sample, colour) <= PLAIN)
        };
        plain.then_some(colour)
    }

    /// Whether a line is of a known colour, but for what compression leaves beside a picture.
    fn is_nearly(&self, piece: Piece, axis: Axis, line: usize, colour: Colour) -> bool {
        let samples = self.samples(piece, axis, line, 0.0);
        samples.are(samples.count / NEARLY_STRAY, |sample| is_near(sample, colour))
    }

    fn samples(&self, piece: Piece, axis: Axis, line: usize, round: f64) -> Samples<'_> {
        let (start, end) = piece.extent(axis.other());
        let round = ((end - start) as f64 * round) as usize;
        let (start, length) = (start + round, end - start - 2 * round);
        Samples { page: self, axis, line, start, length, count: length.min(SAMPLES) }
    }

    fn pixel(&self, x: usize, y: usize) -> Colour {
        let at = (y * self.image.width() as usize + x) * 3;
        let pixels = self.image.pixels();
        [pixels[at], pixels[at + 1], pixels[at + 2]]
    }

    /// The piece as a picture, if it is one.
    fn picture(&self, piece: Piece) -> Option<Found> {
        let mut piece = piece;
        let mut shares = Vec::with_capacity(4);
        for (axis, at_end) in
            [(Axis::Rows, false), (Axis::Rows, true), (Axis::Columns, false), (Axis::Columns, true)]
        {
            shares.extend(self.refine(&mut piece, axis, at_end));
        }
        if shares.is_empty() || !self.is_large(piece) || piece.area() > MAX_AREA * self.area {
            return None;
        }
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let least = shares.iter().copied().fold(1.0, f64::min);
        let below = shares.iter().filter(|share| **share < CLEAR_SHARE).count();
        // One side may be as dark or as light as what lies beside it.
        let clear = least >= EDGE_SHARE && mean >= EDGES_SHARE
            || shares.len() > 2 && least >= FAINT_SHARE && below < 2;
        (clear && self.texture(piece).is_rich()).then_some(Found { piece, least })
    }

    /// Moves an edge to where the step is, and says how much of the edge has one; `None` at the
    /// image's own edge.
    fn refine(&self, piece: &mut Piece, axis: Axis, at_end: bool) -> Option<f64> {
        let beside = piece.beside(axis);
        let outside = if at_end { beside.1 } else { beside.0 }?;
        let (first, end) = piece.extent(axis);
        let reach = EDGE_REACH.min((end - first) / 4);
        let mut levels = Vec::with_capacity(reach);
        let mut count = 1;
        for depth in 0..reach {
            let line = if at_end { end - 1 - depth } else { first + depth };
            let samples = self.samples(*piece, axis, line, ROUND);
            count = samples.count;
            let (mut sum, mut steps) = (0, 0);
            for index in 0..count {
                let away = distance(samples.get(index), outside);
                sum += away.min(4 * STEP);
                steps += usize::from(away > STEP);
            }
            levels.push((sum, steps));
        }
        let most = levels.iter().map(|(sum, _)| *sum).max()?;
        let depth = levels.iter().position(|(sum, _)| 2 * sum >= most)?;
        let steps = levels[depth..].iter().take(3).map(|(_, steps)| *steps).max()?;
        piece.shrink(axis, at_end, depth);
        Some(steps as f64 / count as f64)
    }

    fn texture(&self, piece: Piece) -> Texture {
        let (width, height) = piece.size();
        let mut counts = vec![0_u16; BINS];
        let (mut soft, mut hard) = (0_usize, 0_usize);
        // What was enlarged changes as slowly.
        let reach = 2 + width / REACH;
        for row in 0..TEXTURE {
            let y = piece.y.0 + (2 * row + 1) * height / (2 * TEXTURE);
            for column in 0..TEXTURE {
                let x = piece.x.0 + reach + (2 * column + 1) * (width - reach) / (2 * TEXTURE);
                let colour = self.pixel(x, y);
                counts[bin(colour)] += 1;
                let next = self.pixel(x - reach, y);
                let step = distance(colour, next);
                soft += usize::from(SOFT_STEPS.contains(&step));
                hard += usize::from(step > HARD_STEP);
            }
        }
        let share = |count: usize| count as f64 / (TEXTURE * TEXTURE) as f64;
        Texture {
            ground: share(counts.iter().copied().max().map_or(0, usize::from)),
            colours: counts.iter().filter(|count| **count > 0).count(),
            soft: share(soft),
            hard: share(hard),
        }
    }
}

/// What a rectangle looks like.
struct Texture {
    /// The share of the commonest colour.
    ground: f64,
    colours: usize,
    /// The share of places where colours pass into each other, as they do in photographs, and of
    /// those where they end, as in type and charts.
    soft: f64,
    hard: f64,
}

impl Texture {
    /// Whether this may be a photograph or a painting.
    fn is_rich(&self) -> bool {
        let Self { ground, colours, soft, hard } = *self;
        let photograph = soft >= SOFT && ground <= SOFT_GROUND && colours >= SOFT_COLOURS;
        let drawing = soft >= MIN_SOFT && ground <= MAX_GROUND && colours >= MIN_COLOURS;
        // Type has a ground, and its edges are hard.
        (photograph || drawing) && (ground <= NO_GROUND || HARD * hard <= soft)
    }
}

/// A picture, and the least share of an edge that can be seen.
struct Found {
    piece: Piece,
    least: f64,
}

/// Which of a picture's sides are not the image's own.
enum Ends {
    /// Two that lie across from each other, at least.
    Between,
    /// Two that meet.
    Corner,
    /// One.
    One,
}

/// A piece in parts.
struct Cut {
    parts: Vec<Piece>,
    /// Whether a plain line has the colour of what lies outside of the piece.
    by_outside: bool,
    /// Whether no line is plain but for what compression may have left.
    by_guess: bool,
}

/// Pixels along a line.
struct Samples<'a> {
    page: &'a Page<'a>,
    axis: Axis,
    line: usize,
    start: usize,
    length: usize,
    count: usize,
}

impl Samples<'_> {
    fn get(&self, index: usize) -> Colour {
        let along = self.start + (2 * index + 1) * self.length / (2 * self.count);
        match self.axis {
            Axis::Rows => self.page.pixel(along, self.line),
            Axis::Columns => self.page.pixel(self.line, along),
        }
    }

    /// Whether all but some are as they should be.
    fn are(&self, mut stray: usize, so: impl Fn(Colour) -> bool) -> bool {
        (0..self.count).all(|index| {
            so(self.get(index)) || {
                let may = stray > 0;
                stray = stray.saturating_sub(1);
                may
            }
        })
    }
}

/// Takes away plain lines whose colours pass into each other.
fn drop_gradients(lines: &mut [Option<Colour>]) {
    let mut first = 0;
    while first < lines.len() {
        let Some(colour) = lines[first] else {
            first += 1;
            continue;
        };
        let (mut last, mut same, mut end) = (colour, true, first + 1);
        while let Some(next) = lines.get(end).copied().flatten() {
            // Another plain area begins.
            if distance(next, last) > GRADIENT {
                break;
            }
            same &= distance(next, colour) <= PLAIN;
            (last, end) = (next, end + 1);
        }
        if !same {
            lines[first..end].fill(None);
        }
        first = end;
    }
}

impl Axis {
    fn other(self) -> Self {
        match self {
            Self::Rows => Self::Columns,
            Self::Columns => Self::Rows,
        }
    }
}

impl Piece {
    fn size(&self) -> (usize, usize) {
        (self.x.1 - self.x.0, self.y.1 - self.y.0)
    }

    fn area(&self) -> f64 {
        let (width, height) = self.size();
        (width * height) as f64
    }

    fn ends(&self) -> Ends {
        let across = [self.left, self.right].iter().flatten().count();
        let down = [self.top, self.bottom].iter().flatten().count();
        match (across, down) {
            (2, _) | (_, 2) => Ends::Between,
            (1, 1) => Ends::Corner,
            _ => Ends::One,
        }
    }

    /// Whether nothing lies beside the piece.
    fn is_whole(&self) -> bool {
        [self.left, self.right, self.top, self.bottom].iter().all(Option::is_none)
    }

    /// Whether a colour is one that lies beside the piece.
    fn is_outside(&self, colour: Colour) -> bool {
        let beside = [self.left, self.right, self.top, self.bottom];
        beside.into_iter().flatten().any(|outside| distance(outside, colour) <= GRADIENT)
    }

    /// The colours that separate parts: those outside of the piece, where it has lines of them,
    /// else that of most of its plain lines.
    fn grounds(&self, lines: &[Option<Colour>]) -> Vec<Colour> {
        let plain = || lines.iter().flatten().copied();
        let mut outside: Vec<Colour> = Vec::new();
        for colour in [self.left, self.right, self.top, self.bottom].into_iter().flatten() {
            if outside.iter().all(|other| distance(*other, colour) > PLAIN) {
                outside.push(colour);
            }
        }
        if plain().any(|colour| self.is_outside(colour)) {
            return outside;
        }
        // An image may have thousands of plain colours.
        let mut counts = vec![0_usize; BINS];
        plain().for_each(|colour| counts[bin(colour)] += 1);
        match plain().max_by_key(|colour| counts[bin(*colour)]) {
            Some(colour) => vec![colour],
            None => outside,
        }
    }

    /// The lines along an axis.
    fn extent(&self, axis: Axis) -> (usize, usize) {
        match axis {
            Axis::Rows => self.y,
            Axis::Columns => self.x,
        }
    }

    /// The colours before the first line and behind the last.
    fn beside(&self, axis: Axis) -> (Option<Colour>, Option<Colour>) {
        match axis {
            Axis::Rows => (self.top, self.bottom),
            Axis::Columns => (self.left, self.right),
        }
    }

    fn part(
        self,
        axis: Axis,
        extent: (usize, usize),
        (before, after): (Option<Colour>, Option<Colour>),
    ) -> Self {
        match axis {
            Axis::Rows => Self { y: extent, top: before, bottom: after, ..self },
            Axis::Columns => Self { x: extent, left: before, right: after, ..self },
        }
    }

    fn shrink(&mut self, axis: Axis, at_end: bool, lines: usize) {
        let extent = match axis {
            Axis::Rows => &mut self.y,
            Axis::Columns => &mut self.x,
        };
        if at_end {
            extent.1 -= lines;
        } else {
            extent.0 += lines;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "within an image")]
    fn rectangle(&self) -> Rectangle {
        let (width, height) = self.size();
        Rectangle {
            x: self.x.0 as u32,
            y: self.y.0 as u32,
            width: width as u32,
            height: height as u32,
        }
    }
}

/// One of 4,096 colours: four bits of each channel.
fn bin([red, green, blue]: Colour) -> usize {
    usize::from(red >> 4) << 8 | usize::from(green & 0xf0) | usize::from(blue >> 4)
}

fn median(mut values: [u8; 5]) -> u8 {
    for first in 0..3 {
        for other in first + 1..5 {
            if values[other] < values[first] {
                values.swap(first, other);
            }
        }
    }
    values[2]
}

/// Whether a colour is another, compressed beside a picture: that spares the brightness most.
fn is_near(colour: Colour, other: Colour) -> bool {
    let brightness =
        |[red, green, blue]: Colour| i32::from(red) + 2 * i32::from(green) + i32::from(blue);
    (brightness(colour) - brightness(other)).abs() <= 4 * NEARLY
        && distance(colour, other) <= NEARLY_COLOUR
}

/// The largest difference of a channel.
fn distance(a: Colour, b: Colour) -> i32 {
    let of = |channel: usize| (i32::from(a[channel]) - i32::from(b[channel])).abs();
    of(0).max(of(1)).max(of(2))
}
