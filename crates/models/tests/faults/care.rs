//! Repetitions, other endpoints, keys, places, cancellation: what is done about a fault, and what is not.
