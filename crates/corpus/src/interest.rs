//! Whether anybody still waits for what is being made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Somebody's wish for an answer, which may be lost while it is being made: a client leaves, its time runs out.
///
/// Clones share one wish. Asking costs one read of memory, so long work may ask at every step.
#[derive(Debug, Clone, Default)]
pub struct Interest(Arc<AtomicBool>);

impl Interest {
    /// Tells whether nobody waits any more.
    pub fn is_lost(&self) -> bool {
        // Nothing is handed over by it; to see it a step later is no harm.
        self.0.load(Ordering::Relaxed)
    }

    /// Says that nobody waits any more; there is no way back.
    pub fn lose(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
