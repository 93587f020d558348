//! What only the inside can show: interleavings (loom, `make loom`) and the model with few generations (proptest).
//! A test bears the number of the invariant it is about; the table of them is in `lib.rs`.

#[cfg(loom)]
mod loom_depot;
#[cfg(loom)]
mod loom_table;
#[cfg(not(loom))]
mod model;
#[cfg(not(loom))]
mod retirement;
