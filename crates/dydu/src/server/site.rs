//! What the page around the widget asks and reports; hardly any of it belongs to a conversation.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, header};
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Handled};
use switchboard_core::model::{ClientError, Query, QueryAnswer, UserInput, push_rule};

use super::Ask;
use super::plan::Plan;
use crate::error;
use crate::languages::FALLBACK;
use crate::wire::context::ServerStatus;
use crate::wire::push_rule::{PushRulesAnswer, is_list};
use crate::wire::report::ErrorReport;
use crate::wire::site::{BotLanguage, HostHeader, WhoAmI};
use crate::wire::{B64, envelope};

/// `serverstatus`
pub(super) fn server_status() -> Plan {
    let status = ServerStatus {
        status: "OK".to_owned(),
    };
    Plan::text(serde_json::to_string(&status).unwrap_or_default())
}

/// `account/dydubox/bots/language`: the configured languages, else the engine's.
pub(super) fn languages(ask: &Ask<'_>, cx: &Cx<'_>) -> Plan {
    if let Some(languages) = &ask.bot.languages {
        return Plan::text(available(languages.iter().cloned()));
    }
    let bot = Arc::clone(ask.bot);
    Plan::query(ask, Query::Languages, cx, move |answer| match answer {
        Some(QueryAnswer::Languages(languages)) if !languages.is_empty() => {
            bot.learn(&languages);
            available(languages)
        }
        _ => available(FALLBACK.map(str::to_owned)),
    })
}

fn available(languages: impl IntoIterator<Item = String>) -> String {
    let list: Vec<BotLanguage> = languages
        .into_iter()
        .map(|id| BotLanguage {
            id,
            is_available: true,
        })
        .collect();
    serde_json::to_string(&list).unwrap_or_default()
}

/// `chat/pushrules`: the configured rules, else the engine's.
pub(super) fn push_rules(ask: &Ask<'_>, cx: &Cx<'_>) -> Plan {
    let encode = |rules: Option<String>| {
        let values = rules.filter(|rules| is_list(rules));
        let answer = PushRulesAnswer {
            values: values.map(B64::from),
        };
        serde_json::to_string(&answer).unwrap_or_default()
    };
    if let Some(rules) = &ask.options.push_rules {
        return Plan::text(encode(Some(push_rule::text(rules))));
    }
    Plan::query(ask, Query::PushRules, cx, move |answer| {
        encode(match answer {
            Some(QueryAnswer::PushRules(rules)) => Some(rules),
            _ => None,
        })
    })
}

/// `chat/error`: a failure of the client's own program, for the log and for the engine.
pub(super) fn error_report(ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    let report = ErrorReport::of(&ask.params)?;
    tracing::warn!(
        error = %Line(&report.error),
        says = %Line(&report.message),
        page = %Line(page(report.user_url.as_deref())),
        browser = %Line(report.browser.as_deref().unwrap_or_default()),
        "a chatbox reported an error of its own"
    );
    let input = UserInput::ClientError(ClientError {
        error: report.error,
        message: report.message,
        stack: report.stack_trace,
        built: report.js_creation,
    });
    Ok(Plan::remark(ask, input, envelope::ERROR_REPORT, cx))
}

/// A page's address without what follows it, where tokens and names may stand.
fn page(url: Option<&str>) -> &str {
    let url = url.unwrap_or_default();
    url.split(['?', '#']).next().unwrap_or_default()
}

/// A stranger's words as one bounded line of a log.
struct Line<'a>(&'a str);

/// Characters of a stranger's words in a line of the log.
const LINE_LIMIT: usize = 200;

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars().take(LINE_LIMIT) {
            f.write_char(if is_harmless(c) { c } else { ' ' })?;
        }
        if self.0.chars().nth(LINE_LIMIT).is_some() {
            f.write_char('…')?;
        }
        Ok(())
    }
}

/// Neither moves a terminal's cursor, nor ends the line, nor turns its direction.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}')
        && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `saml2/status` and `saml2/userinfo`: users do not log in here, which the widget takes for
/// "connected" and "nothing known". The token in the request is neither read nor kept.
pub(super) fn no_saml() -> Plan {
    Plan::text("{}".to_owned())
}

/// `whoami`
pub(super) fn who_am_i(request: &Request<Bytes>) -> Handled {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| {
            request
                .uri()
                .authority()
                .map(|authority| authority.as_str())
        })
        .unwrap_or_default()
        .to_owned();
    let answer = WhoAmI {
        headers: vec![HostHeader { host }],
    };
    Handled::Reply(error::json(
        serde_json::to_string(&answer).unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_one_bounded_line() {
        let line = |text: &str| Line(text).to_string();
        assert_eq!(line("x is\r\nundefined\u{1b}[31m"), "x is  undefined [31m");
        assert_eq!(line("a\u{202e}b"), "a b");
        assert_eq!(line(&"é".repeat(200)), "é".repeat(200));
        let cut = line(&"é".repeat(5000));
        assert_eq!(cut.chars().count(), LINE_LIMIT + 1);
        assert_eq!(
            page(Some("https://x.example/a?token=1#b")),
            "https://x.example/a"
        );
    }
}
