//! Messages that inform, and those that say nothing by themselves.

use super::plan::Plan;
use super::rules;
use crate::model::{Action, ContentKind, Handover, HandoverPhase, Progress};
use crate::text::RichText;

/// A group as its text. Without text it is structure only: its children are shown anyway.
pub(super) fn group(plan: &mut Plan<'_>, text: Option<&RichText>, actions: &[Action]) {
    let text = text.cloned().unwrap_or_default();
    if !text.is_empty() || !actions.is_empty() {
        plan.note(ContentKind::Group, rules::GROUP_AS_TEXT);
        plan.say(ContentKind::Group, text, actions);
    }
}

/// A step of a handover as its text.
pub(super) fn handover(plan: &mut Plan<'_>, handover: &Handover, actions: &[Action]) {
    plan.note(ContentKind::Handover, rules::HANDOVER_AS_TEXT);
    let text = if handover.text.is_empty() {
        RichText::plain(step(handover))
    } else {
        handover.text.clone()
    };
    plan.say(ContentKind::Handover, text, actions);
}

/// `⏳ #3 · ≈ 5 min`, `👤 Ada`
fn step(handover: &Handover) -> String {
    let who = [&handover.operator, &handover.system]
        .into_iter()
        .flatten()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty());
    match handover.phase {
        HandoverPhase::Waiting {
            position,
            wait_seconds,
        } => {
            let position = position.map(|position| format!("#{position}"));
            // Nobody waits to the second.
            let wait = wait_seconds.map(|seconds| format!("≈ {} min", seconds.div_ceil(60).max(1)));
            let parts = position
                .into_iter()
                .chain(wait)
                .chain(who.map(str::to_owned));
            format!("⏳ {}", parts.collect::<Vec<_>>().join(" · "))
        }
        phase => {
            let sign = match phase {
                HandoverPhase::LeftByUser | HandoverPhase::Ended => "👤 ✕",
                HandoverPhase::Offered => "👤 ?",
                _ => "👤",
            };
            let who = who.collect::<Vec<_>>().join(" · ");
            format!("{sign} {who}")
        }
    }
    .trim_end()
    .to_owned()
}

/// `40 % – Step 2`
pub(super) fn progress(plan: &mut Plan<'_>, progress: &Progress, actions: &[Action]) {
    plan.note(ContentKind::Progress, rules::PROGRESS_AS_TEXT);
    let percent = progress.percent.map(|percent| format!("{percent} %"));
    let label = progress
        .label
        .clone()
        .filter(|label| !label.trim().is_empty());
    let parts: Vec<String> = percent.into_iter().chain(label).collect();
    let text = RichText::plain(parts.join(" – "));
    plan.say(ContentKind::Progress, text, actions);
}

/// The engine has no answer.
pub(super) fn no_answer(plan: &mut Plan<'_>, text: &RichText, actions: &[Action]) {
    plan.note(ContentKind::NoAnswer, rules::NO_ANSWER_AS_TEXT);
    plan.say(ContentKind::NoAnswer, or_sign(text, "…"), actions);
}

/// The engine cannot deal with the user's language.
pub(super) fn language(plan: &mut Plan<'_>, text: &RichText, actions: &[Action]) {
    plan.note(
        ContentKind::LanguageProblem,
        rules::LANGUAGE_PROBLEM_AS_TEXT,
    );
    plan.say(ContentKind::LanguageProblem, or_sign(text, "🌐 …"), actions);
}

/// Settings for the client.
pub(super) fn attributes(plan: &mut Plan<'_>, actions: &[Action]) {
    plan.note(ContentKind::Attributes, rules::NOT_SHOWN);
    plan.say(ContentKind::Attributes, RichText::default(), actions);
}

/// A kind that nobody here knows.
pub(super) fn other(plan: &mut Plan<'_>, name: &str, text: Option<&RichText>, actions: &[Action]) {
    let kind = ContentKind::Other;
    match text.filter(|text| !text.is_empty()) {
        Some(text) => {
            plan.note(kind, rules::OTHER_AS_TEXT);
            plan.say(kind, text.clone(), actions);
        }
        None => {
            plan.note(kind, rules::OTHER_AS_NAME);
            plan.say(
                kind,
                RichText::plain(format!("⚠ Not shown: {name}")),
                actions,
            );
        }
    }
}

/// The text, or a sign where the engine said nothing: silence looks like a failure.
fn or_sign(text: &RichText, sign: &str) -> RichText {
    if text.is_empty() {
        RichText::plain(sign)
    } else {
        text.clone()
    }
}
