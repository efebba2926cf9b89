//! Just enough of HTTP/1.1 to misuse it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A parameter of the query or of a form body, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let query = self
            .target
            .split_once('?')
            .map(|(_, query)| query)
            .unwrap_or_default();
        let find = |text: &str| {
            url::form_urlencoded::parse(text.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        find(query).or_else(|| find(&self.body))
    }
}

/// The next request of a connection; `rest` keeps what was read beyond it.
pub async fn read_request(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Option<Request> {
    let end = loop {
        if let Some(at) = rest.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(rest).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(rest[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let mut request = Request {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        ..Request::default()
    };
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        request
            .headers
            .push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let length = request
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    while rest.len() < end + length {
        if stream.read_buf(rest).await.ok()? == 0 {
            return None;
        }
    }
    request.body = String::from_utf8_lossy(&rest[end..end + length]).into_owned();
    rest.drain(..end + length);
    Some(request)
}

/// The answer to a request.
pub async fn answer(stream: &mut TcpStream, status: u16, content_type: &str, body: &str) {
    let head = head(status, content_type, body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// An answer that promises more than it holds.
pub async fn answer_half(stream: &mut TcpStream, content_type: &str, body: &str) {
    let head = head(200, content_type, body.len() + 100);
    let half = super::half(body);
    let _ = stream.write_all(format!("{head}{half}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn head(status: u16, content_type: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status} Whatever\r\ncontent-type: {content_type}\r\n\
         content-length: {length}\r\n\r\n"
    )
}

pub async fn switch_protocols(stream: &mut TcpStream, accept: &str, protocol: Option<&str>) {
    let protocol = protocol.map_or_else(String::new, |protocol| {
        format!("sec-websocket-protocol: {protocol}\r\n")
    });
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-accept: {accept}\r\n{protocol}\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).await;
}
