//! Pages of a PDF drawn as pictures, for those whose letters only recognition tells: garbled text layers, scans in strips or
//! in formats of their own (JBIG2, JPEG 2000), letters drawn as outlines.
//!
//! Owns the resolution, the limits, and keeping the renderer's panic to the page that caused it. The file is parsed a second
//! time, by `hayro`, and only when a page has to be drawn.

use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use hayro::hayro_interpret::{Context, InterpreterCache, InterpreterSettings, RectExt as _, interpret_page};
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Rotation;
use hayro::vello_cpu::Pixmap;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use super::traces::{AS_WRITTEN, Traces};

/// Dots per point of a page to be recognised, 300 to the inch: what recognisers are trained on.
const SCALE: f32 = 300.0 / 72.0;

/// Dots per point of a page that is only looked at: a line of text still leaves its grey.
const GLANCE_SCALE: f32 = 0.5;

/// Dots per point of a page on which letters are looked for: a stroke of small print is a dot wide.
const LIGHTS_SCALE: f32 = 2.0;

/// A page of A3 at 300 dots per inch, which takes 70 MB while it is drawn. Larger ones are drawn coarser.
const MAX_DOTS: f32 = 17_500_000.0;

/// The renderer counts dots in 16 bits.
const MAX_SIDE: f32 = 60_000.0;

/// What drawing the pages of one document may take in all: half of the processor time that a reader has for a file.
const MAX_TIME: Duration = Duration::from_secs(20);

/// Draws pages of one document.
pub(super) struct Renderer<'a> {
    bytes: &'a [u8],
    /// Nothing in it when the file cannot be opened.
    opened: OnceCell<Option<Pdf>>,
    spent: Duration,
}

impl<'a> Renderer<'a> {
    /// Makes one for the file with these bytes, which are not looked at yet.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            opened: OnceCell::new(),
            spent: Duration::ZERO,
        }
    }

    /// Tells whether more is drawn on the page at `number`, from 0, than `letters` letters.
    pub(super) fn shows_more_than(&mut self, number: usize, letters: usize) -> bool {
        /// Specks and a rule or two are no text: one dot in a thousand is less than a line of it.
        const MIN_SHARE: usize = 1_000;
        /// What thin letters leave at so few dots.
        const DARK: u8 = 192;
        /// Dots that a letter of a heading darkens.
        const LETTER_DOTS: usize = 40;
        self.draw(number, GLANCE_SCALE).is_some_and(|drawn| {
            let dark = grays(&drawn).filter(|gray| *gray < DARK).count();
            dark.saturating_sub(letters * LETTER_DOTS) * MIN_SHARE > drawn.data().len()
        })
    }

    /// Returns the page at `number`, from 0, as a picture in grey (PGM), or nothing when it cannot be drawn or the time is over.
    pub(super) fn picture(&mut self, number: usize) -> Option<Vec<u8>> {
        let drawn = self.draw(number, SCALE)?;
        let mut bytes = format!("P5 {} {} 255\n", drawn.width(), drawn.height()).into_bytes();
        bytes.extend(grays(&drawn));
        Some(bytes)
    }

    /// Returns how light the page at `number`, from 0, is where; nothing when it lies on its side or cannot be drawn.
    pub(super) fn lights(&mut self, number: usize) -> Option<Lights> {
        let drawn = self.draw(number, LIGHTS_SCALE)?;
        // It is open, or nothing would have been drawn.
        let page = self.opened.get()?.as_ref()?.pages().get(number)?;
        if !matches!(page.rotation(), Rotation::None) {
            return None;
        }
        let (width, height) = page.render_dimensions();
        let paper = page.intersected_crop_box();
        Some(Lights {
            left: paper.x0 as f32,
            top: paper.y0 as f32 + height,
            scale: f32::from(drawn.width()) / width,
            width: drawn.width().into(),
            grays: grays(&drawn).collect(),
        })
    }

    /// Returns what the page at `number`, from 0, paints where; nothing when it cannot be walked or the time is over.
    pub(super) fn traces(&mut self, number: usize) -> Option<Traces> {
        self.with(|pdf| trace_page(pdf, number))
    }

    fn draw(&mut self, number: usize, scale: f32) -> Option<Pixmap> {
        self.with(|pdf| draw_page(pdf, number, scale))
    }

    /// Does something with the opened file.
    fn with<T>(&mut self, work: impl FnOnce(&Pdf) -> Option<T>) -> Option<T> {
        if self.spent >= MAX_TIME {
            return None;
        }
        let begun = Instant::now();
        let (bytes, opened) = (self.bytes, &self.opened);
        // What a panic leaves half-done is either thrown away here or opened anew.
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            let pdf = opened.get_or_init(|| Pdf::new(bytes.to_vec()).ok());
            work(pdf.as_ref()?)
        }));
        self.spent += begun.elapsed();
        drawn.unwrap_or_else(|_| {
            self.opened = OnceCell::new();
            None
        })
    }
}

/// How light a page is, dot by dot.
pub(super) struct Lights {
    /// Where the page begins, in points.
    left: f32,
    top: f32,
    /// Dots per point.
    scale: f32,
    width: usize,
    grays: Vec<u8>,
}

impl Lights {
    /// Returns the dots within a rectangle in points, y upwards; nothing when it lies outside the page.
    pub(super) fn within(
        &self,
        left: f32,
        bottom: f32,
        right: f32,
        top: f32,
    ) -> Option<impl Iterator<Item = u8>> {
        let height = self.grays.len() / self.width.max(1);
        let dot = |points: f32, most: usize| (points * self.scale).clamp(0.0, most as f32) as usize;
        let columns = dot(left - self.left, self.width)..dot(right - self.left, self.width);
        let rows = dot(self.top - top, height)..dot(self.top - bottom, height);
        let whole = !columns.is_empty() && !rows.is_empty();
        whole.then(|| {
            rows.flat_map(move |row| {
                columns
                    .clone()
                    .map(move |column| self.grays[row * self.width + column])
            })
        })
    }
}

fn draw_page(pdf: &Pdf, number: usize, scale: f32) -> Option<Pixmap> {
    let page = pdf.pages().get(number)?;
    let (width, height) = page.render_dimensions();
    let room = (MAX_DOTS / (width * height))
        .sqrt()
        .min(MAX_SIDE / width.max(height));
    let scale = scale.min(room);
    // Neither «not a number» nor a page that is a line.
    if !(scale > 0.0 && width * scale >= 1.0 && height * scale >= 1.0) {
        return None;
    }
    let settings = PixmapSettings {
        x_scale: scale,
        y_scale: scale,
        bg_color: WHITE,
    };
    Some(render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &settings,
    ))
}

fn trace_page(pdf: &Pdf, number: usize) -> Option<Traces> {
    let page = pdf.pages().get(number)?;
    let cache = InterpreterCache::new();
    let mut context = Context::new(
        AS_WRITTEN,
        page.media_box().to_kurbo(),
        &cache,
        page.xref(),
        InterpreterSettings::default(),
    );
    let mut traces = Traces::default();
    interpret_page(page, &mut context, &mut traces);
    Some(traces)
}

/// Returns how light each dot is, by the weights of television (ITU-R BT.601).
fn grays(drawn: &Pixmap) -> impl Iterator<Item = u8> {
    drawn.data().iter().map(|dot| {
        let sum = 299 * u32::from(dot.r) + 587 * u32::from(dot.g) + 114 * u32::from(dot.b);
        (sum / 1000) as u8
    })
}
