//! Forms and surveys as text that can be answered by text.

use super::page::Page;
use super::plan::Plan;
use super::rules;
use crate::model::{Action, ContentKind, Field, FieldKind, Form, Survey};
use crate::text::RichText;

/// A form as its words and a line for each field. The way out stays a choice.
pub(super) fn as_text(plan: &mut Plan<'_>, form: &Form, actions: &[Action]) {
    plan.note(ContentKind::Form, rules::FORM_AS_TEXT);
    let text = questions(plan.page(), None, &form.text, &form.fields);
    let mut actions = actions.to_vec();
    if let Some((id, label)) = &form.cancel {
        actions.push(Action::choice(id, label));
    }
    plan.say(ContentKind::Form, text, &actions);
}

/// A survey as its words and a line for each question.
pub(super) fn survey_as_text(plan: &mut Plan<'_>, survey: &Survey, actions: &[Action]) {
    plan.note(ContentKind::Survey, rules::SURVEY_AS_TEXT);
    let title = survey.title.as_deref();
    let text = questions(plan.page(), title, &survey.text, &survey.fields);
    plan.say(ContentKind::Survey, text, actions);
}

fn questions(mut page: Page, title: Option<&str>, text: &RichText, fields: &[Field]) -> RichText {
    page.title(title).text(text);
    let mut lines = Vec::new();
    for field in fields {
        if field.kind == FieldKind::Title {
            page.bullets(std::mem::take(&mut lines));
            page.title(Some(&field.label));
        } else {
            lines.push(page.escaped(&line(field)));
        }
    }
    page.bullets(lines);
    page.finish()
}

/// `Size* (1–10): S / M / L = M`
fn line(field: &Field) -> String {
    let label = if field.label.trim().is_empty() {
        &field.name
    } else {
        &field.label
    };
    let mut line = label.trim().to_owned();
    if field.required {
        line.push('*');
    }
    let hint = hint(field);
    if !hint.is_empty() {
        line.push_str(&format!(" ({hint})"));
    }
    if !field.options.is_empty() {
        let separator = match field.kind {
            FieldKind::Checkbox => ", ",
            _ => " / ",
        };
        let labels: Vec<&str> = field
            .options
            .iter()
            .map(|option| match option.label.trim() {
                "" => option.key.as_str(),
                label => label,
            })
            .collect();
        line.push_str(": ");
        line.push_str(&labels.join(separator));
    }
    if let Some(default) = field.default.as_deref().filter(|it| !it.is_empty()) {
        line.push_str(&format!(" = {default}"));
    }
    line
}

/// What an answer looks like, where words do not say it.
fn hint(field: &Field) -> String {
    let form = match field.kind {
        FieldKind::Email => "name@example.com",
        FieldKind::Date => "YYYY-MM-DD",
        FieldKind::Number => "123",
        _ => "",
    };
    let range = range(field.min.as_deref(), field.max.as_deref());
    match (field.kind == FieldKind::Number, range) {
        (true, Some(range)) => range,
        (false, Some(range)) if !form.is_empty() => format!("{form}, {range}"),
        // Lengths of texts are for machines.
        _ => form.to_owned(),
    }
}

/// `1–10`, `≥ 1` or `≤ 10`.
pub(super) fn range(min: Option<&str>, max: Option<&str>) -> Option<String> {
    match (min, max) {
        (Some(min), Some(max)) => Some(format!("{min} – {max}")),
        (Some(min), None) => Some(format!("≥ {min}")),
        (None, Some(max)) => Some(format!("≤ {max}")),
        (None, None) => None,
    }
}
