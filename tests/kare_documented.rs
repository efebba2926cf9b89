//! A Kare client that knows only what the vendor documents: the facts marked `[doc]` in
//! `docs/protocols/kare.md`, and of the others the least that one must choose to send anything at
//! all. It holds whole conversations with the demo bot, over the websocket and over REST.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and makes its own ids"
)]

mod clients;
mod process;

#[path = "kare_documented/client.rs"]
mod client;
#[path = "kare_documented/script.rs"]
mod script;

use std::time::Duration;

use client::Documented;
use process::{Gateway, engine_config, gateway_config};

/// Everything that a visitor of the shop does, in the same words on both transports.
async fn visit(client: &mut Documented) {
    // A question: a tree of its own, an empty node with the answer's parts below it.
    let answer = client.ask("format").await;
    let node = client.only(&answer, "resolution/answer");
    assert_eq!(node.text, "", "it exists only to hold the parts");
    let parts = client.children(&node.id);
    assert!(parts.len() >= 3, "{parts:#?}");
    let text = client.only(&parts, "resolution/answer/text");
    assert!(text.text.contains("**"), "Markdown: {}", text.text);

    // A picture and a video carry the address of what they show.
    for (word, aspect) in [("picture", "image"), ("video", "video")] {
        let answer = client.ask(word).await;
        let shown = client.only(&answer, &format!("resolution/answer/{aspect}"));
        assert!(shown.text.starts_with("http"), "{shown:?}");
    }

    // A block of options, one action each; what is pressed is echoed and posted.
    let menu = client.ask("menu").await;
    let choice = client.only(&menu, "resolution/answer/choice");
    assert!(choice.actions.len() > 3, "{choice:#?}");
    assert!(choice.actions.iter().all(|action| action.enabled));
    let asked = client.press(&choice, "Track a parcel").await;
    assert_eq!(client.echoes, ["Track a parcel"]);
    assert!(client.words(&asked).contains("number"), "{asked:#?}");
    let found = client.ask("AB123456").await;
    assert!(client.words(&found).contains("AB123456"), "{found:#?}");

    // A link that is opened, and an event of the client's own about it: both only get logged.
    let list = client.ask("carousel").await;
    let (message, label) = client.with_link(&list);
    let logged = client.press(&message, &label).await;
    assert_eq!(logged, [], "a custom event is not answered");
    let opened = client.opened.pop().expect("the link");
    assert!(opened.starts_with("https://"), "{opened}");
    let logged = client.track(&message, &opened, &label).await;
    assert_eq!(logged, []);

    // The user's opinion: two actions, with the icons for it, and a word of thanks.
    let answer = client.ask("feedback").await;
    let opinion = client.only(&answer, "resolution/answer/feedback");
    let icons: Vec<&str> = opinion.actions.iter().map(|it| it.icon.as_str()).collect();
    assert_eq!(icons, ["thumb_up", "thumb_down"]);
    let helpful = opinion.actions[0].text.clone();
    let thanks = client.press(&opinion, &helpful).await;
    assert!(client.words(&thanks).contains("Thank you"), "{thanks:#?}");
    let rated = &client.message(&opinion.id).actions[0];
    assert_eq!(
        (rated.enabled, rated.icon.as_str()),
        (false, "done"),
        "`update` ran"
    );

    // No answer, and the way to a human that is offered with it.
    let missing = client.ask("xyzzy plugh").await;
    let words = client.only(&missing, "resolution/missing");
    assert!(words.text.contains("do not know"), "{words:?}");
    // What the bot suggests instead narrows the question down.
    let offer = client.only(&missing, "resolution/disambiguation");
    assert!(offer.actions.iter().all(|it| it.icon == "resolution"));
    let human = client.press(&offer, "Talk to a human").await;
    assert!(client.words(&human).contains("colleague"), "{human:#?}");

    client.assert_trees();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_the_documentation_visits_over_the_websocket() {
    let gateway = Gateway::start(&engine_config()).await;
    let mut client = Documented::start(&gateway.url("/kare")).await;
    client.connect().await;
    let greeting = client.hello().await;
    assert!(client.words(&greeting).contains("welcome"), "{greeting:#?}");
    visit(&mut client).await;

    // A conversation of its own for the goodbye: an operator has the other one.
    let mut client = Documented::start(&gateway.url("/kare")).await;
    client.connect().await;
    client.hello().await;
    let farewell = client.ask("bye").await;
    assert!(client.words(&farewell).contains("Goodbye"), "{farewell:#?}");
    assert_eq!(farewell.last().unwrap().uri, "out/bye");
    assert!(client.is_closed(Duration::from_secs(2)).await);
    client.assert_trees();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_the_documentation_visits_over_rest() {
    let gateway = Gateway::start(&engine_config()).await;
    let mut client = Documented::start(&gateway.url("/kare")).await;
    visit(&mut client).await;

    let mut client = Documented::start(&gateway.url("/kare")).await;
    let farewell = client.ask("bye").await;
    assert!(client.words(&farewell).contains("Goodbye"), "{farewell:#?}");
    assert_eq!(farewell.last().unwrap().uri, "out/bye");
    assert_eq!(client.post_query("hello?").await.0, 409);
    client.assert_trees();
}

/// An application can neither read history back nor make another application.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_the_documentation_has_five_rights() {
    let gateway = Gateway::start(&engine_config()).await;
    let client = Documented::start(&gateway.url("/kare")).await;
    assert_eq!(client.get("/apps/config").await, 200);
    let events = format!("/activity/conversations/{}/events", client.conversation);
    assert_eq!(client.get(&events).await, 403);
    assert_eq!(
        client
            .post("/settings/application", "{\"name\":\"x\"}")
            .await
            .0,
        403
    );
}

/// A token that expires closes no socket that it opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_expires_closes_no_socket() {
    let short = "dialect = \"kare\"\ntoken_lifetime = 2\n";
    let config = engine_config().replace("dialect = \"kare\"\n", short);
    let gateway = Gateway::start(&config).await;
    let mut client = Documented::start(&gateway.url("/kare")).await;
    client.connect_by_token().await;
    client.hello().await;
    tokio::time::sleep(Duration::from_millis(3100)).await;
    assert_eq!(client.get("/apps/config").await, 401);
    let answer = client.ask("hello").await;
    assert!(client.words(&answer).contains("Hello"), "{answer:#?}");
}

/// What the socket's address tells of the user beats what the conversation was started with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_of_a_socket_beats_the_start() {
    let gateway = Gateway::start(&engine_config()).await;
    let mut client = Documented::start(&gateway.url("/kare")).await;
    let about = r#"{"user_id":"John-Doe-17","metadata":{"section":"home","kept":"yes"}}"#;
    let (_, started) = client.post("/dialog/conversation", about).await;
    client.conversation = started["conversation_id"].as_str().unwrap().to_owned();
    let before = client.ask("whoami").await;
    assert!(client.words(&before).contains("John-Doe-17"), "{before:#?}");
    client.connect().await;
    let after = client.ask("whoami").await;
    let words = client.words(&after);
    assert!(
        words.contains("Jane-Doe-42") && !words.contains("John"),
        "{words}"
    );
    assert!(
        words.contains("billing") && words.contains("kept"),
        "{words}"
    );
}

/// An open socket hears what was asked over REST, and REST does not hear what the socket asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_hears_what_rest_asked_and_not_the_other_way_round() {
    let gateway = Gateway::start(&engine_config()).await;
    let mut client = Documented::start(&gateway.url("/kare")).await;
    client.connect().await;
    client.ask("bestsellers").await;
    let (status, answer) = client.post_query("opening hours").await;
    assert_eq!(status, 200);
    let answered = answer.as_array().unwrap();
    let heard = client.comes(Duration::from_secs(3)).await;
    let ids = |message: &serde_json::Value| message["id"].as_str().unwrap().to_owned();
    assert_eq!(
        heard.iter().map(|it| it.id.clone()).collect::<Vec<_>>(),
        answered.iter().map(ids).collect::<Vec<_>>(),
        "the same messages, and none of the socket's"
    );
}

/// What an engine says after a REST caller was told that it took too long goes to the sockets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_a_504_goes_to_the_sockets() {
    let engine = Gateway::start(&engine_config()).await;
    let hasty = "path = \"/kare/kare\"\nturn_timeout = 1\n";
    let config = gateway_config(&engine.url("")).replace("path = \"/kare/kare\"\n", hasty);
    let gateway = Gateway::start(&config).await;
    let mut client = Documented::start(&gateway.url("/kare/kare")).await;
    client.connect().await;
    let (status, error) = client.post_query("slow").await;
    assert_eq!((status, &error["error"]), (504, &"engine_timeout".into()));
    let heard = client.comes(Duration::from_secs(6)).await;
    assert!(client.words(&heard).contains("three seconds"), "{heard:#?}");
}
