//! Kare's credentials: `docs/protocols/kare.md#13-application-token` and
//! `docs/protocols/kare.md#32-handshake`.

use reqwest::{Client, Method};
use serde_json::Value;
use uuid::Uuid;

use super::kare::{FRONTEND, Setup, assert_shape, check};
use crate::clients::kare::APP;
use crate::process::{Gateway, engine_config};
use crate::upstream::front::{KareRest, send};
use crate::{assert_discreet, handshake_refusal};

#[tokio::test]
async fn credentials() {
    let short = engine_config().replace(
        "dialect = \"kare\"\n",
        "dialect = \"kare\"\ntoken_lifetime = 1\n",
    );
    let gateway = Gateway::start_logged(&short).await;
    let base = gateway.url("/kare");
    let http = Client::new();
    let client = KareRest::open(&base).await;
    let token = client.token.clone();
    let query = client.query(Uuid::new_v4(), "hello").to_string();
    let ask = |token: Option<&str>| {
        let request = http.post(format!("{base}/dialog/query"));
        let request = request
            .header("content-type", "application/json")
            .body(query.clone());
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    };
    let unauthorised = "unauthorised";

    check(
        &gateway,
        "none",
        unauthorised,
        (401, &["missing_credentials"]),
        ask(None),
    )
    .await;
    for (label, forged) in forgeries(&token) {
        let request = ask(Some(&forged));
        let got = check(
            &gateway,
            label,
            unauthorised,
            (401, &["invalid_token"]),
            request,
        )
        .await;
        assert!(
            !got.body.contains(&forged) || forged.is_empty(),
            "{label}: {got:?}"
        );
    }
    let url = |query: &str| http.get(format!("{base}/apps/token{query}"));
    check(
        &gateway,
        "no app",
        "bad_input",
        (400, &["missing_parameter"]),
        url(""),
    )
    .await;
    let unknown = url("?app_id=00000000-0000-4000-8000-00000000dead");
    check(
        &gateway,
        "unknown app",
        unauthorised,
        (401, &["unknown_app"]),
        unknown,
    )
    .await;

    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    let request = ask(Some(&token));
    check(
        &gateway,
        "expired",
        unauthorised,
        (401, &["token_expired"]),
        request,
    )
    .await;
    for path in ["activity/conversations/x/events", "apps/config"] {
        let request = http.get(format!("{base}/{path}")).bearer_auth(&token);
        let codes: &[&str] = &["token_expired", "forbidden"];
        let got = send(request).await;
        assert!(got.status == 401 || got.status == 403, "{path}: {got:?}");
        assert_shape(&got, codes);
    }

    // A fresh token opens the same conversation again.
    let fresh = crate::upstream::front::kare_token(&base).await;
    let got = send(ask(Some(&fresh))).await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_discreet(&gateway, &[&token, &fresh]);
}

/// A token with a character changed, at each of its ends, and tokens made from nothing.
fn forgeries(token: &str) -> Vec<(&'static str, String)> {
    let flip = |at: usize| {
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    vec![
        ("changed at the front", flip(1)),
        ("changed in the middle", flip(token.len() / 2)),
        ("changed near the end", flip(token.len() - 6)),
        ("cut", token[..token.len() - 4].to_owned()),
        ("made up", "app.tok.7f3c9a51".to_owned()),
        // {"alg":"none"} and {"app":"…","exp":9999999999}
        (
            "unsigned",
            "eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9.".to_owned(),
        ),
    ]
}

#[tokio::test]
async fn an_application_token_has_five_rights() {
    let setup = Setup::new().await;
    let forbidden = (403, &["forbidden"][..]);
    let known = format!(
        "activity/conversations/{}/events",
        setup.client.conversation
    );
    let unknown = format!("activity/conversations/{}/events", Uuid::new_v4());
    for path in [&known, &unknown] {
        let request = setup.request(Method::GET, path);
        check(&setup.gateway, path, "forbidden", forbidden, request).await;
    }
    let request = setup.post("settings/application", r#"{"name":"mine"}"#);
    check(&setup.gateway, "settings", "forbidden", forbidden, request).await;
    setup.goes_on().await;
}

#[tokio::test]
async fn handshakes() {
    let setup = Setup::new().await;
    let base = setup.base.replacen("http", "ws", 1);
    let conversation = &setup.client.conversation;
    let token = &setup.client.token;
    let unknown = Uuid::new_v4();
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    let cases = [
        ("".to_owned(), 401, "missing_credentials"),
        (format!("?app_id={unknown}"), 401, "unknown_app"),
        (format!("?token={forged}"), 401, "invalid_token"),
        (
            format!("?app_id={APP}&conversation_id={unknown}"),
            404,
            "unknown_conversation",
        ),
    ];
    for (query, status, code) in cases {
        let (got, body) = handshake_refusal(&format!("{base}/ws{query}")).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (got, body["error"].as_str()),
            (status, Some(code)),
            "{query}: {body}"
        );
        assert_eq!(body["status"], status, "{body}");
    }
    // The token decides; an app_id that contradicts it is refused.
    let query = format!("?token={token}&app_id={unknown}");
    assert_eq!(handshake_refusal(&format!("{base}/ws{query}")).await.0, 401);
    // A plain request where a handshake belongs.
    let got = send(setup.http.get(format!("{}/ws?app_id={APP}", setup.base))).await;
    assert!((400..500).contains(&got.status), "{got:?}");
    for reason in ["unauthorised", "unknown_conversation", "bad_input"] {
        let labels = [("frontend", FRONTEND), ("reason", reason)];
        let count = setup
            .gateway
            .count("switchboard_rejected_total", &labels)
            .await;
        assert!(count >= 1.0, "{reason} is not counted");
    }
    let url = format!(
        "{base}/ws?app_id={}&conversation_id={conversation}",
        APP.to_uppercase()
    );
    crate::clients::connect(&url, None).await;
    assert_discreet(&setup.gateway, &[token, &forged]);
}
