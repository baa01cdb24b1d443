//! Products of matrices: weights laid out once as the processor reads them, then multiplied with the rows of many texts.
//!
//! Owns the one loop in which an encoder spends its time. A tile of the product is kept in registers while the inner
//! dimension is walked once; everything is read in order. Which instructions there are is found at run time by `pulp`. Rows are
//! `f32`, one after the other.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are allowed only in what is inlined where they are known to be there"
)]

use pulp::{Arch, Simd, WithSimd};

/// Registers across a tile: two keep both arithmetic units busy while one value of the left side is spread over them.
const ACROSS: usize = 2;

/// Rows of a tile where there are 32 registers, and where there are 16: the sums and what is being multiplied fill them.
const TALL: usize = 12;
const LOW: usize = 6;

/// The columns of a tile on this machine.
#[derive(Debug, Clone, Copy)]
struct Across;

impl WithSimd for Across {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        ACROSS * S::F32_LANES
    }
}

/// The right side of a product, in panels of as many columns as a tile has.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    panels: Vec<f32>,
    inner: usize,
    columns: usize,
}

impl Packed {
    /// Takes a matrix of `columns` columns whose column `n` is `column(n)`, `inner` numbers long.
    pub(crate) fn of<'a>(
        arch: Arch,
        inner: usize,
        columns: usize,
        column: impl Fn(usize) -> &'a [f32],
    ) -> Self {
        let mut packed = Self::default();
        let wide = packed.clear(arch, inner, columns);
        for at in 0..columns {
            let panel = &mut packed.panels[at / wide * wide * inner..];
            for (place, value) in panel[at % wide..].iter_mut().step_by(wide).zip(column(at)) {
                *place = *value;
            }
        }
        packed
    }

    /// Takes in place what it held: column `n` is the `n`th of `rows`, cut to `inner` numbers.
    pub(crate) fn set_columns(&mut self, arch: Arch, rows: Rows<'_>, inner: usize) {
        let wide = self.clear(arch, inner, rows.count());
        for (at, row) in rows.iter().enumerate() {
            let panel = &mut self.panels[at / wide * wide * inner..];
            for (place, value) in panel[at % wide..].iter_mut().step_by(wide).zip(&row[..inner]) {
                *place = *value;
            }
        }
    }

    /// Takes in place what it held: the rows are `rows`, cut to `columns` numbers.
    pub(crate) fn set_rows(&mut self, arch: Arch, rows: Rows<'_>, columns: usize) {
        let inner = rows.count();
        let wide = self.clear(arch, inner, columns);
        for (at, row) in rows.iter().enumerate() {
            for (panel, part) in row[..columns].chunks(wide).enumerate() {
                let place = (panel * inner + at) * wide;
                self.panels[place..place + part.len()].copy_from_slice(part);
            }
        }
    }

    fn clear(&mut self, arch: Arch, inner: usize, columns: usize) -> usize {
        let wide = arch.dispatch(Across);
        self.panels.clear();
        self.panels.resize(columns.div_ceil(wide) * wide * inner, 0.0);
        (self.inner, self.columns) = (inner, columns);
        wide
    }

    /// Returns how many columns there are.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }
}

/// Rows of numbers in a wider table: those from a column on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    numbers: &'a [f32],
    stride: usize,
    from: usize,
}

impl<'a> Rows<'a> {
    /// Takes the rows of a table, `stride` numbers each, from the column `from` on.
    pub(crate) fn new(numbers: &'a [f32], stride: usize, from: usize) -> Self {
        Self {
            numbers,
            stride,
            from,
        }
    }

    fn count(&self) -> usize {
        self.numbers.len() / self.stride
    }

    fn iter(&self) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let from = self.from;
        self.numbers
            .chunks_exact(self.stride)
            .map(move |row| &row[from..])
    }
}

/// One product: each of the rows by the right side, plus the bias, into a table of rows.
pub(crate) struct Product<'a> {
    /// The left side.
    pub(crate) rows: Rows<'a>,
    /// The right side.
    pub(crate) packed: &'a Packed,
    /// What is added to each row; nothing where it is empty.
    pub(crate) bias: &'a [f32],
    /// Where the product goes: rows of `stride` numbers, from the column `from` on.
    pub(crate) out: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) from: usize,
    /// Room for the left side, kept between products.
    pub(crate) room: &'a mut Vec<f32>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            multiply::<S, TALL>(simd, self);
        } else {
            multiply::<S, LOW>(simd, self);
        }
    }
}

#[inline(always)]
fn multiply<S: Simd, const HIGH: usize>(simd: S, product: Product<'_>) {
    let Product {
        rows,
        packed,
        bias,
        out,
        stride,
        from,
        room,
    } = product;
    let inner = packed.inner;
    let count = rows.count();
    spread::<HIGH>(rows, inner, room);
    let wide = ACROSS * S::F32_LANES;
    for (panel, first) in packed
        .panels
        .chunks_exact((wide * inner).max(1))
        .zip((0..packed.columns).step_by(wide))
    {
        let (panel, _) = S::as_simd_f32s(panel);
        let (panel, _) = panel.as_chunks::<ACROSS>();
        let columns = wide.min(packed.columns - first);
        for (block, top) in room
            .chunks_exact((HIGH * inner).max(1))
            .zip((0..count).step_by(HIGH))
        {
            let (block, _) = block.as_chunks::<HIGH>();
            let sums = tile(simd, block, panel);
            for (row, sums) in (top..count).zip(&sums) {
                let at = row * stride + from + first;
                let out = &mut out[at..at + columns];
                put::<S>(simd, sums, bias.get(first..first + columns), out);
            }
        }
    }
}

/// Lays the left side out in blocks of rows: all first numbers of a block, then all second ones.
#[inline(always)]
fn spread<const HIGH: usize>(rows: Rows<'_>, inner: usize, room: &mut Vec<f32>) {
    room.clear();
    room.resize(rows.count().next_multiple_of(HIGH) * inner, 0.0);
    for (at, row) in rows.iter().enumerate() {
        let block = &mut room[at / HIGH * HIGH * inner..][..HIGH * inner];
        let (places, _) = block.as_chunks_mut::<HIGH>();
        for (place, value) in places.iter_mut().zip(&row[..inner]) {
            place[at % HIGH] = *value;
        }
    }
}

#[inline(always)]
fn tile<S: Simd, const HIGH: usize>(
    simd: S,
    block: &[[f32; HIGH]],
    panel: &[[S::f32s; ACROSS]],
) -> [[S::f32s; ACROSS]; HIGH] {
    let mut sums = [[simd.splat_f32s(0.0); ACROSS]; HIGH];
    for (left, right) in block.iter().zip(panel) {
        for (sums, &left) in sums.iter_mut().zip(left) {
            let left = simd.splat_f32s(left);
            for (sum, &right) in sums.iter_mut().zip(right) {
                *sum = simd.mul_add_e_f32s(left, right, *sum);
            }
        }
    }
    sums
}

#[inline(always)]
fn put<S: Simd>(simd: S, sums: &[S::f32s; ACROSS], bias: Option<&[f32]>, out: &mut [f32]) {
    for (nth, (&sum, out)) in sums.iter().zip(out.chunks_mut(S::F32_LANES)).enumerate() {
        let sum = match bias.and_then(|bias| bias.get(nth * S::F32_LANES..)) {
            Some(bias) => simd.add_f32s(sum, simd.partial_load_f32s(&bias[..out.len()])),
            None => sum,
        };
        simd.partial_store_f32s(out, sum);
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is exact is compared exactly")]
mod tests {
    use super::*;

    /// Numbers without a pattern, by a linear congruential generator (Knuth).
    fn numbers(count: usize, mut state: u64) -> Vec<f32> {
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u32 << 24) as f32 - 0.5
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn a_product_is_its_definition_for_every_shape_around_the_tiles() {
        let arch = Arch::new();
        let mut room = Vec::new();
        for (rows, inner, columns) in [
            (1, 1, 1),
            (5, 7, 3),
            (12, 32, 32),
            (13, 33, 31),
            (25, 64, 65),
            (6, 16, 16),
        ] {
            let (stride, from) = (inner + 3, 2);
            let left = numbers(rows * stride, 1);
            let right = numbers(columns * inner, 2);
            let bias = numbers(columns, 3);
            let by_column = Packed::of(arch, inner, columns, |n| &right[n * inner..(n + 1) * inner]);
            let transposed: Vec<f32> = (0..inner)
                .flat_map(|k| (0..columns).map(move |n| (n, k)))
                .map(|(n, k)| right[n * inner + k])
                .collect();
            let (mut as_columns, mut as_rows) = (Packed::default(), Packed::default());
            as_columns.set_columns(arch, Rows::new(&right, inner, 0), inner);
            as_rows.set_rows(arch, Rows::new(&transposed, columns, 0), columns);
            for packed in [&by_column, &as_columns, &as_rows] {
                let mut out = vec![9.0; rows * (columns + 1)];
                arch.dispatch(Product {
                    rows: Rows::new(&left, stride, from),
                    packed,
                    bias: &bias,
                    out: &mut out,
                    stride: columns + 1,
                    from: 1,
                    room: &mut room,
                });
                for row in 0..rows {
                    assert_eq!(out[row * (columns + 1)], 9.0, "what stands beside is left alone");
                    for column in 0..columns {
                        let own: f32 = (0..inner)
                            .map(|k| left[row * stride + from + k] * right[column * inner + k])
                            .sum();
                        let got = out[row * (columns + 1) + 1 + column];
                        let wanted = own + bias[column];
                        assert!(
                            (got - wanted).abs() < 1e-4,
                            "{rows}×{inner}×{columns}: {got} {wanted}"
                        );
                    }
                }
            }
        }
    }
}
