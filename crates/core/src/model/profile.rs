use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Extras;

/// Most context variables of a conversation.
pub const VARIABLES_LIMIT: usize = 500;

/// Most metadata of a conversation, over all its calls.
pub const METADATA_LIMIT: usize = 500;

/// Most attributes of a conversation's user, over all its calls.
pub const ATTRIBUTES_LIMIT: usize = 500;

/// What is known of the user and of where the conversation takes place.
///
/// It also serves as a change: every absent field leaves what is known as it is, see
/// [`Profile::merge`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The site's id of the user. Not authenticated: grants no rights.
    pub user_id: Option<String>,
    /// The user's languages.
    pub locales: Locales,
    /// What the site logs about the conversation, such as Kare's `kare-meta-*` parameters.
    pub metadata: BTreeMap<String, String>,
    /// Context variables that an engine can read.
    pub variables: BTreeMap<String, String>,
    /// Facts of the user: `first_name`, `last_name`, `email`, `external_id` and the site's own.
    pub attributes: BTreeMap<String, Value>,
    /// Tags that decide what the user may see.
    pub tags: Vec<String>,
    /// The page that holds the widget.
    pub page_url: Option<String>,
    /// The browser, as the client names it.
    pub browser: Option<String>,
    /// The operating system, as the client names it.
    pub os: Option<String>,
    /// IANA name of the time zone.
    pub timezone: Option<String>,
    /// Country, as the client names it.
    pub country: Option<String>,
    /// The user has been here before.
    pub returning: Option<bool>,
    /// Consultation space; absent for the default one. A change to the empty string leads back to
    /// the default one.
    pub space: Option<String>,
    /// Which of the frontend's apps, bots or app keys the conversation belongs to.
    pub app: Option<String>,
    /// The scenario to run.
    pub scenario: Option<String>,
    /// A test: answers, but stays out of analytics.
    pub qualification: Option<bool>,
    /// The engine keeps to the language of [`Profile::locales`], whatever language the user
    /// writes in.
    pub keep_language: Option<bool>,
    /// The vendor's fields that have no place above.
    pub extras: Extras,
}

/// The user's languages as BCP 47 tags, by where they come from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Locales {
    /// Picked by the user in the application.
    pub selected: Option<String>,
    /// The locale of the hosting site.
    pub host: Option<String>,
    /// What the browser asks for.
    pub browser: Option<String>,
}

impl Locales {
    /// The locale to use: selected, then host, then browser.
    pub fn effective(&self) -> Option<&str> {
        [&self.selected, &self.host, &self.browser]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .find(|locale| !locale.trim().is_empty())
    }

    /// The language of [`Locales::effective`]: `en` of `en-GB`.
    pub fn language(&self) -> Option<&str> {
        self.effective()
            .and_then(|locale| locale.split(['-', '_']).next())
    }
}

impl Profile {
    /// Takes over everything that `change` states. Maps are merged key by key; tags are replaced
    /// if there are any; a variable set to the empty string is deleted. There is an end to how
    /// many variables, attributes and extras and how much metadata are kept: they come from clients.
    pub fn merge(&mut self, change: Profile) {
        fn set<T>(known: &mut Option<T>, new: Option<T>) {
            if new.is_some() {
                *known = new;
            }
        }
        set(&mut self.user_id, change.user_id);
        set(&mut self.locales.selected, change.locales.selected);
        set(&mut self.locales.host, change.locales.host);
        set(&mut self.locales.browser, change.locales.browser);
        for (name, value) in change.metadata {
            if self.metadata.len() < METADATA_LIMIT || self.metadata.contains_key(&name) {
                self.metadata.insert(name, value);
            }
        }
        for (name, value) in change.variables {
            if value.is_empty() {
                self.variables.remove(&name);
            } else if self.variables.len() < VARIABLES_LIMIT || self.variables.contains_key(&name) {
                self.variables.insert(name, value);
            }
        }
        for (name, value) in change.attributes {
            if self.attributes.len() < ATTRIBUTES_LIMIT || self.attributes.contains_key(&name) {
                self.attributes.insert(name, value);
            }
        }
        if !change.tags.is_empty() {
            self.tags = change.tags;
        }
        set(&mut self.page_url, change.page_url);
        set(&mut self.browser, change.browser);
        set(&mut self.os, change.os);
        set(&mut self.timezone, change.timezone);
        set(&mut self.country, change.country);
        set(&mut self.returning, change.returning);
        if change.space.as_deref() == Some("") {
            self.space = None;
        } else {
            set(&mut self.space, change.space);
        }
        set(&mut self.app, change.app);
        set(&mut self.scenario, change.scenario);
        set(&mut self.qualification, change.qualification);
        set(&mut self.keep_language, change.keep_language);
        self.extras.merge(change.extras);
    }

    /// Whether all that `change` states is known already, so that merging it would change nothing.
    /// Most requests repeat what the first one told.
    pub fn holds(&self, change: &Profile) -> bool {
        fn same<T: PartialEq>(known: &Option<T>, new: &Option<T>) -> bool {
            new.is_none() || known == new
        }
        // Every field by its name, so that a new one is not forgotten.
        let Profile {
            user_id,
            locales:
                Locales {
                    selected,
                    host,
                    browser: accepted,
                },
            metadata,
            variables,
            attributes,
            tags,
            page_url,
            browser,
            os,
            timezone,
            country,
            returning,
            space,
            app,
            scenario,
            qualification,
            keep_language,
            extras,
        } = change;
        same(&self.user_id, user_id)
            && same(&self.locales.selected, selected)
            && same(&self.locales.host, host)
            && same(&self.locales.browser, accepted)
            && same(&self.page_url, page_url)
            && same(&self.browser, browser)
            && same(&self.os, os)
            && same(&self.timezone, timezone)
            && same(&self.country, country)
            && same(&self.returning, returning)
            && match space.as_deref() {
                Some("") => self.space.is_none(),
                _ => same(&self.space, space),
            }
            && same(&self.app, app)
            && same(&self.scenario, scenario)
            && same(&self.qualification, qualification)
            && same(&self.keep_language, keep_language)
            && (tags.is_empty() || self.tags == *tags)
            && metadata
                .iter()
                .all(|(name, value)| self.metadata.get(name) == Some(value))
            && variables.iter().all(|(name, value)| {
                let known = self.variables.get(name);
                if value.is_empty() {
                    known.is_none()
                } else {
                    known == Some(value)
                }
            })
            && attributes
                .iter()
                .all(|(name, value)| self.attributes.get(name) == Some(value))
            && self.extras.hold(extras)
    }
}
