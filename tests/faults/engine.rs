//! The engine fails: every client is told so in its own dialect, and the conversation goes on
//! when the engine is well again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;

use crate::clients::dydu::decode;
use crate::process::Gateway;
use crate::upstream::front::{Front, Refusal};
use crate::upstream::{INDISCRETION, Mood, Upstream};
use crate::{Patience, Way, start};

/// What is wrong with the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nobody listens at its address.
    Down,
    /// It listens, and is unwell.
    Unwell(Mood),
}

impl Fault {
    fn is_slow(self) -> bool {
        matches!(self, Self::Unwell(Mood::Slow(_)))
    }

    /// Whether it belongs in `switchboard_backend_errors_total`. An answer that cannot be read is
    /// an answer, and a socket that says nothing is not broken.
    fn is_of_the_network(self, way: Way) -> bool {
        match self {
            Self::Down | Self::Unwell(Mood::Cut | Mood::Status(_) | Mood::NoSocket) => true,
            Self::Unwell(Mood::Slow(_)) => !way.over_socket,
            Self::Unwell(_) => false,
        }
    }
}

const FAULTS: [Fault; 8] = [
    Fault::Unwell(Mood::NoSocket),
    Fault::Unwell(Mood::Status(500)),
    Fault::Unwell(Mood::Html),
    Fault::Unwell(Mood::Truncated),
    Fault::Unwell(Mood::WrongShape),
    Fault::Unwell(Mood::Cut),
    Fault::Down,
    Fault::Unwell(Mood::Slow(Duration::from_secs(20))),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_engine_is_a_clear_error_and_no_end() {
    let (gateway, engines) = start(Patience::Short).await;
    let gateway = Arc::new(gateway);
    let mut ways = tokio::task::JoinSet::new();
    for (way, engine) in engines {
        ways.spawn(suffer(gateway.clone(), way, engine));
    }
    let complaints: Vec<String> = ways.join_all().await.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Goes through all faults on one way; what was not as it should be.
async fn suffer(gateway: Arc<Gateway>, way: Way, engine: Arc<Upstream>) -> Vec<String> {
    let mut complaints = Vec::new();
    let base = gateway.url(&format!("/{}", way.name));
    let mut fronts = Front::all(&base, "sufferer").await;
    complaints.extend(say_well(&mut fronts, way, "at first").await);
    for fault in FAULTS {
        if fault == Fault::Unwell(Mood::NoSocket) && !way.over_socket {
            continue;
        }
        let label = format!("{} {fault:?}", way.name);
        let begun = std::time::Instant::now();
        let backend = [("backend", way.name)];
        let errors = gateway
            .count("switchboard_backend_errors_total", &backend)
            .await;
        let turns = failed_turns(&gateway, way).await;
        match fault {
            Fault::Down => engine.down().await,
            Fault::Unwell(mood) => engine.set(mood).await,
        }
        let said = format!("during {fault:?}");
        let answers = join_all(fronts.iter_mut().map(|front| say(front, &said))).await;
        for (front, answer) in answers {
            let label = format!("{label} for {front}");
            complaints.extend(match answer {
                Err(refusal) => clarity(front, &refusal, fault)
                    .err()
                    .map(|complaint| format!("{label}: {complaint}: {refusal:?}")),
                // A turn that is not answered in time, which over a socket is the only sign of
                // nonsense too. The dydu chatbox would ask again; what comes late comes with the
                // next answer.
                Ok(answer)
                    if front == "dydu-rest"
                        && answer.is_empty()
                        && (fault.is_slow() || matches!(way.name, "kare" | "dydu-ws")) =>
                {
                    None
                }
                // Without a socket there is another way to the engine.
                Ok(answer) if fault == Fault::Unwell(Mood::NoSocket) => {
                    let is_right = answer.contains(&format!("echo: {said}"));
                    (!is_right).then(|| format!("{label}: wrong answer {answer:?}"))
                }
                Ok(answer) => Some(format!("{label}: no error but {answer:?}")),
            });
        }
        let failed = failed_turns(&gateway, way).await - turns;
        if fault != Fault::Unwell(Mood::NoSocket) && failed != 4.0 {
            complaints.push(format!("{label}: {failed} failed turns were counted"));
        }
        if fault.is_of_the_network(way) && !is_counted(&gateway, &backend, errors).await {
            complaints.push(format!("{label}: not counted among the backend's errors"));
        }
        eprintln!("{label}: failed after {:?}", begun.elapsed());
        recover(&engine, fault).await;
        complaints.extend(say_well(&mut fronts, way, &format!("after {fault:?}")).await);
        eprintln!("{label}: over after {:?}", begun.elapsed());
    }
    complaints
}

/// Whether the errors become more; a socket's are counted a moment after its turns have failed.
async fn is_counted(gateway: &Gateway, backend: &[(&str, &str)], errors: f64) -> bool {
    for _ in 0..50 {
        if gateway
            .count("switchboard_backend_errors_total", backend)
            .await
            > errors
        {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

async fn say(front: &mut Front, text: &str) -> (&'static str, Result<String, Refusal>) {
    (front.name(), front.say(text).await)
}

async fn recover(engine: &Upstream, fault: Fault) {
    if let Fault::Unwell(Mood::Slow(_)) = fault {
        // What is still on its way is not to come in between.
        engine.down().await;
        // A question on a socket that is found to be dead only then could not be asked again.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    engine.set(Mood::Well).await;
    if matches!(fault, Fault::Down | Fault::Unwell(Mood::Slow(_))) {
        engine.up().await;
    }
}

async fn failed_turns(gateway: &Gateway, way: Way) -> f64 {
    let mut turns = 0.0;
    for outcome in ["unavailable", "timed_out"] {
        let labels = [("backend", way.name), ("outcome", outcome)];
        turns += gateway.count("switchboard_turns_total", &labels).await;
    }
    turns
}

/// Everybody says something and should get the answer; who did not.
async fn say_well(fronts: &mut [Front], way: Way, text: &str) -> Vec<String> {
    let wanted = format!("echo: {text}");
    let answers = join_all(fronts.iter_mut().map(|front| say(front, text))).await;
    let wrong = answers.into_iter().filter(|(_, answer)| match answer {
        Ok(answer) => !answer.contains(&wanted),
        Err(_) => true,
    });
    wrong
        .map(|(front, answer)| format!("{} {text} for {front}: {answer:?}", way.name))
        .collect()
}

/// The dialect's own error for an engine that failed, and nothing of what the engine said.
fn clarity(front: &str, refusal: &Refusal, fault: Fault) -> Result<(), &'static str> {
    let is = |right: bool, complaint| if right { Ok(()) } else { Err(complaint) };
    is(refusal.cors, "no CORS headers")?;
    is(
        !refusal.body.contains(INDISCRETION),
        "tells what the engine said",
    )?;
    is(
        !refusal.body.contains("127.0.0.1"),
        "tells where the engine is",
    )?;
    let is_slow = fault.is_slow();
    let statuses: &[u16] = if is_slow { &[504] } else { &[502, 503, 504] };
    let codes: &[&str] = if is_slow {
        &["engine_timeout"]
    } else {
        &["engine_timeout", "engine_unavailable"]
    };
    let code = |error: &Value| error.as_str().is_some_and(|error| codes.contains(&error));
    let body = refusal.json();
    if front == "kare-ws" {
        is(body["uri"] == "out/error", "no error")?;
        is(code(&body["body"]["error"]), "wrong code")?;
        is(body["body"]["message"].is_string(), "no message")?;
        return is(
            body["header"]["in_reply_to"].is_string(),
            "no reference to the input",
        );
    }
    // The dydu chatbox asks again and fails over for such a status, as it should where the engine is
    // away. Where it is only slow the question must not be asked again.
    is(statuses.contains(&refusal.status), "wrong status")?;
    match front {
        "kare-rest" => {
            is(body["status"] == refusal.status, "contradicts its status")?;
            is(code(&body["error"]), "wrong code")?;
            is(body["message"].is_string(), "no message")
        }
        "dydu-rest" => {
            decode(&body["values"]);
            is(body["values"]["text"].is_null(), "would be shown")
        }
        _ => is(body["message"].is_string(), "no message"),
    }
}

/// What a real dydu server may do is read as it is, and never passed on to break the chatbox.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_are_no_base64_are_shown_as_they_are() {
    let (gateway, engines) = start(Patience::Default).await;
    for (way, engine) in engines {
        if !way.name.starts_with("dydu") {
            continue;
        }
        engine.set(Mood::Plain).await;
        let base = gateway.url(&format!("/{}", way.name));
        for mut front in Front::all(&base, "plain").await {
            let answer = front.say("no base64").await.unwrap();
            assert!(
                answer.contains("echo: no base64"),
                "{} {}: {answer}",
                way.name,
                front.name()
            );
        }
    }
}
