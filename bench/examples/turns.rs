//! Runs one translation a number of times, for tools that count instead of timing:
//!
//! ```sh
//! valgrind --tool=callgrind target/release/examples/turns 200B-kare-dydu 2000
//! ```

use anyhow::{Context, Result};
use switchboard_bench::translation::{Case, Route};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let id = arguments.next().context("which case? (200B-kare-dydu)")?;
    let turns: u32 = arguments.next().context("how many turns?")?.parse()?;
    let case = Case::all()
        .into_iter()
        .find(|case| case.id() == id)
        .with_context(|| format!("{id}: there is no such case"))?;
    let mut route = Route::open(&case)?;
    for _ in 0..turns {
        route.turn()?;
    }
    Ok(())
}
