//! A browser's connection, with as little work of its own as can be: the machine that is measured
//! is the one that measures.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// What is asked for, and as whom.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path and query.
    pub path: String,
    /// The session's cookie; empty for a stranger.
    pub cookie: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// How many bytes of body were sent.
    pub bytes: usize,
}

/// A connection kept open between requests.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    /// Encodings that are understood, as a browser lists them; empty for none.
    encodings: &'static str,
    /// Where bodies are read to.
    body: Vec<u8>,
}

/// How long the body is.
enum Length {
    Known(usize),
    Chunked,
}

fn broken(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem.to_owned())
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn open(address: SocketAddr, encodings: &'static str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(64 << 10, stream), encodings, body: Vec::new() })
    }

    /// Asks and waits for the whole answer.
    ///
    /// # Errors
    /// When the connection breaks or what comes is not HTTP.
    pub async fn get(&mut self, request: &Request) -> io::Result<Answer> {
        let Request { path, cookie } = request;
        let encodings = self.encodings;
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nAccept-Encoding: {encodings}\r\n\r\n"
        );
        self.exchange(&head, b"").await
    }

    /// The body that came last, as far as it was sent in one piece.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Sends a request as it is and waits for the whole answer.
    ///
    /// # Errors
    /// When the connection breaks or what comes is not HTTP.
    pub async fn exchange(&mut self, head: &str, body: &[u8]) -> io::Result<Answer> {
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body].concat()).await?;
        let status = self.line().await?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| broken("no status"))?;
        let mut length = Length::Known(0);
        loop {
            let line = self.line().await?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            } else if let Some(bytes) = line.strip_prefix("content-length:") {
                length = Length::Known(bytes.trim().parse().map_err(|_| broken("no length"))?);
            } else if line.starts_with("transfer-encoding:") {
                length = Length::Chunked;
            }
        }
        let bytes = match length {
            Length::Known(bytes) => self.exactly(bytes).await?,
            Length::Chunked => self.chunks().await?,
        };
        Ok(Answer { status, bytes })
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }

    async fn exactly(&mut self, bytes: usize) -> io::Result<usize> {
        self.body.resize(bytes, 0);
        self.stream.read_exact(&mut self.body).await
    }

    async fn chunks(&mut self) -> io::Result<usize> {
        let mut sum = 0;
        loop {
            let bytes = usize::from_str_radix(&self.line().await?, 16).map_err(|_| broken("no chunk"))?;
            sum += self.exactly(bytes).await?;
            self.line().await?;
            if bytes == 0 {
                return Ok(sum);
            }
        }
    }
}
