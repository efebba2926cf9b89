//! Rich answers on every route: what is shown can be clicked, and what is asked can be answered.

use crate::clients::Client;

/// What is ordered by the demo's form.
pub const ORDER: [(&str, &str); 5] = [
    ("Your name", "Ada Lovelace"),
    ("E-mail address", "ada@example.com"),
    ("How many", "2"),
    ("Size", "M"),
    ("Fetched on", "2030-05-04"),
];

pub async fn rich(label: &str, client: &mut impl Client) {
    client.open().await;
    let carousel = client.say("carousel").await;
    for product in ["Umbrella", "Pullover", "Teapot"] {
        carousel.says(label, product);
    }
    let pictures = carousel.images.len() + carousel.links.len();
    assert!(pictures >= 3, "{label}: {carousel:#?}");
    let reserved = client.click("Put the umbrella aside").await;
    reserved.says(label, "aside").says(label, "Umbrella");

    let list = client.say("list").await;
    list.says(label, "seven colours").says(label, "Shetland");
    let reserved = client.click("Put a pullover aside").await;
    reserved.says(label, "aside").says(label, "Pullover");

    let picture = client.say("picture").await;
    let is_there = !picture.images.is_empty() || !picture.links.is_empty();
    assert!(is_there, "{label}: {picture:#?}");

    let feedback = client.say("feedback").await;
    feedback.says(label, "never sell anything");
    let is_asked = feedback.feedback || !feedback.choices.is_empty();
    assert!(is_asked, "{label}: {feedback:#?}");

    client.say("form").await.says(label, "order your pullover");
    let mut received = client.fill(&ORDER).await;
    received.add(client.say("hello").await);
    for words in [
        "what I noted",
        "Ada Lovelace",
        "ada@example.com",
        "2030-05-04",
    ] {
        received.says(label, words);
    }
    let times = received.all().matches("what I noted").count();
    assert_eq!(times, 1, "{label}: {received:#?}");
}
