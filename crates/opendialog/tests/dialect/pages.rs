//! The webchat's pages and files, and the chat page of our own.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::{Value, json};
use switchboard_core::dialect::{Build, Dialect, FolderFile, Frontend, Handled, OptionsError};
use switchboard_opendialog::dialect;

use crate::support::{cx, frontend, get, handle, recording, refused};

type Served = std::sync::Arc<dyn Frontend>;

const NEEDED: [&str; 5] = [
    "js/app.js",
    "js/opendialog-bot.js",
    "js/opendialog-bot-full.js",
    "css/main.css",
    "css/app-iframe.css",
];

fn with_folder(options: Value, paths: &[String]) -> Result<Served, OptionsError> {
    let read_folder = |folder: &str| {
        assert_eq!(folder, "webchat-files");
        let file = |path: &String| FolderFile {
            path: path.clone(),
            content: Bytes::from(format!("content of {path}")),
        };
        Ok(paths.iter().map(file).collect())
    };
    dialect().frontend(
        options,
        &Build {
            signing_key: [7; 32],
            read_file: &|_| Err("no files".to_owned()),
            read_folder: &read_folder,
        },
    )
}

fn below(folder: &str, more: &[&str]) -> Vec<String> {
    let needed = NEEDED.iter().map(|name| format!("{folder}{name}"));
    needed
        .chain(more.iter().map(|&name| name.to_owned()))
        .collect()
}

fn vendor() -> Served {
    let more = [
        "images/logo.svg",
        "index.php",
        "vendor/webchat/images/close-btn.svg",
        "vendor/webchat/images/restart.svg",
        "vendor/webchat/images/header-cta-btn.svg",
    ];
    let options = json!({"pages": {"files": "webchat-files"}, "app_keys": ["demo-app-key"]});
    with_folder(options, &below("vendor/webchat/", &more)).unwrap()
}

#[track_caller]
fn page(frontend: &dyn Frontend, request: Request<Bytes>) -> Response<Bytes> {
    match handle(frontend, request) {
        Handled::Reply(response) => response,
        other => panic!("no page: {other:?}"),
    }
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// What is in the page's script element with the settings.
fn settings(page: &str, before: &str, after: &str) -> Value {
    let (_, rest) = page.split_once(before).unwrap();
    serde_json::from_str(rest.split_once(after).unwrap().0).unwrap()
}

#[test]
fn the_vendors_files_are_served_as_the_recorded_webchat_asks_for_them() {
    let frontend = vendor();
    let mut asked = 0;
    for line in recording() {
        let path = line["path"].as_str().unwrap();
        if line["direction"] != "c2s"
            || !(path.starts_with("/vendor/") || path.starts_with("/web-chat"))
            || line["method"] != "GET"
        {
            continue;
        }
        let query = line["query"].as_str().map(|query| format!("?{query}"));
        let response = page(
            &*frontend,
            get(&format!("{path}{}", query.unwrap_or_default())),
        );
        assert_eq!(response.status(), 200, "{path}");
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
        let expected = match path.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(kind, expected, "{path}");
        asked += 1;
    }
    assert!(asked > 20, "{asked} requests");
}

#[test]
fn a_file_that_a_browser_has_is_not_sent_again() {
    let frontend = vendor();
    let first = page(&*frontend, get("/vendor/webchat/js/app.js"));
    assert_eq!(text(&first), "content of vendor/webchat/js/app.js");
    assert_eq!(first.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let etag = first.headers()[header::ETAG].to_str().unwrap();
    for (known, status) in [
        (etag.to_owned(), 304),
        (format!("\"other\", W/{etag}"), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
    ] {
        let mut request = get("/vendor/webchat/js/app.js?v1");
        request
            .headers_mut()
            .insert(header::IF_NONE_MATCH, known.parse().unwrap());
        let response = page(&*frontend, request);
        assert_eq!(response.status(), status, "{known}");
        assert_eq!(response.body().is_empty(), status == 304);
        assert_eq!(response.headers()[header::ETAG], etag);
    }
    let other = page(&*frontend, get("/vendor/webchat/css/main.css"));
    assert_ne!(other.headers()[header::ETAG], etag);
}

#[test]
fn nothing_but_the_webchats_files_leaves_the_folder() {
    let frontend = vendor();
    assert_eq!(page(&*frontend, get("/images/logo.svg")).status(), 200);
    assert_eq!(
        page(&*frontend, get("/vendor/webchat/js/%61pp.js")).status(),
        200
    );
    for path in [
        "/index.php",
        "/vendor/webchat/",
        "/vendor/webchat/js",
        "/vendor/webchat/../../index.php",
        "/vendor/webchat/%2e%2e/%2e%2e/index.php",
        "/vendor/webchat/js/..%2Fapp.js",
        "/vendor/webchat/js/%ff",
        "/etc/passwd",
    ] {
        let (_, response) = refused(&*frontend, get(path));
        assert_eq!(response.status(), 404, "{path}");
    }
    let post = Request::post("/vendor/webchat/js/app.js")
        .body(Bytes::new())
        .unwrap();
    assert_eq!(refused(&*frontend, post).1.status(), 405);
}

#[test]
fn the_folder_may_be_the_vendors_own() {
    let options = json!({"pages": {"files": "webchat-files"}});
    let frontend = with_folder(options, &below("", &["fonts/fonts.css"])).unwrap();
    let response = page(&*frontend, get("/vendor/webchat/js/app.js"));
    assert_eq!(text(&response), "content of js/app.js");
    let iframe = page(&*frontend, get("/web-chat-iframe"));
    assert!(text(&iframe).contains("/vendor/webchat/fonts/fonts.css?"));
}

#[test]
fn a_folder_that_lacks_a_file_is_refused_by_its_name() {
    let mistake = |options: Value, paths: &[String]| with_folder(options, paths).err().unwrap();
    let options = json!({"pages": {"files": "webchat-files"}});
    let mut paths = below("", &[]);
    paths.retain(|path| path != "css/main.css" && path != "js/opendialog-bot-full.js");
    let error = mistake(options.clone(), &paths);
    assert_eq!(error.path, "pages.files");
    assert!(
        error.message.contains("vendor/webchat/css/main.css"),
        "{error}"
    );
    assert!(error.message.contains("opendialog-bot-full.js"), "{error}");
    assert!(!error.message.contains("app.js"), "{error}");
    // Without a full page its script is not needed.
    paths.push("css/main.css".to_owned());
    let options = json!({"pages": {"files": "webchat-files", "full_page": false}});
    assert!(with_folder(options, &paths).is_ok());
    // `frontend` has no folders to read.
    let unreadable = dialect().frontend(
        json!({"pages": {"files": "nowhere"}}),
        &Build {
            signing_key: [0; 32],
            read_file: &|_| Err(String::new()),
            read_folder: &|_| Err("nowhere is no folder".to_owned()),
        },
    );
    let error = unreadable.err().unwrap();
    assert_eq!(
        (error.path.as_str(), error.message.as_str()),
        ("pages.files", "nowhere is no folder")
    );
}

#[test]
fn the_iframe_page_may_be_framed_and_repeats_nothing_of_its_address() {
    let response = page(
        &*vendor(),
        get("/web-chat-iframe?&callback_id=%3Cscript%3Ealert(1)%3C/script%3E&mobile=true"),
    );
    let html = text(&response);
    assert!(html.contains("<div id=\"app\"><opendialog-chat></opendialog-chat></div>"));
    for part in [
        "<meta name=\"csrf-token\" content=\"ey",
        "<meta name=\"cookie-expire\"",
        "/vendor/webchat/css/main.css?",
        "/vendor/webchat/js/app.js?",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(!html.contains("alert(1)"));
    assert!(!html.contains("opendialog-bot"));
    let headers = response.headers();
    assert!(!headers.contains_key(header::X_FRAME_OPTIONS));
    assert!(!headers.contains_key(header::CONTENT_SECURITY_POLICY));
}

#[test]
fn the_full_page_gives_the_webchat_its_settings() {
    let response = page(
        &*vendor(),
        get(
            "/web-chat?first_name=Jane&last_name=%3C/script%3E&email=jane%40example.org&external_id=7&other=x",
        ),
    );
    let html = text(&response);
    let given = settings(html, "window.openDialogSettings = ", ";\n");
    assert_eq!(
        given,
        json!({"user": {"first_name": "Jane", "last_name": "</script>", "email": "jane@example.org", "external_id": "7"}, "appKey": "demo-app-key"})
    );
    assert!(html.contains("openDialogSettings.url = window.location.origin"));
    assert!(!html.contains("sessionStorage"));
    let place = |name: &str| html.find(name).unwrap();
    assert!(place("main.css") < place("opendialog-bot-full.js"));
    assert!(place("opendialog-bot-full.js") < place("app.js"));
    assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
}

#[test]
fn below_the_root_our_own_page_stands_in_for_the_vendors() {
    let frontend = vendor();
    let at = |uri: &str, path: &str| frontend.handle(get(uri), path, &cx());
    let Handled::Reply(full) = at("/od/web-chat", "/web-chat") else {
        panic!("no page");
    };
    assert!(text(&full).contains("id=\"settings\""));
    let Handled::Refuse(_, iframe) = at("/od/web-chat-iframe", "/web-chat-iframe") else {
        panic!("a page that cannot work");
    };
    assert_eq!(iframe.status(), 404);
    assert!(text(&iframe).contains("at the root"));
    // A proxy may put it at the root.
    let options =
        json!({"pages": {"files": "webchat-files"}, "public_url": "https://chat.example.com"});
    let frontend = with_folder(options, &below("", &[])).unwrap();
    let proxied = frontend.handle(get("/od/web-chat"), "/web-chat", &cx());
    let Handled::Reply(full) = proxied else {
        panic!("no page");
    };
    let given = settings(text(&full), "window.openDialogSettings = ", ";\n");
    assert_eq!(given["url"], "https://chat.example.com");
}

#[test]
fn our_own_page_runs_its_own_script_only() {
    let frontend = frontend(json!({
        "webchat": {"team_name": "<b>Us</b>"}, "scenarios": [{"id": "demo"}],
        "app_keys": ["demo-app-key"],
    }));
    let response = page(
        &*frontend,
        get("/web-chat?email=jane%40example.org&first_name=%3C/script%3E%3Cscript%3Ealert(1)"),
    );
    let html = text(&response);
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    let (_, nonce) = policy.split_once("script-src 'nonce-").unwrap();
    let nonce = nonce.split_once('\'').unwrap().0;
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert_eq!(html.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    assert_eq!(
        html.matches("<script").count(),
        2,
        "the settings and the script"
    );
    assert!(html.contains("<title>&lt;b&gt;Us&lt;/b&gt;</title>"));
    assert!(!html.contains("{{"), "all is filled in");
    assert!(!html.contains("innerHTML"));
    let given = settings(html, "id=\"settings\">", "</script>");
    assert_eq!(given["userId"], "jane@example.org");
    assert_eq!(given["up"], "");
    assert_eq!(given["user"]["first_name"], "</script><script>alert(1)");
    assert_eq!(given["user"]["custom"]["selected_scenario"], "demo");
    assert_eq!(given["appKey"], Value::Null, "nobody asks for it");
}

#[test]
fn our_own_page_knows_the_key_that_is_asked_for() {
    let frontend = frontend(json!({"app_keys": ["demo-app-key"], "require_app_key": true}));
    let response = page(&*frontend, get("/web-chat"));
    let given = settings(text(&response), "id=\"settings\">", "</script>");
    assert_eq!(given["appKey"], "demo-app-key");
    assert_eq!(given["userId"], Value::Null);
}

#[test]
fn pages_that_are_not_there_say_why() {
    let plain = frontend(json!({"pages": {"full_page": false}}));
    for (path, words) in [
        ("/web-chat", "pages.full_page"),
        ("/web-chat-iframe", "pages.files"),
        ("/vendor/webchat/js/app.js", "pages.files"),
    ] {
        let (_, response) = refused(&*plain, get(path));
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(text(&response).contains(words), "{path}");
    }
}
