//! A crowd of users with open conversations, dealt out to connections: a conversation's turns
//! follow one another, so each belongs to one connection.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::vendor::{CLIENTS, Ids, Vendor, Visitor};

/// Connections to one server, and the users behind each.
#[derive(Debug)]
pub struct Crowd {
    pub(crate) members: Vec<Member>,
    pub(crate) mount: Arc<str>,
    pub(crate) ids: Arc<Ids>,
}

/// One connection and its users.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) connection: Connection,
    pub(crate) visitors: Vec<Visitor>,
    /// State of the generator that picks the next user.
    pub(crate) dice: u64,
}

impl Crowd {
    /// Connects, and opens `conversations` in all, the same number on each of the connections.
    ///
    /// # Errors
    /// A connection fails, or an opening is refused.
    pub async fn open(
        address: SocketAddr,
        mount: &str,
        vendor: Vendor,
        connections: usize,
        conversations: usize,
    ) -> Result<Self> {
        let ids = Arc::new(Ids::new(CLIENTS));
        let mount: Arc<str> = mount.into();
        let mut openings = JoinSet::new();
        for number in 0..connections {
            let (mount, ids) = (mount.clone(), ids.clone());
            let users = (number..conversations).step_by(connections);
            openings.spawn(async move {
                let mut connection = Connection::open(address).await?;
                let mut visitors = Vec::with_capacity(users.len());
                for user in users {
                    let mut visitor = Visitor::new(vendor, u64::try_from(user)?);
                    open(&mut connection, &mut visitor, &mount, &ids).await?;
                    visitors.push(visitor);
                }
                let dice = 0x9e37_79b9_7f4a_7c15 ^ u64::try_from(number)?;
                anyhow::Ok(Member {
                    connection,
                    visitors,
                    dice,
                })
            });
        }
        let mut members = Vec::with_capacity(connections);
        while let Some(member) = openings.join_next().await {
            members.push(member??);
        }
        Ok(Self {
            members,
            mount,
            ids,
        })
    }
}

async fn open(
    connection: &mut Connection,
    visitor: &mut Visitor,
    mount: &str,
    ids: &Ids,
) -> Result<()> {
    while let Some(request) = visitor.opening(ids) {
        let reply = connection.exchange(&request.to_bytes(mount)).await?;
        let text = String::from_utf8_lossy(&reply.body);
        ensure!(
            reply.status < 300,
            "{} is answered {}: {text}",
            request.path,
            reply.status
        );
        visitor
            .learn(&reply.body)
            .with_context(|| text.into_owned())?;
    }
    Ok(())
}

impl Member {
    /// A user at random (xorshift64).
    pub(crate) fn pick(&mut self) -> Option<&Visitor> {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        let count = u64::try_from(self.visitors.len())
            .unwrap_or(u64::MAX)
            .max(1);
        self.visitors
            .get(usize::try_from(self.dice % count).unwrap_or_default())
    }
}
