//! The assistant chat protocol: its wire messages and the limits of their form.
