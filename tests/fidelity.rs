//! Writes `docs/fidelity.md` from what adaptation does, and fails where the page says something
//! else. `UPDATE_DOCS=1 cargo test --test fidelity` writes it anew.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fmt::Write;

use switchboard_core::adapt::{Adapted, RULES, adapt};
use switchboard_core::model::{
    Action, Card, Choices, Content, ContentKind, DatePicker, Extras, FeedbackRequest, Field, Form,
    Handover, HandoverPhase, LanguageProblem, List, ListItem, Media, Message, MessageId, Progress,
    Quote, RichText, Survey, Timestamp, UploadRequest,
};
use switchboard_gateway::registry::dialects;
use uuid::Uuid;

fn sample(kind: ContentKind) -> Content {
    let text = || RichText::plain("Some words");
    let card = || Card {
        title: Some("Teapot".to_owned()),
        text: Some(text()),
        ..Card::default()
    };
    let fields = || {
        vec![Field {
            label: "Name".to_owned(),
            ..Field::default()
        }]
    };
    let media = || Media::new("https://www.example.com/thing", Some("A thing".to_owned()));
    match kind {
        ContentKind::Group => Content::Group { text: Some(text()) },
        ContentKind::Text => Content::text(text()),
        ContentKind::Quote => Content::Quote(Quote {
            text: text(),
            ..Quote::default()
        }),
        ContentKind::Image => Content::Image(media()),
        ContentKind::Video => Content::Video(media()),
        ContentKind::Audio => Content::Audio(media()),
        ContentKind::File => Content::File(media()),
        ContentKind::Choices => Content::Choices(Choices {
            text: text(),
            ..Choices::default()
        }),
        ContentKind::Card => Content::Card(Box::new(card())),
        ContentKind::Carousel => Content::Carousel {
            title: None,
            cards: vec![card(), card()],
        },
        ContentKind::List => Content::List(List {
            items: vec![ListItem {
                content: Content::text(text()),
                actions: Vec::new(),
                extras: Extras::none(),
            }],
            ..List::default()
        }),
        ContentKind::Form => Content::Form(Box::new(Form {
            text: text(),
            fields: fields(),
            ..Form::default()
        })),
        ContentKind::DatePicker => Content::DatePicker(Box::new(DatePicker {
            text: text(),
            ..DatePicker::default()
        })),
        ContentKind::Autocomplete => Content::Autocomplete(Default::default()),
        ContentKind::Address => Content::Address(Default::default()),
        ContentKind::Location => Content::Location {
            text: text(),
            callback: String::new(),
            attribute: None,
        },
        ContentKind::Signature => Content::Signature(Default::default()),
        ContentKind::Upload => Content::Upload(Box::new(UploadRequest {
            text: text(),
            ..UploadRequest::default()
        })),
        ContentKind::FeedbackRequest => Content::FeedbackRequest(FeedbackRequest {
            text: text(),
            reasons: Vec::new(),
        }),
        ContentKind::Survey => Content::Survey(Box::new(Survey {
            text: text(),
            fields: fields(),
            ..Survey::default()
        })),
        ContentKind::Handover => Content::Handover(Handover {
            phase: HandoverPhase::Joined,
            text: text(),
            ..Handover::default()
        }),
        ContentKind::Progress => Content::Progress(Progress {
            percent: Some(40),
            label: Some("Step 2".to_owned()),
        }),
        ContentKind::NoAnswer => Content::NoAnswer { text: text() },
        ContentKind::LanguageProblem => Content::LanguageProblem {
            problem: LanguageProblem::Unknown,
            text: text(),
        },
        ContentKind::Attributes => Content::Attributes {
            values: [("limit".to_owned(), 9.into())].into_iter().collect(),
        },
        ContentKind::Other => Content::Other {
            name: "hologram".to_owned(),
            text: Some(text()),
        },
    }
}

fn cell(kind: ContentKind, capabilities: &switchboard_core::model::Capabilities) -> String {
    let content = sample(kind);
    assert_eq!(content.kind(), kind);
    let mut message = Message::bot(MessageId(Uuid::nil()), None, Timestamp(0), content);
    if matches!(kind, ContentKind::Choices | ContentKind::Card) {
        message.actions = vec![Action::choice("tea", "Tea")];
    }
    match adapt(&message, capabilities) {
        Adapted::AsIs => "full".to_owned(),
        Adapted::Instead { notes, .. } => {
            let mut rules: Vec<&str> = notes.iter().map(|note| note.rule).collect();
            rules.dedup();
            rules
                .iter()
                .map(|rule| format!("`{rule}`"))
                .collect::<Vec<_>>()
                .join(", ")
        }
    }
}

fn page() -> String {
    let frontends: Vec<_> = dialects()
        .into_iter()
        .filter(|dialect| dialect.name().as_str() != "script")
        .collect();
    let mut page = String::from(
        "# What arrives\n\n\
         Every kind of content at every front-end. *full*: the dialect has a form of its own for \
         it. Otherwise the rules by which it is adapted; each use is counted in \
         `switchboard_adapted_total`. This page is written by `tests/fidelity.rs`.\n\n| content |",
    );
    for dialect in &frontends {
        write!(page, " {} |", dialect.name()).unwrap();
    }
    page.push_str("\n|---|");
    page.push_str(&"---|".repeat(frontends.len()));
    page.push('\n');
    for kind in ContentKind::ALL {
        write!(page, "| {} |", kind.as_str()).unwrap();
        for dialect in &frontends {
            write!(page, " {} |", cell(kind, dialect.capabilities())).unwrap();
        }
        page.push('\n');
    }
    page.push_str("\n## The rules\n\n| rule | what it does |\n|---|---|\n");
    for (name, what) in RULES {
        writeln!(page, "| `{name}` | {what} |").unwrap();
    }
    page
}

#[test]
fn the_fidelity_page_is_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fidelity.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(written, page, "write it anew with UPDATE_DOCS=1");
}
