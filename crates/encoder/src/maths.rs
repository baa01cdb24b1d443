//! What an encoder does with rows beside multiplying them: softmax, the activations, the normal form of a layer.
//!
//! Plain loops over `f32` in a form that compilers turn into vector instructions; each is run where those of the machine are
//! allowed. The approximations are to about 1e-7, which is what `f32` holds.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are allowed only in what is inlined where they are known to be there"
)]

use pulp::{Simd, WithSimd};

/// Partial sums kept side by side: an order of adding that vector instructions can follow.
const LANES: usize = 16;

/// Returns e to the power of `x`, for `x` that are not above 0 by much: 2 to the whole part by its bits, the rest by a
/// polynomial (Cephes, `expf`).
#[inline(always)]
#[expect(clippy::excessive_precision, reason = "the constants as Cephes has them")]
fn exp(x: f32) -> f32 {
    // Adding it leaves the nearest whole number in the last bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    // ln 2 in two parts, so that nothing is lost.
    let rest = x - whole * 0.693_359_375 + whole * 2.121_944_4e-4;
    let mut sum = 1.987_569_15e-4;
    for part in [
        1.398_199_95e-3,
        8.333_451_9e-3,
        4.166_579_6e-2,
        1.666_666_55e-1,
        0.5,
    ] {
        sum = sum * rest + part;
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    (sum * rest * rest + rest + 1.0) * power
}

/// Returns the error function to 1.5e-7 (Abramowitz and Stegun 7.1.26).
#[inline(always)]
fn erf(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let mut sum = 1.061_405_4;
    for part in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        sum = sum * t + part;
    }
    (1.0 - sum * t * exp(-size * size)).copysign(x)
}

/// The functions between the two halves of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    /// Gauss's error linear unit (Hendrycks and Gimpel 2016), by the error function.
    Gelu,
    /// The same by the hyperbolic tangent.
    GeluTanh,
    /// Nothing below 0.
    Relu,
}

impl Activation {
    /// Reads the name that configurations have; nothing for another one.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "gelu" => Some(Self::Gelu),
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Some(Self::GeluTanh),
            "relu" => Some(Self::Relu),
            _ => None,
        }
    }
}

/// Puts each number through an activation.
pub(crate) struct Activate<'a>(pub(crate) Activation, pub(crate) &'a mut [f32]);

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self(which, numbers) = self;
        match which {
            Activation::Gelu => {
                for x in numbers {
                    *x *= 0.5 * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2));
                }
            }
            Activation::GeluTanh => {
                for x in numbers {
                    // √(2/π); tanh(y) = 1 − 2 / (e^2y + 1).
                    let y = 0.797_884_6 * (*x + 0.044_715 * *x * *x * *x);
                    *x *= 1.0 - 1.0 / (exp((2.0 * y).min(80.0)) + 1.0);
                }
            }
            Activation::Relu => {
                for x in numbers {
                    *x = x.max(0.0);
                }
            }
        }
    }
}

/// Turns each row of `wide` numbers into shares that sum up to 1, after multiplying with `scale`.
pub(crate) struct Softmax<'a> {
    pub(crate) rows: &'a mut [f32],
    pub(crate) wide: usize,
    pub(crate) scale: f32,
}

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact_mut(self.wide) {
            let most = largest(row);
            for x in row.iter_mut() {
                *x = exp((*x - most) * self.scale);
            }
            let part = 1.0 / sum(row);
            for x in row {
                *x *= part;
            }
        }
    }
}

#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut most = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (most, &x) in most.iter_mut().zip(chunk) {
            *most = if x > *most { x } else { *most };
        }
    }
    let all = most.iter().chain(rest);
    all.fold(f32::NEG_INFINITY, |most, &x| most.max(x))
}

#[inline(always)]
fn sum(row: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += x;
        }
    }
    sums.iter().chain(rest).sum()
}

/// Adds one table to another and brings each row to mean 0 and deviation 1, then to the layer's scale (Ba, Kiros and Hinton 2016).
pub(crate) struct AddAndNorm<'a> {
    /// What is added to, and where the result goes.
    pub(crate) rows: &'a mut [f32],
    /// What is added; nothing where it is empty.
    pub(crate) added: &'a [f32],
    pub(crate) weight: &'a [f32],
    pub(crate) bias: &'a [f32],
    pub(crate) epsilon: f32,
}

impl WithSimd for AddAndNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let wide = self.weight.len();
        for (x, added) in self.rows.iter_mut().zip(self.added) {
            *x += added;
        }
        for row in self.rows.chunks_exact_mut(wide) {
            let mean = sum(row) / wide as f32;
            for x in row.iter_mut() {
                *x -= mean;
            }
            let scale = 1.0 / (squares(row) / wide as f32 + self.epsilon).sqrt();
            for ((x, weight), bias) in row.iter_mut().zip(self.weight).zip(self.bias) {
                *x = *x * scale * weight + bias;
            }
        }
    }
}

#[inline(always)]
fn squares(row: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += x * x;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|x| x * x).sum::<f32>()
}

/// Brings a vector to length 1; one without a length stays.
pub(crate) fn unit(vector: &mut [f32]) {
    let length = squares(vector).sqrt();
    if length > 0.0 {
        for part in vector {
            *part /= length;
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is exact is compared exactly")]
mod tests {
    use super::*;

    #[test]
    fn the_approximations_hold_what_f32_holds() {
        for nth in -4_000..=400 {
            let x = nth as f32 / 50.0;
            let wanted = f64::from(x).exp();
            let error = (f64::from(exp(x)) - wanted).abs() / wanted;
            assert!(error < 3e-7, "{x}: {error}");
        }
        assert_eq!(exp(f32::NEG_INFINITY), exp(-87.0));
        // erf to seven digits, from tables.
        for (x, wanted) in [
            (0.0, 0.0),
            (0.1, 0.112_462_9),
            (0.5, 0.520_499_9),
            (1.0, 0.842_700_8),
            (2.0, 0.995_322_3),
            (4.0, 1.0),
        ] {
            assert!((erf(x) - wanted).abs() < 4e-7, "{x}: {}", erf(x));
            assert!((erf(-x) + wanted).abs() < 4e-7);
        }
    }

    #[test]
    fn shares_sum_up_to_one_and_a_row_comes_to_mean_nothing() {
        let arch = pulp::Arch::new();
        let mut rows: Vec<f32> = (0..38).map(|at| (at * at % 17) as f32 - 4.0).collect();
        let before = rows.clone();
        arch.dispatch(Softmax {
            rows: &mut rows,
            wide: 19,
            scale: 0.5,
        });
        for (row, before) in rows.chunks(19).zip(before.chunks(19)) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let wanted = ((before[3] - before[7]) * 0.5).exp();
            assert!((row[3] / row[7] / wanted - 1.0).abs() < 1e-5);
        }
        let mut rows = before;
        arch.dispatch(AddAndNorm {
            rows: &mut rows,
            added: &[1.0; 38],
            weight: &[2.0; 19],
            bias: &[3.0; 19],
            epsilon: 0.0,
        });
        for row in rows.chunks(19) {
            let mean = row.iter().sum::<f32>() / 19.0;
            let spread = row.iter().map(|x| (x - 3.0).powi(2)).sum::<f32>() / 19.0;
            assert!(
                (mean - 3.0).abs() < 1e-5 && (spread - 4.0).abs() < 1e-4,
                "{mean} {spread}"
            );
        }
    }

    #[test]
    fn both_forms_of_gelu_are_near_one_another_and_relu_has_nothing_below_nought() {
        let arch = pulp::Arch::new();
        let numbers: Vec<f32> = (-60..=60).map(|at| at as f32 / 10.0).collect();
        let put = |which| {
            let mut numbers = numbers.clone();
            arch.dispatch(Activate(which, &mut numbers));
            numbers
        };
        let (exact, tanh) = (put(Activation::Gelu), put(Activation::GeluTanh));
        for (exact, tanh) in exact.iter().zip(&tanh) {
            assert!((exact - tanh).abs() < 1e-3, "{exact} {tanh}");
        }
        assert_eq!(exact[60], 0.0);
        assert!((exact[70] - 0.841_344_7).abs() < 1e-6);
        assert!(
            put(Activation::Relu)
                .iter()
                .zip(&numbers)
                .all(|(got, x)| *got == x.max(0.0))
        );
    }
}
