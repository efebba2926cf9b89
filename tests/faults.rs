//! What becomes of a conversation when its engine, its client or the gateway itself fails.

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
mod upstream;

#[path = "faults/client.rs"]
mod client;
#[path = "faults/engine.rs"]
mod engine;
#[path = "faults/shutdown.rs"]
mod shutdown;

use std::sync::Arc;

use clients::dydu::BOT;
use clients::kare::APP;
use process::{Gateway, frontends};
use upstream::{Upstream, Vendor};

/// A way to an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    name: &'static str,
    vendor: Vendor,
    over_socket: bool,
}

/// Every client side that there is.
const WAYS: [Way; 5] = [
    Way {
        name: "kare",
        vendor: Vendor::Kare,
        over_socket: true,
    },
    Way {
        name: "kare-rest",
        vendor: Vendor::Kare,
        over_socket: false,
    },
    Way {
        name: "dydu",
        vendor: Vendor::Dydu,
        over_socket: false,
    },
    Way {
        name: "dydu-ws",
        vendor: Vendor::Dydu,
        over_socket: true,
    },
    Way {
        name: "opendialog",
        vendor: Vendor::OpenDialog,
        over_socket: false,
    },
];

/// How patient a gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// As it comes.
    Default,
    /// A second with the engine, two seconds with a turn.
    Short,
}

/// Starts a gateway with the three frontends, at `/WAY/DIALECT`, in front of an engine for each
/// way.
async fn start(patience: Patience) -> (Gateway, Vec<(Way, Arc<Upstream>)>) {
    let mut engines = Vec::new();
    let mut config = String::new();
    for way in WAYS {
        let engine = Arc::new(Upstream::start(way.vendor).await);
        config += &route(way, &engine, patience);
        engines.push((way, engine));
    }
    (Gateway::start_logged(&config).await, engines)
}

/// One way's frontends, backend and route.
fn route(way: Way, engine: &Upstream, patience: Patience) -> String {
    let name = way.name;
    let mut fronts = frontends(&format!("/{name}"), name);
    if patience == Patience::Short {
        for (dialect, key) in FRONTEND_PATIENCE {
            let table = format!("dialect = \"{dialect}\"\n");
            fronts = fronts.replace(&table, &format!("{table}{key}\n"));
        }
    }
    let base = format!("http://{}", engine.address);
    let (dialect, keys, short) = match way.vendor {
        Vendor::Kare => (
            "kare",
            format!("url = \"{base}\"\napp_id = \"{APP}\"\n"),
            "reply_timeout = 1\nrequest_timeout = 1\nsetup_timeout = 1\nsilence = 0.3\n",
        ),
        Vendor::Dydu => (
            "dydu",
            format!("url = \"{base}\"\nbot_id = \"{BOT}\"\n"),
            DYDU_BACKEND_PATIENCE,
        ),
        Vendor::OpenDialog => (
            "opendialog",
            format!("url = \"{base}\"\napp_key = \"demo-app-key\"\nscenario = \"demo\"\n"),
            "timeout = 1\n",
        ),
    };
    let transport = match (way.vendor, way.over_socket) {
        (Vendor::Kare, false) => "transport = \"rest\"\n",
        (Vendor::Dydu, true) => "transport = \"websocket\"\n",
        _ => "",
    };
    let short = if patience == Patience::Short {
        short
    } else {
        ""
    };
    format!(
        "{fronts}[[backends]]\nname = \"{name}\"\ndialect = \"{dialect}\"\n{keys}{transport}{short}\n\
         [[routes]]\nname = \"{name}\"\nbackend = \"{name}\"\n\n"
    )
}

const FRONTEND_PATIENCE: [(&str, &str); 3] = [
    ("kare", "turn_timeout = 2"),
    ("dydu", "turn_timeout = 2"),
    ("opendialog", "turn_timeout = 2"),
];

const DYDU_BACKEND_PATIENCE: &str = "talk_timeout = 1\ntimeout = 1\nretry_pause = 0.1\n";
