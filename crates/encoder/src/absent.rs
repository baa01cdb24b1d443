//! What stands in place of the encoder in a build without the feature `encode`: no model can be opened.

use std::convert::Infallible;
use std::path::Path;

use crate::{EncoderError, Purpose, Settings};

/// Never made: see [`Encoder::open`].
#[derive(Debug)]
pub struct Encoder(Infallible);

impl Encoder {
    /// Refuses.
    ///
    /// # Errors
    ///
    /// [`EncoderError::Unfit`], always.
    pub fn open(directory: &Path, _settings: &Settings) -> Result<Self, EncoderError> {
        Err(EncoderError::Unfit {
            path: directory.to_owned(),
            what: "this program was built without models (cargo feature `models`)".to_owned(),
        })
    }

    /// Returns how many numbers a vector has.
    pub fn dimension(&self) -> usize {
        match self.0 {}
    }

    /// Returns by what vectors of this model are told from those of others.
    pub fn fingerprint(&self) -> [u8; 16] {
        match self.0 {}
    }

    /// Returns a vector for each text.
    ///
    /// # Errors
    ///
    /// None: no such model is ever open.
    pub fn encode(&self, _texts: &[&str], _purpose: Purpose) -> Result<Vec<Vec<f32>>, EncoderError> {
        match self.0 {}
    }
}
