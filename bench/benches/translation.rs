//! A turn's way through both dialects, without any IO, on all nine routes, beside `serde_json`
//! reading and writing the same bytes. See [`switchboard_bench::translation`] for what exactly is
//! timed.

use std::time::Duration;

use criterion::Criterion;
use switchboard_bench::translation::{Case, Part, Route};

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_millis(400))
        .measurement_time(Duration::from_millis(2_000))
        .without_plots()
        .configure_from_args();
    let mut failed = false;
    for case in Case::all() {
        if let Err(error) = bench(&mut criterion, &case) {
            eprintln!("{}: {error:#}", case.id());
            failed = true;
        }
    }
    criterion.final_summary();
    if failed {
        std::process::exit(1);
    }
}

fn bench(criterion: &mut Criterion, case: &Case) -> anyhow::Result<()> {
    let mut route = Route::open(case)?;
    // A route that does not work is told before it is timed.
    route.turn()?;
    let mut group = criterion.benchmark_group(case.id());
    for part in Part::ALL {
        let mut error = None;
        group.bench_function(part.name(), |bencher| {
            bencher.iter_custom(|iterations| {
                let mut total = Duration::ZERO;
                for _ in 0..iterations {
                    match route.turn() {
                        Ok(turn) => total += turn.took(part),
                        Err(problem) => error = Some(problem),
                    }
                }
                // Criterion divides by it.
                total.max(Duration::from_nanos(1))
            });
        });
        if let Some(error) = error {
            return Err(error);
        }
    }
    group.finish();
    Ok(())
}
