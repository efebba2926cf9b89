//! The webchat's own pages and files: `docs/protocols/opendialog.md#1-endpoint-summary-g1` and
//! `docs/protocols/opendialog.md#51-load-order-iframe-embedding-source-code`.

mod embed;
mod files;
mod own;
mod vendor;

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Map, Value};
use switchboard_core::dialect::{Build, Cx, Handled, OptionsError};

use self::files::Files;
use super::place::Place;
use super::{Handling, Server, only};
use crate::error;
use crate::options::FrontendOptions;

/// Whom the full page is opened for.
#[derive(Debug, Clone, Default)]
pub(super) struct Visitor {
    /// The user, if the page is opened for a certain one.
    pub(super) user_id: Option<String>,
    /// The scenario to run.
    pub(super) scenario: Option<String>,
    /// Further facts for `user`, by the vendor's names.
    pub(super) facts: Map<String, Value>,
}

/// What is served to browsers.
pub(super) struct Pages {
    /// The vendor's files, if we have them.
    files: Option<Files>,
    full_page: bool,
}

impl Pages {
    /// # Errors
    /// The folder cannot be read, or lacks a file that the webchat needs.
    pub(super) fn new(options: &FrontendOptions, build: &Build<'_>) -> Result<Self, OptionsError> {
        let pages = &options.pages;
        let files = match &pages.files {
            Some(folder) => Some(Files::read(folder, pages.full_page, build)?),
            None => None,
        };
        Ok(Self {
            files,
            full_page: pages.full_page,
        })
    }

    /// Why there is nothing at one of the webchat's paths.
    pub(super) fn why_not(&self, path: &str) -> &'static str {
        if path == "web-chat" {
            return "The full page is switched off (`pages.full_page`).\n";
        }
        match &self.files {
            None => {
                "The webchat's own pages and files are not served here: `pages.files` would name \
                 the folder that they are in.\n"
            }
            Some(_) if path == "web-chat-iframe" => {
                "The webchat's own page works at the root of a host only: mount this frontend at \
                 `/`, or set `public_url` if a proxy does.\n"
            }
            Some(_) => "There is no such file.\n",
        }
    }
}

impl Server {
    /// The answer to a request for a page or a file, if the path is one of theirs.
    pub(super) fn page(
        &self,
        request: &Request<Bytes>,
        path: &str,
        cx: &Cx<'_>,
    ) -> Option<Handling> {
        let response = match path {
            "web-chat" if self.pages.full_page => {
                let visitor = Visitor::of_query(request.uri().query().unwrap_or_default());
                let place = self.place(request, path);
                self.page_for(request, &visitor, "", &place, cx)
            }
            "web-chat-iframe" => {
                let files = self.pages.files.as_ref()?;
                let place = self.place(request, path);
                if !place.is_root() {
                    return None;
                }
                html(vendor::iframe(&self.head(files, &place, cx)))
            }
            _ => self.pages.files.as_ref()?.answer(path, request.headers())?,
        };
        Some(only(request.method(), &[Method::GET]).map(|()| Handled::Reply(response)))
    }

    /// The full-page chat for a visitor whose link has told who they are: the page gets their
    /// cookie. Only where `pages.full_page` is set. `up` leads from the page's address to the
    /// frontend's base, such as `../` for a page that is one folder deeper.
    pub(super) fn full_page(
        &self,
        request: &Request<Bytes>,
        visitor: &Visitor,
        up: &str,
        cx: &Cx<'_>,
    ) -> Response<Bytes> {
        if !self.pages.full_page {
            let words = self.pages.why_not("web-chat");
            return error::text(StatusCode::NOT_FOUND, words);
        }
        let place = self.place(request, own_path(request, up));
        let mut response = self.page_for(request, visitor, up, &place, cx);
        if let Some(user_id) = &visitor.user_id {
            self.vouch(&mut response, place, user_id, cx);
        }
        response
    }

    fn page_for(
        &self,
        request: &Request<Bytes>,
        visitor: &Visitor,
        up: &str,
        place: &Place,
        cx: &Cx<'_>,
    ) -> Response<Bytes> {
        let user = visitor.facts(&self.options);
        let mut response = match &self.pages.files {
            Some(files) if place.is_root() => {
                let head = self.head(files, place, cx);
                html(vendor::full_page(&head, visitor, user, &self.options))
            }
            _ => {
                let token = self.page_token(place, cx);
                let up = match request.uri().path().ends_with('/') {
                    // For a browser that is a folder more.
                    true => Cow::from(format!("../{up}")),
                    false => Cow::from(up),
                };
                own::page(visitor, user, &self.options, &up, token, cx)
            }
        };
        // The address may hold who the visitor is.
        let headers = response.headers_mut();
        let no_referrer = HeaderValue::from_static("no-referrer");
        headers.insert(header::REFERRER_POLICY, no_referrer);
        response
    }

    fn head<'a>(&self, files: &'a Files, place: &Place, cx: &Cx<'_>) -> vendor::Head<'a> {
        vendor::Head {
            files,
            title: self.options.webchat.team_name.clone(),
            page_token: self.page_token(place, cx),
            cookie_minutes: self.options.idle_timeout.as_secs().div_ceil(60),
        }
    }
}

impl Visitor {
    /// Whom the address of the full page names. **An e-mail address becomes the user id.**
    fn of_query(query: &str) -> Self {
        let mut visitor = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let known = ["first_name", "last_name", "email", "external_id"];
            if known.contains(&&*key) && !value.trim().is_empty() {
                visitor
                    .facts
                    .insert(key.into_owned(), value.trim().to_owned().into());
            }
        }
        let email = visitor.facts.get("email").and_then(Value::as_str);
        visitor.user_id = email.map(str::to_owned);
        visitor
    }

    /// What the page says of the user: the facts and the scenario.
    fn facts(&self, options: &FrontendOptions) -> Map<String, Value> {
        let mut user = self.facts.clone();
        let only = match options.scenarios.as_slice() {
            [only] => Some(only.id.as_str()),
            _ => None,
        };
        if let Some(scenario) = self.scenario.as_deref().or(only) {
            let custom = user
                .entry("custom")
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(custom) = custom {
                custom.insert("selected_scenario".to_owned(), Value::from(scenario));
            }
        }
        user
    }
}

/// What of a page's path is below the mount, given what leads from there to the frontend's base.
fn own_path<'a>(request: &'a Request<Bytes>, up: &str) -> &'a str {
    let path = request.uri().path().trim_end_matches('/');
    let deep = up.matches("../").count();
    let above = path.rmatch_indices('/').nth(deep).map_or(0, |(at, _)| at);
    path.get(above..).unwrap_or_default().trim_matches('/')
}

/// A page that is made for whoever asks.
fn html(page: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(page));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use switchboard_core::dialect::parse_options;
    use switchboard_core::model::Timestamp;
    use uuid::Uuid;

    use super::*;

    struct Ids;

    impl switchboard_core::dialect::IdSource for Ids {
        fn fresh(&self) -> Uuid {
            Uuid::from_u128(1)
        }
    }

    fn linked(options: Value) -> Response<Bytes> {
        linked_at("/od/l/abc", options)
    }

    fn linked_at(address: &str, options: Value) -> Response<Bytes> {
        let build = Build {
            signing_key: [1; 32],
            read_file: &|_| Err(String::new()),
            read_folder: &|_| Err(String::new()),
        };
        let server = Server::new(parse_options(options).unwrap(), &build).unwrap();
        let request = Request::get(address).body(Bytes::new()).unwrap();
        let visitor = Visitor {
            user_id: Some("u-7".to_owned()),
            scenario: Some("demo".to_owned()),
            ..Visitor::default()
        };
        let cx = Cx {
            now: Timestamp(0),
            ids: &Ids,
        };
        server.full_page(&request, &visitor, "../", &cx)
    }

    #[test]
    fn a_page_knows_how_deep_it_is() {
        for (uri, up, path) in [
            ("/od/l/abc", "../", "l/abc"),
            ("/web-chat", "", "web-chat"),
            ("/a/b/web-chat/", "", "web-chat"),
            ("/l/abc", "../../", "l/abc"),
        ] {
            let request = Request::get(uri).body(Bytes::new()).unwrap();
            assert_eq!(own_path(&request, up), path, "{uri}");
        }
    }

    #[test]
    fn a_slash_at_the_end_is_a_folder_more() {
        let response = linked_at("/od/l/abc/", json!({}));
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("Path=/od;"), "{cookie}");
        let page = std::str::from_utf8(response.body()).unwrap();
        assert!(page.contains(r#""up":"../../","userId":"u-7""#));
    }

    #[test]
    fn whoever_opens_a_link_is_given_the_cookie_of_its_user() {
        let response = linked(json!({}));
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("Path=/od;"), "{cookie}");
        let page = std::str::from_utf8(response.body()).unwrap();
        assert!(page.contains(r#""up":"../","userId":"u-7""#));
        let off = linked(json!({"users": {"anonymous": "off"}}));
        assert!(!off.headers().contains_key(header::SET_COOKIE));
        let none = linked(json!({"pages": {"full_page": false}}));
        assert_eq!(none.status(), StatusCode::NOT_FOUND);
    }
}
