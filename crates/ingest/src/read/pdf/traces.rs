//! What a page of a PDF paints where: which of its letters are written without being painted, and where else there is ink.
//!
//! Owns the walk over a page's drawing by `hayro`'s interpreter, which paints nothing here. Points, y upwards, as the
//! letters of the text layer have them.

use std::collections::HashMap;

use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint, SoftMask,
};
use hayro::kurbo::{Affine, BezPath, Rect, Shape as _};

/// What shines through less than this is not seen.
const FAINT: f32 = 0.06;

/// Strokes and pictures that are kept: a page of text drawn as outlines has some ten thousand.
const MAX_INK: usize = 20_000;

/// Letters of a page that are kept: a newspaper's page has some thirty thousand.
const MAX_LETTERS: usize = 200_000;

/// A letter of the text layer and the one that is drawn begin this near to one another, in points: both are counted from the
/// same numbers.
const NEAR: f64 = 0.5;

/// A letter where it is drawn.
struct Drawn {
    x: f64,
    y: f64,
    /// What it says, where its font tells.
    says: Option<BfString>,
    painted: bool,
}

impl Drawn {
    fn distance(&self, x: f64, y: f64) -> f64 {
        (self.x - x).hypot(self.y - y)
    }

    fn is(&self, letter: char) -> bool {
        match &self.says {
            Some(BfString::Char(says)) => *says == letter,
            Some(BfString::String(says)) => says.contains(letter),
            None => false,
        }
    }
}

/// Outlines of letters and pictures of a page, and which letters are painted.
#[derive(Default)]
pub(super) struct Traces {
    /// By their place in whole points.
    letters: HashMap<(i64, i64), Vec<Drawn>>,
    count: usize,
    ink: Vec<Rect>,
    /// How much the groups now open let through.
    opacity: Vec<f32>,
}

impl Traces {
    /// Tells whether a letter that begins here is painted; nothing when none begins here.
    pub(super) fn painted(&self, letter: char, x: f32, y: f32) -> Option<bool> {
        let (x, y) = (f64::from(x), f64::from(y));
        let (column, row) = cell(x, y);
        let around = (-1..=1).flat_map(|right| (-1..=1).map(move |up| (column + right, row + up)));
        let near = around.filter_map(|cell| self.letters.get(&cell)).flatten();
        let near = near.filter(|drawn| drawn.distance(x, y) <= NEAR);
        // One may be written over another; a letter that is written twice in one place is seen when one of the two is.
        let nearest = near.min_by(|a, b| {
            let own = b.is(letter).cmp(&a.is(letter));
            let near = a.distance(x, y).total_cmp(&b.distance(x, y));
            own.then(near).then(b.painted.cmp(&a.painted))
        });
        nearest.map(|drawn| drawn.painted)
    }

    /// Tells whether a picture or a drawing stands where a letter of this size begins: what is written over it unseen says what it
    /// shows.
    pub(super) fn has_ink(&self, x: f32, y: f32, size: f32) -> bool {
        let (x, y, size) = (f64::from(x), f64::from(y), f64::from(size));
        let place = Rect::new(x - 0.2 * size, y - 0.3 * size, x + 0.7 * size, y + 0.9 * size);
        self.ink.iter().any(|ink| ink.overlaps(place))
    }

    fn is_faint(&self, paint: &Paint<'_>) -> bool {
        let own = match paint {
            Paint::Color(color) => color.to_rgba().components()[3],
            Paint::Pattern(_) => 1.0,
        };
        self.opacity.iter().product::<f32>() * own < FAINT
    }

    fn note(&mut self, ink: Rect) {
        if self.ink.len() < MAX_INK && ink.is_finite() {
            self.ink.push(ink);
        }
    }
}

fn cell(x: f64, y: f64) -> (i64, i64) {
    (x.floor() as i64, y.floor() as i64)
}

impl<'a> Device<'a> for Traces {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        /// Lighter ones show nothing on paper.
        const LIGHT: f32 = 0.92;
        /// A letter of a headline is not larger than this, in points; larger shapes are grounds and frames.
        const LARGEST: f64 = 100.0;
        let light = matches!(&props.paint, Paint::Color(color)
            if color.to_rgba().components()[..3].iter().all(|part| *part > LIGHT));
        if light || !matches!(mode, DrawMode::Fill(_)) || self.is_faint(&props.paint) {
            return;
        }
        let outline = props.transform.transform_rect_bbox(path.bounding_box());
        if outline.width() < LARGEST && outline.height() < LARGEST {
            self.note(outline);
        }
    }

    /// Grounds, frames and rules say nothing.
    fn draw_rect(&mut self, _: &Rect, _: DrawProps<'a>, _: &DrawMode) {}

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_transparency_group(&mut self, opacity: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.opacity.push(opacity);
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let painted = !matches!(mode, DrawMode::Invisible) && !self.is_faint(&props.paint);
        for glyph in run.glyphs() {
            if self.count == MAX_LETTERS {
                return;
            }
            self.count += 1;
            let place = (props.transform * glyph.transform()).translation();
            let letters = self.letters.entry(cell(place.x, place.y)).or_default();
            letters.push(Drawn {
                x: place.x,
                y: place.y,
                says: glyph.as_unicode(),
                painted,
            });
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        if self.opacity.iter().product::<f32>() >= FAINT {
            let picture = Rect::new(0.0, 0.0, image.width().into(), image.height().into());
            self.note(props.transform.transform_rect_bbox(picture));
        }
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {
        self.opacity.pop();
    }
}

/// The page as it is written, neither turned nor scaled.
pub(super) const AS_WRITTEN: Affine = Affine::IDENTITY;
