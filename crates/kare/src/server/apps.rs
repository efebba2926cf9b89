use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use switchboard_core::Fault;
use switchboard_core::fault::AuthProblem;

use crate::error::DialectError;
use crate::options::AppOptions;
use crate::wire::application::Application;
use crate::wire::id::normalise;

/// An application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct App {
    pub(super) app_id: String,
    pub(super) name: String,
    pub(super) enabled: bool,
    /// RFC 3339; absent for one of the configuration file.
    #[serde(default)]
    pub(super) created_at: Option<String>,
    /// How often it was shut off. Tokens of before are dead, even when it is let in again.
    #[serde(default)]
    pub(super) shut_off: u64,
    /// Fields that nobody knows.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) extra: Map<String, Value>,
}

impl App {
    fn configured(options: AppOptions) -> Self {
        Self {
            app_id: normalise(&options.app_id),
            name: options.name,
            enabled: options.enabled,
            created_at: None,
            shut_off: 0,
            extra: Map::new(),
        }
    }

    /// The application as it travels.
    pub(super) fn to_wire(&self) -> Application {
        Application {
            id: self.app_id.clone(),
            app_id: self.app_id.clone(),
            name: Some(self.name.clone()),
            enabled: self.enabled,
            created_at: self.created_at.clone(),
            extra: self.extra.clone(),
        }
    }
}

/// What is kept of the changes at runtime. It lies over the configuration file: what is in it wins.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    applications: Vec<App>,
    /// Applications of the file that are to be as if they never were.
    #[serde(default)]
    deleted: Vec<String>,
}

/// All applications by their ids.
type Table = BTreeMap<String, Arc<App>>;

/// The applications that are in force.
pub(super) struct Apps {
    configured: Arc<[App]>,
    table: RwLock<Arc<Table>>,
}

impl Apps {
    pub(super) fn new(configured: Vec<AppOptions>) -> Self {
        let configured: Arc<[App]> = configured.into_iter().map(App::configured).collect();
        let table = table(&configured, Kept::default());
        Self {
            configured,
            table: RwLock::new(Arc::new(table)),
        }
    }

    /// Puts in force what is kept.
    pub(super) fn adopt(&self, kept: &Value) -> Result<(), Fault> {
        let table = Arc::new(table(&self.configured, read(kept)?));
        let mut current = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *current, table);
        drop(current);
        // Taking a large one apart takes longer than anybody should have to wait for the lock.
        drop(before);
        Ok(())
    }

    /// What is kept, to be changed.
    pub(super) fn registry(&self, kept: Option<&Value>) -> Result<Registry, Fault> {
        Ok(Registry {
            configured: Arc::clone(&self.configured),
            kept: kept.map(read).transpose()?.unwrap_or_default(),
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, Arc<Table>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The application with this normalised id.
    pub(super) fn get(&self, app_id: &str) -> Option<Arc<App>> {
        self.read().get(app_id).cloned()
    }

    /// The application that names itself by its id.
    pub(super) fn named(&self, app_id: &str) -> Result<Arc<App>, DialectError> {
        let app = self
            .get(&normalise(app_id))
            .ok_or(Fault::Unauthorised(AuthProblem::UnknownApp))?;
        if app.enabled {
            Ok(app)
        } else {
            Err(Fault::Disabled.into())
        }
    }

    /// The only application, if there is no other.
    pub(super) fn only(&self) -> Option<Arc<App>> {
        let table = Arc::clone(&self.read());
        let mut apps = table.values();
        apps.next().filter(|_| apps.next().is_none()).cloned()
    }

    /// Whether the application with this normalised id may be used, and could be ever since
    /// [`App::shut_off`] was this.
    pub(super) fn is_still(&self, app_id: &str, shut_off: u64) -> bool {
        self.get(app_id)
            .is_some_and(|now| now.enabled && now.shut_off == shut_off)
    }

    /// The applications that follow this id, at most so many.
    pub(super) fn page(&self, after: &str, limit: usize) -> Vec<Arc<App>> {
        let table = Arc::clone(&self.read());
        let range = table.range::<str, _>((Excluded(after), Unbounded));
        range.take(limit).map(|(_, app)| Arc::clone(app)).collect()
    }

    pub(super) fn first_enabled(&self) -> Option<Arc<App>> {
        let table = Arc::clone(&self.read());
        let configured = self.configured.iter();
        let in_order = configured.filter_map(|app| table.get(&app.app_id));
        in_order
            .chain(table.values())
            .find(|app| app.enabled)
            .cloned()
    }

    /// What the configuration file says of them.
    pub(super) fn describe(&self) -> impl Iterator<Item = String> {
        self.configured.iter().map(|app| {
            let mut line = format!("app {}", app.app_id);
            if !app.name.is_empty() {
                line.push_str(&format!(" ({})", app.name));
            }
            if !app.enabled {
                line.push_str(", shut off");
            }
            line
        })
    }
}

fn read(kept: &Value) -> Result<Kept, Fault> {
    Kept::deserialize(kept).map_err(|error| {
        tracing::error!(%error, "what is kept of the applications cannot be read");
        Fault::Internal
    })
}

fn table(configured: &[App], kept: Kept) -> Table {
    let configured = configured.iter().cloned();
    let mut table: Table = configured
        .chain(kept.applications)
        .map(|app| (app.app_id.clone(), Arc::new(app)))
        .collect();
    for app_id in &kept.deleted {
        table.remove(app_id);
    }
    table
}

/// What is kept of the applications, while it is changed.
pub(super) struct Registry {
    configured: Arc<[App]>,
    kept: Kept,
}

impl Registry {
    /// How many applications there are.
    pub(super) fn len(&self) -> usize {
        let is_kept = |app_id: &str| self.kept.applications.iter().any(|it| it.app_id == app_id);
        let is_extra = |app: &&App| !self.is_deleted(&app.app_id) && !is_kept(&app.app_id);
        self.kept.applications.len() + self.configured.iter().filter(is_extra).count()
    }

    fn is_deleted(&self, app_id: &str) -> bool {
        self.kept.deleted.iter().any(|deleted| deleted == app_id)
    }

    /// The application with this normalised id.
    pub(super) fn get(&self, app_id: &str) -> Option<&App> {
        if self.is_deleted(app_id) {
            return None;
        }
        let kept = self.kept.applications.iter();
        kept.chain(&*self.configured)
            .find(|app| app.app_id == app_id)
    }

    /// Adds an application, or puts it in the place of the one with its id.
    pub(super) fn put(&mut self, app: App) {
        let mut kept = self.kept.applications.iter_mut();
        match kept.find(|known| known.app_id == app.app_id) {
            Some(known) => *known = app,
            None => self.kept.applications.push(app),
        }
    }

    /// Removes the application with this normalised id; whether there was one.
    pub(super) fn remove(&mut self, app_id: &str) -> bool {
        if self.get(app_id).is_none() {
            return false;
        }
        self.kept.applications.retain(|app| app.app_id != app_id);
        if self.configured.iter().any(|app| app.app_id == app_id) {
            self.kept.deleted.push(app_id.to_owned());
        }
        true
    }

    /// What is to be kept.
    pub(super) fn to_document(&self) -> Result<Value, Fault> {
        serde_json::to_value(&self.kept).map_err(|error| {
            tracing::error!(%error, "the applications cannot be kept");
            Fault::Internal
        })
    }
}
