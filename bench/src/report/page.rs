//! `docs/benchmarks.md`.

use std::fmt::Write as _;

use super::{Measured, Results, Translated, Translation};
use crate::measure::idle::Idle;
use crate::measure::many::Many;
use crate::measure::median;
use crate::measure::proxy::{Proxy, Route, Run, Target, name_of};
use crate::translation::STAGES;

/// Text around the numbers. It is part of the tool, so that it survives the next run.
const INTRODUCTION: &str = include_str!("introduction.md");
const PROFILING: &str = include_str!("profiling.md");

/// A goal, and whether it was reached.
fn verdict(goal: &str, reached: bool) -> String {
    format!(
        "**Goal: {goal}: {}.**\n\n",
        if reached { "met" } else { "MISSED" }
    )
}

/// The whole page.
pub fn page(results: &Results) -> String {
    let mut page = INTRODUCTION.to_owned();
    section(
        &mut page,
        "Translation without IO",
        results.translation.as_ref(),
        translation,
    );
    section(
        &mut page,
        "The gateway beside nginx",
        results.proxy.as_ref(),
        proxy,
    );
    section(
        &mut page,
        "Idle websocket conversations",
        results.idle.as_ref(),
        idle,
    );
    section(
        &mut page,
        "Few and many conversations",
        results.many.as_ref(),
        many,
    );
    page.push('\n');
    page.push_str(PROFILING);
    page
}

fn section<T>(
    page: &mut String,
    title: &str,
    measured: Option<&Measured<T>>,
    show: fn(&T) -> String,
) {
    // Writing into a string cannot fail, here and below.
    let _ = write!(page, "\n## {title}\n\n");
    let Some(Measured {
        at,
        command,
        machine,
        result,
    }) = measured
    else {
        page.push_str("Not measured yet.\n");
        return;
    };
    page.push_str(show(result).trim_end());
    let _ = write!(
        page,
        "\n\nTaken {at} by `{command}` at commit `{}`: {} cores of {}, {} GiB, {}, {}, {}; {} % busy \
         with other work before.\n",
        machine.commit,
        machine.cores,
        machine.cpu,
        machine.memory_gib,
        machine.kernel,
        machine.rustc,
        machine.nginx,
        machine.busy_percent
    );
}

fn translation(translation: &Translation) -> String {
    let mut text = include_str!("translation.md").to_owned();
    let plain = |sample: &str| !sample.contains("markup");
    let worst = translation.cases.iter().filter(|case| plain(&case.sample));
    let worst = worst.map(Translated::ratio).fold(0.0, f64::max);
    text.push_str(&verdict(
        &format!("at most 1.5 times serde_json with plain text (worst route: {worst:.2})"),
        worst <= 1.5,
    ));
    text.push_str(
        "| text | route | bytes: client → engine → client | translation µs | serde_json µs | ratio \
         | generic µs | ratio |\n|---|---|---|--:|--:|--:|--:|--:|\n",
    );
    for case in &translation.cases {
        let [from_client, to_engine, from_engine, to_client] = case.bytes;
        let _ = writeln!(
            text,
            "| {} | {from_client}, {to_engine} → {from_engine}, {to_client} | {:.2} | {:.2} | {:.2} \
             | {:.2} | {:.2} |",
            name(case),
            case.translate_us,
            case.echo_us,
            case.ratio(),
            case.generic_us,
            case.generic_ratio(),
        );
    }
    let _ = writeln!(
        text,
        "\nThe translation's stages, in µs:\n\n| text | route | {} |",
        STAGES.join(" | ")
    );
    let _ = writeln!(text, "|---|---|{}", "--:|".repeat(STAGES.len()));
    for case in &translation.cases {
        let _ = write!(text, "| {} |", name(case));
        for stage in case.stages_us {
            let _ = write!(text, " {stage:.2} |");
        }
        text.push('\n');
    }
    text
}

fn name(case: &Translated) -> String {
    format!(
        "{} | {} → {}",
        case.sample,
        case.frontend.name(),
        case.backend.name()
    )
}

fn proxy(proxy: &Proxy) -> String {
    let setting = &proxy.setting;
    let mut text = format!(
        "{}Here: answers of {}, {} connections, {} conversations a route and target, {} rounds, \
         {} s a run.\n\n",
        include_str!("proxy.md"),
        setting.sample,
        setting.connections,
        setting.conversations,
        setting.rounds,
        setting.seconds
    );
    closed(&mut text, proxy);
    open(&mut text, proxy);
    text
}

fn title(route: &Route) -> String {
    format!("{} → {}", route.frontend.name(), route.backend.name())
}

/// The runs of a route against one target under one load.
fn runs(route: &Route, target: Target, rate: Option<u32>) -> impl Iterator<Item = &Run> {
    route
        .runs
        .iter()
        .filter(move |run| run.target == target && run.rate == rate)
}

fn middle(route: &Route, target: Target, rate: Option<u32>, number: impl Fn(&Run) -> f64) -> f64 {
    median(runs(route, target, rate).map(number))
}

fn closed(text: &mut String, proxy: &Proxy) {
    let cpu = |route: &Route, target, rate| {
        middle(route, target, rate, |run| run.cpu_us.unwrap_or_default())
    };
    let ratio = |route: &Route| cpu(route, Target::Gateway, None) / cpu(route, Target::Nginx, None);
    let worst = proxy.routes.iter().map(ratio).fold(0.0, f64::max);
    text.push_str("### CPU time\n\n");
    text.push_str(&verdict(
        &format!("CPU time per request at most 1.5 times nginx's (worst route: {worst:.2})"),
        worst <= 1.5,
    ));
    text.push_str(
        "| route | load | nginx turns/s | gateway turns/s | nginx µs/turn | gateway µs/turn | \
         ratio | upstream requests/turn | errors |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let rates = proxy.setting.rates.iter().copied().map(Some);
    for route in &proxy.routes {
        for rate in std::iter::once(None).chain(rates.clone()) {
            let speed = |target| middle(route, target, rate, |run| run.per_second);
            let (nginx, ours) = (
                cpu(route, Target::Nginx, rate),
                cpu(route, Target::Gateway, rate),
            );
            let errors: u64 = runs(route, Target::Gateway, rate)
                .map(|run| run.errors)
                .sum();
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} | {:.0} | {nginx:.1} | {ours:.1} | {:.2} | {:.2} | {errors} |",
                title(route),
                name_of(rate),
                speed(Target::Nginx),
                speed(Target::Gateway),
                ours / nginx,
                middle(route, Target::Gateway, rate, |run| run.upstream_requests),
            );
        }
    }
    text.push('\n');
}

/// By how much a target's quantile exceeds that of the direct way: the median over the rounds.
fn added(route: &Route, target: Target, rate: u32, number: fn(&Run) -> f64) -> f64 {
    let direct = |round| {
        runs(route, Target::Direct, Some(rate))
            .find(|run| run.round == round)
            .map(number)
    };
    let over = |run: &Run| direct(run.round).map(|direct| number(run) - direct);
    median(runs(route, target, Some(rate)).filter_map(over))
}

fn open(text: &mut String, proxy: &Proxy) {
    let p50 = |run: &Run| run.latency_ms.p50;
    let p99 = |run: &Run| run.latency_ms.p99;
    let p999 = |run: &Run| run.latency_ms.p999;
    text.push_str("### Latency\n\n");
    if let Some(rate) = proxy.setting.rates.iter().copied().max() {
        let worst = |number: fn(&Run) -> f64| {
            let of = |route| added(route, Target::Gateway, rate, number);
            proxy.routes.iter().map(of).fold(f64::MIN, f64::max)
        };
        let (half, most) = (worst(p50), worst(p99));
        text.push_str(&verdict(
            &format!("at {rate} turns/s p50 at most 0.20 ms over direct (worst route: {half:.3})"),
            half <= 0.20,
        ));
        text.push_str(&verdict(
            &format!("at {rate} turns/s p99 at most 0.60 ms over direct (worst route: {most:.3})"),
            most <= 0.60,
        ));
    }
    text.push_str(
        "| route | turns/s | target | p50 ms | p99 ms | p99.9 ms | added p50 | added p99 | added \
         p99.9 | unsent | generator late p99 ms |\n\
         |---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for route in &proxy.routes {
        for rate in proxy.setting.rates.iter().copied() {
            for target in [Target::Direct, Target::Nginx, Target::Gateway] {
                let of = |number: fn(&Run) -> f64| middle(route, target, Some(rate), number);
                let over = |number: fn(&Run) -> f64| match target {
                    Target::Direct => "".to_owned(),
                    _ => format!("{:+.3}", added(route, target, rate, number)),
                };
                let unsent: u64 = runs(route, target, Some(rate)).map(|run| run.unsent).sum();
                let _ = writeln!(
                    text,
                    "| {} | {rate} | {} | {:.3} | {:.3} | {:.3} | {} | {} | {} | {unsent} | {:.3} |",
                    title(route),
                    target.name(),
                    of(p50),
                    of(p99),
                    of(p999),
                    over(p50),
                    over(p99),
                    over(p999),
                    of(|run| run.lateness_ms.p99),
                );
            }
        }
    }
}

fn idle(idle: &Idle) -> String {
    let each = idle.per_conversation() / 1024.0;
    let mut text = include_str!("idle.md").to_owned();
    text.push_str(&verdict(
        &format!("at most 10 KB resident memory per idle conversation (is {each:.2} KB)"),
        each <= 10.0,
    ));
    let kib = |bytes: u64| bytes as f64 / 1024.0;
    let _ = writeln!(
        text,
        "| moment | resident KB | per conversation KB |\n|---|--:|--:|"
    );
    let _ = writeln!(text, "| before | {:.0} | |", kib(idle.before));
    for (seconds, bytes) in &idle.after {
        let more = kib(bytes.saturating_sub(idle.before)) / idle.conversations.max(1) as f64;
        let _ = writeln!(
            text,
            "| {} open, after {seconds} s | {:.0} | {more:.2} |",
            idle.conversations,
            kib(*bytes)
        );
    }
    text
}

fn many(many: &Many) -> String {
    let factor = many.factor();
    let mut text = include_str!("many.md").to_owned();
    text.push_str(&verdict(
        &format!(
            "CPU time per turn with {} open conversations within 10 % of that with {} (is {:+.1} %)",
            many.many,
            many.few,
            (factor - 1.0) * 100.0
        ),
        (0.9..=1.1).contains(&factor),
    ));
    let _ = writeln!(
        text,
        "At {} turns/s, {} s a run; {:.0} MB resident at the end ({} conversations).\n",
        many.rate,
        many.seconds,
        many.resident as f64 / 1_048_576.0,
        many.many
    );
    let _ = writeln!(
        text,
        "| round | µs/turn with {} | µs/turn with {} | factor |\n|--:|--:|--:|--:|",
        many.few, many.many
    );
    for (round, (few, many)) in many.rounds.iter().enumerate() {
        let _ = writeln!(
            text,
            "| {} | {few:.1} | {many:.1} | {:.3} |",
            round + 1,
            many / few
        );
    }
    text
}
