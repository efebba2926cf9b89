//! Scenario A up to the livechat: everything that a visitor does with the bot.

use serde_json::{Value, json};

use super::assert_greeted;
use super::page::Page;
use super::widget::shown;
use crate::clients::dydu::BOT;

/// Questions, feedback, clicks, spaces and variables.
pub async fn first_visit(page: &mut Page) {
    let start = page.step("page load").await;
    assert_eq!(*start.of("serverstatus"), json!({ "status": "OK" }));
    assert_greeted(&page.step("accept gdpr disclaimer").await);
    page.step("type a question (autocomplete on, suggestions.limit=3)")
        .await;

    let played = page.step("send the question").await;
    assert_eq!(shown(played.talk()), "Ouvert de 9 h à 18 h. Utile ?");
    assert_eq!(played.talk()["typeResponse"], "DMUnderstoodQuestion");
    let wording = &played.talk()["feedbackWording"];
    assert_eq!(
        [
            &wording["choice0"],
            &wording["choice1"],
            &wording["choice2"]
        ],
        ["Incomplet", "Hors sujet", "Faux"]
    );

    // What the bot says to feedback comes with the next answer.
    page.step("feedback: thumb up").await;
    let played = page.step("second question (accents, markup, emoji)").await;
    assert_eq!(
        shown(played.talk()),
        "Pouce levé, merci. Vous dites : é è gras & 100% + \"x\" 😀 Utile ?"
    );
    page.step("feedback: thumb down").await;
    page.step("feedback: dissatisfaction choice").await;
    page.step("feedback: comment").await;
    let played = page.step("ask for quick replies").await;
    assert_eq!(
        shown(played.talk()),
        "Pouce baissé, dommage. Raison 1, remarque aucune. \
         Raison 1, remarque Pas clair, désolé & merci. Que voulez-vous ?"
    );
    let buttons = played.talk()["templateData"].as_str().unwrap();
    let buttons: Value = serde_json::from_str(buttons).unwrap();
    let buttons = buttons.as_object().unwrap();
    assert_eq!(buttons.len(), 2);
    for (key, label) in [("button1", "Horaires"), ("button2", "Adresse")] {
        let html = buttons[key].as_str().unwrap();
        assert!(html.contains("reword") && html.ends_with(&format!(">{label}</a>")));
    }

    for (step, kind) in [
        (
            "click a quick reply (reword link, type reword_knowledge)",
            "DMRewordClickedAuto",
        ),
        (
            "click reword link in welcome text (no type)",
            "DMUnderstoodQuestion",
        ),
        ("click a top knowledge entry", "DMRewordClickedAuto"),
    ] {
        let played = page.step(step).await;
        assert_eq!(
            shown(played.talk()),
            "Ouvert de 9 h à 18 h. Utile ?",
            "{step}"
        );
        assert_eq!(played.talk()["typeResponse"], kind, "{step}");
    }

    // Of an engine without steps, all at once in bubbles.
    let played = page.step("multi step answer").await;
    assert_eq!(played.talk()["text"], "Etape 1<hr>Etape 2");
    let played = page.step("answer changing space (guiCSName)").await;
    assert_eq!(shown(played.talk()), "Vous êtes dans l'espace général.");
    let played = page.step("register context variable then ask").await;
    assert_eq!(
        shown(played.talk()),
        "Bonjour, espace Pro, ville Lille & <x>. Utile ?"
    );
    page.step("setDialogVariable").await;
}

/// A survey and a file, and what the visitor may ask of the whole conversation.
pub async fn surveys_and_files(page: &mut Page) {
    // The configuration is asked for with the id that our answer announces.
    let text = "survey attached to an answer";
    let survey = page.ask_survey(text).await;
    assert_eq!(shown(&survey.0), "Satisfaction Votre avis, Zoé ?");
    let configuration = &survey.1;
    assert_eq!(configuration["title"], "Satisfaction");
    assert_eq!(configuration["reword"], "");
    let fields = configuration["fields"].as_array().unwrap();
    assert_eq!(fields[0]["label"], "Nom");
    assert_eq!(fields[0]["type"], "TEXT");
    assert_eq!(fields[1]["type"], "MULTIPLE_CHOICE");
    let options = fields[1]["children"].as_array().unwrap();
    assert_eq!(options[0]["type"], "RADIO");
    assert_eq!(
        [&options[0]["label"], &options[1]["label"]],
        ["Bien", "Mal"]
    );
    page.answer_with(configuration);
    page.step("survey submit").await;

    let played = page.step("file upload via guiAction").await;
    let text = shown(played.talk());
    assert_eq!(
        text, "Avis de Zoé, note b. Envoyez un fichier",
        "what came of the survey goes first"
    );
    let action = played.talk()["guiAction"].as_str().unwrap();
    let sentence = action
        .strip_prefix("javascript:dyduKnowledgeUploadFile('")
        .and_then(|rest| rest.strip_suffix("')"))
        .unwrap_or_else(|| panic!("no button: {action}"));
    // The recorded server gave no sentence; with ours the chatbox says it now.
    let answer = page.say_hidden(sentence).await;
    let text = shown(&answer);
    assert!(text.starts_with("Reçu : n.txt, "), "{text}");
    assert!(text.ends_with(" octets, text/plain."), "{text}");

    let played = page.step("export conversation by mail").await;
    assert_eq!(played.talk()["text"], "");
    // What was said is still needed: it is deleted when the visit is over.
    page.instead("object=Delete", "object=Get");
    let played = page.step("gdpr data request by mail").await;
    let data = played.of("gdpr");
    assert_eq!(data["dialogsCount"], 1, "{data:#}");
    let interactions = data["dialogs"][0]["interactions"].as_array().unwrap();
    assert_eq!(interactions[0]["user"], "horaires ?");
}

/// The user has everything deleted, as recorded.
pub async fn deleted(page: &mut Page) {
    let body = "clientId=cc4253dc43de421&language=fr&mail=zoe%40example.org&object=Delete";
    let done = page.post(&format!("/api/chat/gdpr/{BOT}"), body).await;
    assert!(done["dialogsCount"].as_u64().unwrap() >= 1, "{done}");
    let path = format!("/api/chat/availablecontext/{BOT}/{}", page.context);
    let available = page.post(&path, "").await;
    assert_eq!(available["isContextStillAvailable"], false);
    let body = format!("contextUuid={}&solutionUsed=ASSISTANT", page.context);
    let history = page.post(&format!("/api/chat/history/{BOT}"), &body).await;
    assert_eq!(history["interactions"], json!([]));
}

/// The page is loaded again, then the dialog begun anew.
pub async fn coming_back(page: &mut Page) {
    let played = page.step("page reload (context kept): history").await;
    let interactions = played.of("history")["interactions"].as_array().unwrap();
    let of = |user: &str| {
        let mut all = interactions.iter();
        all.find(|interaction| interaction["user"] == user)
            .unwrap_or_else(|| panic!("no {user} in {interactions:#?}"))
    };
    assert_eq!(of("horaires ?")["feedback"], "positive");
    assert_eq!(of("é è gras &amp; 100% + \"x\" 😀")["feedback"], "negative");
    assert_eq!(of("horaires")["feedback"], "withoutAnswer");
    assert_eq!(of("reponse rapide")["templateName"], "dydu_quick_reply_001");
    assert_eq!(of("horaires ?")["type"], "DMUnderstoodQuestion");
    assert!(shown(of("n.txt")).starts_with("Reçu : n.txt"));

    let before = page.context.clone();
    let played = page.step("type the word #newdialog#").await;
    assert_ne!(page.context, before);
    assert!(shown(played.talk()).starts_with("Bonjour, je suis le bot."));
}
