use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde::Serialize;
use switchboard_core::dialect::{
    Entry, TranscriptLine, TranscriptPage, TranscriptQuery, UserTranscript,
};
use switchboard_core::model::{ConversationId, Profile, Timestamp};

use super::{ConversationFacts, Erasure, NewLine, TranscriptStore, is_user, kept_id};
use crate::StoreError;

/// Keeps transcripts in the process; they are gone when it ends.
///
/// It keeps so many lines at the most, and fewer if they are long: 4 KiB for each are taken for
/// granted. What goes first is the conversation that was used least lately, as a whole; of a
/// conversation that alone is too long, the oldest lines.
#[derive(Debug)]
pub struct MemoryTranscripts {
    /// Lines.
    most: usize,
    shelf: Mutex<Shelf>,
}

/// How long a line may be on the average, in bytes.
const LINE_BYTES: usize = 4096;

#[derive(Debug, Default)]
struct Shelf {
    conversations: HashMap<ConversationId, Kept>,
    users: BTreeMap<String, BTreeSet<ConversationId>>,
    /// The conversations in the order of their latest lines.
    ages: BTreeSet<(Timestamp, ConversationId)>,
    lines: usize,
    /// Of all lines and profiles together, as JSON.
    bytes: usize,
}

/// What is kept of one conversation.
#[derive(Debug)]
struct Kept {
    facts: Arc<ConversationFacts>,
    user_id: String,
    profile: Arc<Profile>,
    profile_bytes: usize,
    last_at: Timestamp,
    /// In the order of their places. There is at least one.
    lines: VecDeque<Line>,
}

#[derive(Debug)]
struct Line {
    entry: Arc<Entry>,
    bytes: usize,
}

impl Kept {
    fn bytes(&self) -> usize {
        self.profile_bytes + self.lines.iter().map(|line| line.bytes).sum::<usize>()
    }
}

impl MemoryTranscripts {
    /// Without anything in it; keeps `most` lines.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            shelf: Mutex::default(),
        }
    }
}

#[async_trait]
impl TranscriptStore for MemoryTranscripts {
    async fn append(&self, lines: &[NewLine]) -> Result<(), StoreError> {
        let mut shelf = self.shelf.lock();
        for line in lines {
            shelf.add(line);
            shelf.make_room(self.most);
        }
        Ok(())
    }

    async fn query(&self, query: &TranscriptQuery) -> Result<TranscriptPage, StoreError> {
        Ok(self.shelf.lock().query(query))
    }

    async fn erase(&self, erasure: &Erasure) -> Result<u64, StoreError> {
        let mut shelf = self.shelf.lock();
        let user_id = kept_id(&erasure.user_id);
        let is_meant = |kept: &Kept| {
            kept.facts.frontend == erasure.frontend
                && (erasure.scope.is_empty() || *kept.facts.scope == *erasure.scope)
                && (kept.user_id == user_id || erasure.keys.contains(&kept.facts.key))
        };
        let meant = shelf.conversations.values().filter(|kept| is_meant(kept));
        let meant: Vec<_> = meant.map(|kept| kept.facts.id).collect();
        for id in &meant {
            shelf.remove(*id);
        }
        Ok(meant.len() as u64)
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut shelf = self.shelf.lock();
        let lines = shelf.lines;
        while let Some(&(last_at, id)) = shelf.ages.first()
            && last_at < before
        {
            shelf.remove(id);
        }
        let (mut forgotten, mut bytes) = (0, 0);
        for kept in shelf.conversations.values_mut() {
            kept.lines.retain(|line| {
                let is_kept = line.entry.at >= before;
                if !is_kept {
                    forgotten += 1;
                    bytes += line.bytes;
                }
                is_kept
            });
        }
        shelf.lines -= forgotten;
        shelf.bytes -= bytes;
        Ok((lines - shelf.lines) as u64)
    }
}

impl Shelf {
    fn add(&mut self, line: &NewLine) {
        let id = line.conversation.id;
        let kept = self.conversations.entry(id).or_insert_with(|| Kept {
            facts: Arc::clone(&line.conversation),
            user_id: String::new(),
            profile: Arc::default(),
            profile_bytes: 0,
            last_at: Timestamp(i64::MIN),
            lines: VecDeque::new(),
        });
        let place = kept
            .lines
            .partition_point(|kept| kept.entry.seq < line.entry.seq);
        let present = kept.lines.get(place);
        if present.is_some_and(|kept| kept.entry.seq == line.entry.seq) {
            return;
        }
        let entry = Arc::clone(&line.entry);
        let bytes = size(&*entry);
        kept.lines.insert(place, Line { entry, bytes });
        self.lines += 1;
        self.bytes += bytes;
        if line.entry.at >= kept.last_at {
            self.ages.remove(&(kept.last_at, id));
            kept.last_at = line.entry.at;
            self.ages.insert((kept.last_at, id));
            if !Arc::ptr_eq(&kept.profile, &line.profile) {
                kept.profile = Arc::clone(&line.profile);
                self.bytes -= kept.profile_bytes;
                kept.profile_bytes = size(&*kept.profile);
                self.bytes += kept.profile_bytes;
            }
            let before = std::mem::replace(&mut kept.user_id, line.user_id());
            let user_id = kept.user_id.clone();
            if before != user_id {
                self.leave(&before, id);
            }
            self.users.entry(user_id).or_default().insert(id);
        }
    }

    /// A conversation is no longer this user's.
    fn leave(&mut self, user_id: &str, id: ConversationId) {
        if let Some(of_user) = self.users.get_mut(user_id) {
            of_user.remove(&id);
            if of_user.is_empty() {
                self.users.remove(user_id);
            }
        }
    }

    fn remove(&mut self, id: ConversationId) {
        if let Some(kept) = self.conversations.remove(&id) {
            self.lines -= kept.lines.len();
            self.bytes -= kept.bytes();
            self.ages.remove(&(kept.last_at, id));
            self.leave(&kept.user_id, id);
        }
    }

    fn make_room(&mut self, most: usize) {
        while (self.lines > most || self.bytes > most.saturating_mul(LINE_BYTES))
            && let Some(&(_, oldest)) = self.ages.first()
        {
            if self.ages.len() > 1 {
                self.remove(oldest);
                continue;
            }
            let kept = self.conversations.get_mut(&oldest);
            let Some(kept) = kept.filter(|kept| kept.lines.len() > 1) else {
                return;
            };
            if let Some(line) = kept.lines.pop_front() {
                self.lines -= 1;
                self.bytes -= line.bytes;
            }
        }
    }

    fn query(&self, query: &TranscriptQuery) -> TranscriptPage {
        let mut page = TranscriptPage::default();
        let mut left = query.lines;
        let only = query.user_id.as_deref().map(kept_id);
        let users: Box<dyn Iterator<Item = _>> = match &only {
            Some(user_id) => Box::new(self.users.get_key_value(user_id).into_iter()),
            None => Box::new(self.users.iter()),
        };
        for (user_id, ids) in users {
            let own: Vec<_> = ids
                .iter()
                .filter_map(|id| self.conversations.get(id))
                .filter(|kept| is_through(kept, query))
                .collect();
            let Some(latest) = own.iter().max_by_key(|kept| (kept.last_at, kept.facts.id)) else {
                continue;
            };
            if !own.iter().any(|kept| wanted(kept, query).next().is_some())
                || !query.matches.as_ref().is_none_or(|it| it(&latest.profile))
            {
                continue;
            }
            page.total += 1;
            let is_in_page =
                page.total > query.skip && page.total - query.skip <= query.users && !page.cut;
            if is_in_page {
                let mut user = transcript(user_id, latest, &own, query);
                page.cut = user.lines.len() > left;
                user.lines.truncate(left);
                left -= user.lines.len();
                if !user.lines.is_empty() {
                    page.users.push(user);
                }
            }
        }
        page
    }
}

fn is_through(kept: &Kept, query: &TranscriptQuery) -> bool {
    let frontends = query.frontends.as_ref();
    frontends.is_none_or(|names| names.iter().any(|name| **name == *kept.facts.frontend))
}

fn wanted<'a>(kept: &'a Kept, query: &'a TranscriptQuery) -> impl Iterator<Item = &'a Arc<Entry>> {
    let entries = kept.lines.iter().map(|line| &line.entry);
    entries.filter(|entry| {
        query.from.is_none_or(|from| entry.at >= from)
            && query.to.is_none_or(|to| entry.at <= to)
            && (!query.users_only || is_user(entry))
    })
}

fn transcript(
    user_id: &str,
    latest: &Kept,
    own: &[&Kept],
    query: &TranscriptQuery,
) -> UserTranscript {
    let times = || {
        own.iter()
            .flat_map(|kept| &kept.lines)
            .map(|line| line.entry.at)
    };
    let mut lines: Vec<_> = own
        .iter()
        .flat_map(|kept| {
            wanted(kept, query).map(|entry| TranscriptLine {
                frontend: Arc::clone(&kept.facts.frontend),
                backend: Arc::clone(&kept.facts.backend),
                conversation: kept.facts.id,
                entry: Arc::clone(entry),
            })
        })
        .collect();
    lines.sort_by(|a, b| order(a).cmp(&order(b)));
    UserTranscript {
        user_id: user_id.to_owned(),
        profile: Arc::clone(&latest.profile),
        first_seen: times().min().unwrap_or_default(),
        last_seen: times().max().unwrap_or_default(),
        lines,
    }
}

fn order(line: &TranscriptLine) -> impl Ord + '_ {
    (
        line.entry.at,
        &*line.frontend,
        line.entry.seq,
        line.conversation,
    )
}

/// How much memory this takes, more or less.
fn size(value: &impl Serialize) -> usize {
    let mut count = Count(0);
    // Counting cannot fail, and what cannot be written takes what was counted.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
