//! Deep links: `docs/protocols/opendialog.md#62-post-apigenerate-webchat-deeplink` and
//! `docs/protocols/opendialog.md#73-post-publicapigenerate-webchat-deep-link-doc`.
//!
//! A link ends in a code that nobody can guess. Under the code is kept what the link stands for,
//! and whoever opens it, as often as they like until its time is over, chats as the link's user,
//! whose attributes are known by then. The attributes are never on the page.

pub(super) mod code;
mod page;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use switchboard_core::Fault;
use switchboard_core::dialect::{Call, Cx, Find, Handled, Keep, KeptValue, LookUp, Operation};

use super::pages::Visitor;
use super::{Handling, Server, api, call, only, refusal};
use crate::convert::user;
use crate::error;
use crate::wire::deep_link::{self, Link, Rules, User};
use crate::wire::error::Problem;

/// What a link stands for, as it is kept.
#[derive(Serialize, Deserialize)]
struct Meant {
    user_id: String,
    scenario: String,
    attributes: Map<String, Value>,
}

impl Server {
    /// Makes links for a set of users.
    pub(super) fn generate_links(
        &self,
        request: &Request<Bytes>,
        path: &str,
        cx: &Cx<'_>,
    ) -> Handling {
        only(request.method(), &[Method::POST])?;
        if !self.options.pages.full_page {
            let problem = Problem::new(Problem::NO_FULL_PAGE);
            let response = error::json(StatusCode::NOT_FOUND, &problem);
            return Err((Fault::NotFound, response));
        }
        let rules = Rules {
            most_users: self.options.deep_links.most_users,
            older_keys: path == api::LEGACY_LINKS,
            has_scenario: &|name| self.options.scenario(name).is_some(),
        };
        let asked = deep_link::decode(request.body(), &rules)
            .map_err(|mistakes| error::invalid(&mistakes))?;
        let name = asked.scenario_id.or(asked.scenario_alias);
        let name = name.unwrap_or_default();
        let scenario = self.options.scenario(&name).unwrap_or(&name);
        let mut place = self.place(request, path);
        if self.public_url.is_none() {
            place = place.forwarded(request);
        }
        let base = place.url().ok_or_else(|| {
            let problem = "The host header is required.";
            refusal(Fault::bad_field("host", problem))
        })?;

        let mut links = Vec::with_capacity(asked.dataset.len());
        let mut values = Vec::with_capacity(asked.dataset.len());
        let until = cx.now.after(self.options.deep_links.lifetime);
        for user in asked.dataset {
            let (link, key, meant) = new_link(user, scenario, &base, cx);
            // Plain values with string keys, which cannot fail.
            let value = serde_json::to_value(meant).unwrap_or_default();
            values.push(KeptValue { key, value, until });
            links.push(link);
        }
        let finish = Box::new(move |kept: Result<(), Fault>, _: &Cx<'_>| match kept {
            Ok(()) => error::json(StatusCode::OK, &links),
            Err(_) => {
                let problem = Problem::Error {
                    error: Problem::NO_LINK.to_owned(),
                };
                error::json(StatusCode::INTERNAL_SERVER_ERROR, &problem)
            }
        });
        Ok(Handled::Keep(Box::new(Keep { values, finish })))
    }

    /// Opens the chat page that a link leads to. `code` is what follows `l/`.
    pub(super) fn open_link(&self, request: &Request<Bytes>, code: &str, _: &Cx<'_>) -> Handling {
        only(request.method(), &[Method::GET]).map_err(|(fault, _)| page::refusal(fault))?;
        if !self.options.pages.full_page || !code::is_well_formed(code) {
            return Err(page::refusal(Fault::NotFound));
        }
        let (server, request) = (self.clone(), request.clone());
        Ok(Handled::LookUp(LookUp {
            key: code::key(code),
            then: Box::new(move |found, cx| {
                server.found(request, found, cx).unwrap_or_else(|fault| {
                    let (fault, response) = page::refusal(fault);
                    Handled::Refuse(fault, response)
                })
            }),
        }))
    }

    /// Tells the conversation of its user before the page is shown.
    fn found(
        self,
        request: Request<Bytes>,
        found: Result<Option<Value>, Fault>,
        cx: &Cx<'_>,
    ) -> Result<Handled, Fault> {
        let meant = found?.ok_or(Fault::NotFound)?;
        let meant: Meant = serde_json::from_value(meant).map_err(|_| Fault::Internal)?;
        let scenario = self.options.scenario(&meant.scenario);
        let scenario = scenario.ok_or(Fault::NotFound)?.to_owned();

        let mut profile = user::of_attributes(&meant.user_id, &meant.attributes);
        profile.scenario = Some(scenario.clone());
        let target = self.target(Find::Continue(meant.user_id.clone()));
        let looks_only = request.method() == Method::HEAD;
        let show = move |cx: &Cx<'_>| {
            let visitor = Visitor {
                user_id: Some(meant.user_id),
                scenario: Some(scenario),
                // What is known of the user is known here; the page need not know it.
                facts: Map::new(),
            };
            page::discreet(self.full_page(&request, &visitor, "../", cx))
        };
        if looks_only {
            return Ok(Handled::Reply(show(cx)));
        }
        Ok(call(Call {
            target,
            profile,
            operation: Operation::Touch,
            finish: Box::new(|touched, cx| -> Response<Bytes> {
                match touched {
                    Ok(_) => show(cx),
                    Err(fault) => page::of_fault(&fault),
                }
            }),
        }))
    }
}

/// A link, what it is kept under and what it stands for.
fn new_link(user: User, scenario: &str, base: &str, cx: &Cx<'_>) -> (Link, String, Meant) {
    let code = code::fresh(cx);
    let user_id = user.user_id.unwrap_or_else(|| cx.ids.fresh().to_string());
    let link = Link {
        user_id: user_id.clone(),
        url: format!("{base}/l/{code}"),
    };
    let meant = Meant {
        user_id,
        scenario: scenario.to_owned(),
        attributes: user.attributes,
    };
    (link, code::key(&code), meant)
}
