//! The engine that answers at once: one thread, all three vendors.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::sample::Sample;
use crate::vendor::Engine;

/// A running upstream. It lives as long as the process.
#[derive(Debug)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    counts: Arc<Counts>,
}

/// What an upstream was asked.
#[derive(Debug, Default)]
struct Counts {
    all: AtomicU64,
    refused: AtomicU64,
}

impl Upstream {
    /// Starts one that answers with the sample's text.
    ///
    /// # Errors
    /// No thread or no port can be had.
    pub fn start(sample: &Sample) -> Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("no port")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let (engine, theirs) = (Arc::new(Engine::new(sample)), counts.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("upstream".to_owned())
            .spawn(move || {
                if let Err(error) = runtime.block_on(serve(listener, engine, theirs)) {
                    eprintln!("the upstream stopped: {error}");
                }
            })?;
        Ok(Self { address, counts })
    }

    /// How many requests it has answered.
    pub fn requests(&self) -> u64 {
        self.counts.all.load(Ordering::Relaxed)
    }

    /// How many of them no engine would have understood.
    pub fn refused(&self) -> u64 {
        self.counts.refused.load(Ordering::Relaxed)
    }
}

async fn serve(
    listener: std::net::TcpListener,
    engine: Arc<Engine>,
    counts: Arc<Counts>,
) -> Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (engine, counts) = (engine.clone(), counts.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &engine, &counts));
            // A connection ends when its client goes away; that is no news.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    engine: &Engine,
    counts: &Counts,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let response = engine.answer(&Request::from_parts(head, body));
    counts.all.fetch_add(1, Ordering::Relaxed);
    if !response.status().is_success() {
        counts.refused.fetch_add(1, Ordering::Relaxed);
    }
    Ok(response.map(Full::new))
}
