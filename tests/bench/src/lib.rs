//! What the figures in docs/performance.md are measured with: the programs in `src/bin/` and the
//! benches use these.

pub mod client;
pub mod figures;
pub mod misbehaviour;
pub mod population;
pub mod process;
pub mod random;
pub mod server;
pub mod site;
