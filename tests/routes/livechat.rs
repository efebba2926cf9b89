//! Livechats on every route that can have one: the queue, an operator who writes first and often,
//! the end, a survey, and users who leave.

use std::time::Duration;

use crate::clients::{Client, Seen};

/// How often is looked whether something has come.
const LOOKS: usize = 60;

/// Waits for these words, beside what has been seen already.
async fn until(label: &str, client: &mut impl Client, mut seen: Seen, words: &str) -> Seen {
    for _ in 0..LOOKS {
        if seen.all().to_lowercase().contains(&words.to_lowercase()) {
            return seen;
        }
        seen.add(client.unasked(Duration::from_millis(500)).await);
    }
    panic!("{label}: {words:?} has not come: {seen:#?}");
}

/// Says something, and waits for the answer.
async fn ask(label: &str, client: &mut impl Client, text: &str, words: &str) -> Seen {
    let seen = client.say(text).await;
    until(label, client, seen, words).await
}

/// The operator comes, is talked to, and goes; then the bot asks how it was.
pub async fn served(label: &str, client: &mut impl Client) {
    client.open().await;
    let seen = client.say("human").await;
    // The operator writes first, and twice.
    let seen = until(label, client, seen, "Hello, this is Sam").await;
    until(label, client, seen, "How can I help?").await;
    ask(label, client, "Where is my parcel?", "Let me look that up").await;
    ask(label, client, "It was due today", "everything is in order").await;
    let seen = ask(label, client, "goodbye", "thank you for your patience").await;
    until(label, client, seen, "Two questions about").await;
    let answers = [
        ("How satisfied are you?", "Very"),
        ("Anything you want to tell us?", "It was quick"),
    ];
    let seen = client.fill(&answers).await;
    until(label, client, seen, "Thank you for your answers").await;
    // The bot is back.
    ask(label, client, "hello", "What can I do for you?").await;
}

/// The user leaves the queue, which does not move.
pub async fn impatient(label: &str, client: &mut impl Client) {
    client.open().await;
    let seen = client.say("human").await;
    until(label, client, seen, "colleague").await;
    // The protocols of Kare and OpenDialog have no way to leave a queue: there the user says so.
    let knows_queues = !label.ends_with("> kare") && !label.ends_with("> opendialog");
    let seen = if knows_queues {
        client.leave().await
    } else {
        client.say("goodbye").await
    };
    until(label, client, seen, "You have left").await;
    ask(label, client, "hello", "What can I do for you?").await;
}
