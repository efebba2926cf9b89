//! What users did: `docs/protocols/opendialog.md#61-interaction-api` and
//! `docs/protocols/opendialog.md#71-get-publicapiuser-interactions-doc`.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Consult, Handled, Item, Matches, TranscriptLine, TranscriptPage, TranscriptQuery,
    UserTranscript,
};
use switchboard_core::model::Profile;

use super::parameters::Parameters;
use super::period::{FROM, Period, TO};
use super::{LINES, consult, people};
use crate::convert::did;
use crate::error;
use crate::options::ApiToken;
use crate::server::{Handling, external};
use crate::wire::error::Invalid;
use crate::wire::interactions::{FILTERS, Interaction, PLATFORM, Response, User};
use crate::wire::scalar::text_of;
use crate::wire::{Slot, time};

const USER_ID: &str = "user_id";
/// Filters that are echoed even where they were not asked for.
const ALWAYS_ECHOED: [&str; 3] = [USER_ID, "selected_scenario", "browser"];
/// What every client here runs on, unless it says otherwise in an attribute or a variable.
const WEBCHAT: &str = "webchat";

/// The older API: no filters, and other parameters mean nothing.
pub(super) fn legacy(query: &str, token: &ApiToken) -> Handling {
    let parameters = Parameters::decode(query);
    let asked = Asked::read(&parameters)?;
    Ok(asked.consult(token, None, |user| people::data(&user.profile)))
}

/// The current API.
pub(super) fn public(query: &str, token: &ApiToken) -> Handling {
    let parameters = Parameters::decode(query);
    let mut asked = Asked::read(&parameters)?;
    refuse_unknown(&parameters).map_err(|mistakes| error::invalid(&mistakes))?;
    let mut mistakes = Invalid::new();
    let mut wanted = Vec::new();
    for name in FILTERS {
        if let Some(words) = parameters.string(name, &mut mistakes) {
            let words = words.to_owned();
            asked.echo.insert(name.to_owned(), Value::from(&*words));
            wanted.push((name, words.to_lowercase()));
        }
    }
    if !mistakes.is_empty() {
        return Err(error::invalid(&mistakes));
    }
    if let Some(user_id) = &asked.user_id {
        let user_id = Value::from(user_id.as_str());
        asked.echo.insert(USER_ID.to_owned(), user_id);
    }
    for name in ALWAYS_ECHOED {
        asked.echo.entry(name).or_insert(Value::Null);
    }
    let matches = (!wanted.is_empty()).then(|| -> Matches {
        Arc::new(move |profile: &Profile| wanted.iter().all(|wanted| meets(profile, wanted)))
    });
    Ok(asked.consult(token, matches, |user| {
        people::data_with_id(&user.user_id, &user.profile)
    }))
}

fn refuse_unknown(parameters: &Parameters<'_>) -> Result<(), Invalid> {
    let is_known = |name: &&str| [FROM, TO, USER_ID].contains(name) || FILTERS.contains(name);
    let problem = |name: &str| format!("The filter '{name}' is not allowed.");
    let mut mistakes = Invalid::new();
    for name in parameters.names().filter(|name| !is_known(name)) {
        if mistakes.is_empty() {
            mistakes.message = problem(name);
        }
        mistakes.add(&format!("filters.{name}"), problem(name));
    }
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(mistakes)
    }
}

/// Whether a filter is met: by a part of what is known, whatever its case. `words` are in small
/// letters.
fn meets(profile: &Profile, (name, words): &(&'static str, String)) -> bool {
    let attribute = |name: &str| {
        let attribute = profile.attributes.get(name).and_then(text_of);
        attribute.map(|text| text.into_owned())
    };
    let known = match *name {
        "selected_scenario" => profile.scenario.clone(),
        "country" => profile.country.clone(),
        "browser_language" => profile.locales.browser.clone(),
        "os" => profile.os.clone(),
        "browser" => profile.browser.clone(),
        "timezone" => profile.timezone.clone(),
        PLATFORM => attribute(PLATFORM)
            .or_else(|| profile.variables.get(PLATFORM).cloned())
            .or_else(|| Some(WEBCHAT.to_owned())),
        other => attribute(other),
    };
    known.is_some_and(|known| known.to_lowercase().contains(words))
}

/// What is asked for.
struct Asked {
    period: Period,
    user_id: Option<String>,
    echo: Map<String, Value>,
}

impl Asked {
    fn read(parameters: &Parameters<'_>) -> Result<Self, (Fault, http::Response<Bytes>)> {
        let mut mistakes = Invalid::new();
        for name in [FROM, TO] {
            if !parameters.has(name) {
                mistakes.required(name);
            }
        }
        let user_id = parameters.string(USER_ID, &mut mistakes);
        if user_id.is_some_and(|id| id.contains('\0')) {
            // No store that holds texts has such an id, and not every one can be asked for it.
            mistakes.add(USER_ID, "The user id format is invalid.");
        }
        if !mistakes.is_empty() {
            return Err(error::invalid(&mistakes));
        }
        let period =
            Period::read(parameters).map_err(|mistake| error::invalid(&mistake.invalid()))?;
        Ok(Self {
            period,
            user_id: user_id.map(str::to_owned),
            echo: Map::new(),
        })
    }

    fn consult(
        self,
        token: &ApiToken,
        matches: Option<Matches>,
        user_data: fn(&UserTranscript) -> Map<String, Value>,
    ) -> Handled {
        let query = TranscriptQuery {
            from: Some(self.period.from),
            to: Some(self.period.until),
            frontends: token.frontends.clone(),
            user_id: self.user_id.clone(),
            matches,
            users_only: true,
            lines: LINES,
            ..TranscriptQuery::default()
        };
        consult(Consult {
            query,
            finish: Box::new(move |found, _| match found {
                Ok(page) if page.cut => error::invalid(&too_many()).1,
                Ok(page) => error::json(StatusCode::OK, &self.write(&page, user_data)),
                Err(fault) => error::encode_fault(&fault),
            }),
        })
    }

    fn write<'a>(
        &'a self,
        page: &'a TranscriptPage,
        user_data: fn(&UserTranscript) -> Map<String, Value>,
    ) -> Response<impl Serialize + 'a> {
        let write = move |user: &UserTranscript| User {
            chatbot_user_data: user_data(user),
            from: time::column(self.period.from),
            to: time::column(self.period.to),
            interactions: user.lines.iter().filter_map(interaction).collect(),
            filters: self.echo.clone(),
        };
        Response {
            data: people::Listed::new(&page.users, write),
        }
    }
}

/// There are no pages, and half of what a user did would look like all of it.
fn too_many() -> Invalid {
    let problem = format!("The period has more than {LINES} interactions. Ask for a shorter one.");
    Invalid::one(TO, problem)
}

fn interaction(line: &TranscriptLine) -> Option<Interaction> {
    let Item::User(event) = &line.entry.item else {
        return None;
    };
    let did = did::of(event);
    let kind = external::kind_of(&line.entry).unwrap_or(did.kind.as_str());
    Some(Interaction {
        kind: kind.to_owned(),
        date: time::column(line.entry.at),
        text: Slot::or_null(did.text()),
        data: Slot::or_null(did.data_beside_text().map(Value::Object)),
        rest: Map::new(),
    })
}
