//! Requests to other hosts: sign-in services, key sets, whoever is told of an event.
//!
//! The installation stands inside a network that strangers cannot reach, so an address that somebody
//! typed must not become a way in. An address is asked over HTTPS alone; its name is looked up once,
//! every address behind it must be a public one, and the connection goes to exactly these. A host
//! that `outbound.allow` lists by name and port may also stand inside, and speak plain HTTP. Answers
//! are bounded in time and size, and a redirect is not followed: its target was never looked at.

mod public;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde::Serialize;

use self::public::{is_public, literal};

/// Time within which an answer has to be there, from looking up the name to its last byte.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of an answer at most.
const MOST: usize = 256 * 1024;
/// What other hosts see in their logs.
const AGENT: &str = concat!("Tisheng/", env!("CARGO_PKG_VERSION"));

/// Trust in the certificates of this machine, read once.
static TLS: LazyLock<rustls::ClientConfig> = LazyLock::new(|| {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows the versions that rustls speaks")
        .with_root_certificates(roots)
        .with_no_client_auth()
});

/// Why there is no answer; each is a sentence for whoever registered the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// It is no address of a web server, or carries a name and password or a fragment.
    #[error("地址不完整或格式不对，应以 https:// 开头，不带账号、密码和 # 号")]
    Address,
    /// Plain HTTP to a host that is not allowed it.
    #[error("只能使用 https:// 开头的地址")]
    Plain,
    /// The name leads into the network inside, which this host is not listed for.
    #[error("地址指向内网或本机，系统配置（outbound.allow）没有允许访问它")]
    Inside,
    /// Nobody knows the name.
    #[error("域名无法解析，请核对地址")]
    Name,
    /// No connection, or a certificate that is not trusted.
    #[error("连接不上对方服务器，或对方的证书不受信任")]
    Unreachable,
    /// Not answered in time.
    #[error("对方服务器 5 秒内没有完整应答")]
    Slow,
    /// More than is taken.
    #[error("对方服务器返回的内容过大")]
    TooLarge,
    /// The answer leads elsewhere.
    #[error("对方服务器要求转到另一个地址，系统不跟随跳转，请填写最终地址")]
    Redirect,
}

/// An answer, whatever its status; redirects are [`OutboundError::Redirect`].
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The content, at most 256 KiB.
    pub body: Bytes,
}

/// The addresses behind a name, as a resolver gives them.
pub type Resolving = BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

/// Looks up a name, for a port.
type Resolve = Arc<dyn Fn(String, u16) -> Resolving + Send + Sync>;

/// The one way out.
#[derive(Clone)]
pub struct Outbound {
    /// `host:port` in lower case.
    allow: Vec<String>,
    resolve: Resolve,
    patience: Duration,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").field("allow", &self.allow).finish_non_exhaustive()
    }
}

impl Outbound {
    /// Lets out what is public, and what `allow` lists as `host:port`.
    #[must_use]
    pub fn new(allow: &[String]) -> Self {
        let resolve = |host: String, port: u16| -> Resolving {
            Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
        };
        Self::resolving(allow, resolve)
    }

    /// The same with another way to look up names, for tests.
    #[must_use]
    pub fn resolving(
        allow: &[String],
        resolve: impl Fn(String, u16) -> Resolving + Send + Sync + 'static,
    ) -> Self {
        let allow = allow.iter().map(|host| host.to_lowercase()).collect();
        Self { allow, resolve: Arc::new(resolve), patience: PATIENCE }
    }

    /// Reads an address that somebody registered, as far as that can be judged without looking up
    /// its name: for checking a form, or an address to which browsers are sent.
    ///
    /// # Errors
    /// [`OutboundError::Address`], [`OutboundError::Plain`], [`OutboundError::Inside`].
    pub fn admits(&self, address: &str) -> Result<Url, OutboundError> {
        // What a parser leaves out stands in the address that people see.
        if address.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(OutboundError::Address);
        }
        let url = Url::parse(address).map_err(|_| OutboundError::Address)?;
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(OutboundError::Address);
        };
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !bare || !matches!(url.scheme(), "http" | "https") {
            return Err(OutboundError::Address);
        }
        if self.lists(host, port) {
            return Ok(url);
        }
        if url.scheme() != "https" {
            return Err(OutboundError::Plain);
        }
        match literal(host) {
            Some(ip) if !is_public(ip) => Err(OutboundError::Inside),
            _ => Ok(url),
        }
    }

    fn lists(&self, host: &str, port: u16) -> bool {
        self.allow.contains(&format!("{}:{port}", host.to_lowercase()))
    }

    /// Asks for `address`. Never called while a transaction is open, as none of these.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub async fn get(
        &self,
        address: &str,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<Reply, OutboundError> {
        self.send(Method::GET, address, headers, Bytes::new()).await
    }

    /// Sends `body`, whose kind stands in `headers`, to `address`.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub async fn post(
        &self,
        address: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Reply, OutboundError> {
        self.send(Method::POST, address, headers, body).await
    }

    /// Sends `body`, whose kind stands in `headers`, to `address`, and takes no more of the answer than its
    /// head: what else an answer holds, and how slowly it comes, is all one.
    ///
    /// # Errors
    /// [`OutboundError`] but [`OutboundError::TooLarge`].
    pub async fn tell(
        &self,
        address: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap), OutboundError> {
        let url = self.admits(address)?;
        let answered = self.answered(Method::POST, url, headers, body);
        let answer =
            tokio::time::timeout(self.patience, answered).await.map_err(|_| OutboundError::Slow)??;
        Ok((answer.status(), answer.headers().clone()))
    }

    /// Sends a form to `address`.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub async fn post_form(
        &self,
        address: &str,
        headers: &[(HeaderName, HeaderValue)],
        fields: &[(&str, &str)],
    ) -> Result<Reply, OutboundError> {
        let body = serde_urlencoded::to_string(fields).expect("pairs of texts make a form");
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.post(address, &with_kind(headers, kind), body.into()).await
    }

    /// Sends JSON to `address`.
    ///
    /// # Errors
    /// [`OutboundError`].
    ///
    /// # Panics
    /// When `content` has no form in JSON, such as a map whose keys are no texts.
    pub async fn post_json(
        &self,
        address: &str,
        headers: &[(HeaderName, HeaderValue)],
        content: &(impl Serialize + Sync),
    ) -> Result<Reply, OutboundError> {
        let body = serde_json::to_vec(content).expect("the caller's type has a form in JSON");
        let kind = HeaderValue::from_static("application/json");
        self.post(address, &with_kind(headers, kind), body.into()).await
    }

    async fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Reply, OutboundError> {
        let url = self.admits(address)?;
        let asked = async {
            let mut response = self.answered(method, url, headers, body).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut content = Vec::new();
            while let Some(part) = response.chunk().await.map_err(failed)? {
                if content.len() + part.len() > MOST {
                    return Err(OutboundError::TooLarge);
                }
                content.extend_from_slice(&part);
            }
            Ok(Reply { status, headers, body: content.into() })
        };
        tokio::time::timeout(self.patience, asked).await.map_err(|_| OutboundError::Slow)?
    }

    /// The answer as far as its head.
    async fn answered(
        &self,
        method: Method,
        url: Url,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Response, OutboundError> {
        let client = self.client_for(&url).await?;
        let request = client.request(method, url).headers(headers.iter().cloned().collect()).body(body);
        let response = request.send().await.map_err(failed)?;
        if response.status().is_redirection() {
            return Err(OutboundError::Redirect);
        }
        Ok(response)
    }

    /// A client that connects to what the name of `url` leads to at this moment and to nothing else:
    /// a second look might give another answer.
    async fn client_for(&self, url: &Url) -> Result<Client, OutboundError> {
        let host = url.host_str().ok_or(OutboundError::Address)?.to_owned();
        let port = url.port_or_known_default().ok_or(OutboundError::Address)?;
        let found = match literal(&host) {
            Some(ip) => vec![SocketAddr::new(ip, port)],
            None => (self.resolve)(host.clone(), port).await.map_err(|_| OutboundError::Name)?,
        };
        if found.is_empty() {
            return Err(OutboundError::Name);
        }
        if !self.lists(&host, port) && !found.iter().all(|address| is_public(address.ip())) {
            return Err(OutboundError::Inside);
        }
        Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .pool_max_idle_per_host(0)
            .user_agent(AGENT)
            .resolve_to_addrs(&host, &found)
            .tls_backend_preconfigured(TLS.clone())
            .build()
            .map_err(failed)
    }
}

fn with_kind(headers: &[(HeaderName, HeaderValue)], kind: HeaderValue) -> Vec<(HeaderName, HeaderValue)> {
    headers.iter().cloned().chain([(header::CONTENT_TYPE, kind)]).collect()
}

fn failed(error: reqwest::Error) -> OutboundError {
    tracing::info!(error = %error.without_url(), "a request to another host failed");
    OutboundError::Unreachable
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::{MOST, Outbound, OutboundError, Resolving};

    /// A server that gives every connection the same answer; counts the connections.
    async fn server(answer: Vec<u8>) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let (address, count) = (listener.local_addr().expect("an address"), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(&answer).await;
            }
        });
        (address, count)
    }

    fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
        format!(
            "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    /// Names that all lead to `ips`.
    fn leading_to(allow: &[String], ips: &'static [&'static str]) -> Outbound {
        Outbound::resolving(allow, move |_, port| -> Resolving {
            Box::pin(async move {
                Ok(ips.iter().map(|ip| SocketAddr::new(ip.parse().expect("an address"), port)).collect())
            })
        })
    }

    #[test]
    fn addresses_are_judged_before_anything_is_looked_up() {
        let outbound = Outbound::new(&["Inner.test:8080".to_owned(), "[::1]:80".to_owned()]);
        for good in ["https://sso.test/realm", "http://inner.test:8080/cas", "http://[::1]/"] {
            outbound.admits(good).expect(good);
        }
        for (address, error) in [
            ("http://sso.test/", OutboundError::Plain),
            ("http://inner.test/", OutboundError::Plain),
            ("https://127.0.0.1/", OutboundError::Inside),
            ("https://0x7f.1/", OutboundError::Inside),
            ("https://2130706433/", OutboundError::Inside),
            ("https://[::ffff:10.0.0.1]/", OutboundError::Inside),
            ("https://name:word@sso.test/", OutboundError::Address),
            ("https://sso.test/#part", OutboundError::Address),
            ("https://sso.test/a\r\nx-evil: 1", OutboundError::Address),
            ("https://ss\to.test/", OutboundError::Address),
            (" https://sso.test/", OutboundError::Address),
            ("file:///etc/passwd", OutboundError::Address),
            ("gopher://sso.test/", OutboundError::Address),
            ("sso.test", OutboundError::Address),
        ] {
            assert_eq!(outbound.admits(address).map(|_| ()), Err(error), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_though_another_address_is_public() {
        for ips in [&["10.0.0.1"][..], &["8.8.8.8", "127.0.0.1"], &["::1"], &["169.254.169.254"]] {
            let refused = leading_to(&[], ips).get("https://sso.test/", &[]).await;
            assert_eq!(refused.map(|_| ()), Err(OutboundError::Inside), "{ips:?}");
        }
        let nobody = leading_to(&[], &[]).get("https://sso.test/", &[]).await;
        assert_eq!(nobody.map(|_| ()), Err(OutboundError::Name));
    }

    #[tokio::test]
    async fn a_listed_host_is_reached_where_its_name_was_found_and_asked_once() {
        let (address, count) = server(answer("200 OK", "x-said: a\r\n", "好")).await;
        let (asked, port) = (Arc::new(AtomicUsize::new(0)), address.port());
        let counted = Arc::clone(&asked);
        let outbound = Outbound::resolving(&[format!("inner.test:{port}")], move |host, port| -> Resolving {
            assert_eq!(host, "inner.test");
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move { Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]) })
        });
        let reply = outbound.get(&format!("http://inner.test:{port}/a"), &[]).await.expect("an answer");
        assert_eq!((reply.status.as_u16(), &*reply.body), (200, "好".as_bytes()));
        assert_eq!(reply.headers["x-said"], "a");
        assert_eq!((asked.load(Ordering::SeqCst), count.load(Ordering::SeqCst)), (1, 1));
        let elsewhere = outbound.get(&format!("http://other.test:{port}/a"), &[]).await;
        assert_eq!(elsewhere.map(|_| ()), Err(OutboundError::Plain));
    }

    #[tokio::test]
    async fn a_name_is_looked_up_anew_each_time_and_where_it_leads_inside_nobody_is_asked() {
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&looks);
        let outbound = Outbound::resolving(&[], move |_, port| -> Resolving {
            let look = counted.fetch_add(1, Ordering::SeqCst);
            let ip = if look == 0 { "10.0.0.1" } else { "127.0.0.1" };
            Box::pin(async move { Ok(vec![SocketAddr::new(ip.parse().expect("an address"), port)]) })
        });
        for _ in 0..2 {
            let told = outbound.tell("https://turns.test/", &[], Bytes::new()).await;
            assert_eq!(told.map(|_| ()), Err(OutboundError::Inside));
        }
        assert_eq!(looks.load(Ordering::SeqCst), 2, "each time once: what was looked at is what is asked");
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let (target, visits) = server(answer("200 OK", "", "inside")).await;
        let (address, _) = server(answer("302 Found", &format!("location: http://{target}/\r\n"), "")).await;
        let outbound = Outbound::new(&[address.to_string(), target.to_string()]);
        let led = outbound.post_form(&format!("http://{address}/"), &[], &[("a", "b")]).await;
        assert_eq!(led.map(|_| ()), Err(OutboundError::Redirect));
        assert_eq!(visits.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn an_answer_is_bounded_whatever_it_says_of_its_length() {
        let (whole, _) = server(answer("200 OK", "", &"a".repeat(MOST))).await;
        let (over, _) = server(answer("200 OK", "", &"a".repeat(MOST + 1))).await;
        let part = format!("{:x}\r\n{}\r\n", MOST / 2, "a".repeat(MOST / 2));
        let chunked =
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", part.repeat(3));
        let (endless, _) = server(chunked.into_bytes()).await;
        let outbound = Outbound::new(&[whole.to_string(), over.to_string(), endless.to_string()]);
        let reply = outbound.get(&format!("http://{whole}/"), &[]).await.expect("an answer");
        assert_eq!(reply.body.len(), MOST);
        for address in [over, endless] {
            let refused = outbound.get(&format!("http://{address}/"), &[]).await;
            assert_eq!(refused.map(|_| ()), Err(OutboundError::TooLarge));
        }
    }

    #[tokio::test]
    async fn who_does_not_answer_is_not_waited_for() {
        let never = |_, _| -> Resolving { Box::pin(std::future::pending()) };
        let outbound = Outbound { patience: Duration::from_millis(1), ..Outbound::resolving(&[], never) };
        let silent = outbound.get("https://sso.test/", &[]).await;
        assert_eq!(silent.map(|_| ()), Err(OutboundError::Slow));
    }

    #[tokio::test]
    async fn what_is_sent_arrives_as_it_is_meant() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let outbound = Outbound::new(&[address.to_string()]);
        let heard = tokio::spawn(async move {
            let mut all = String::new();
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                while !all.ends_with("%E5%A5%BD") && !all.ends_with('}') {
                    let mut part = [0; 4096];
                    let many = stream.read(&mut part).await.expect("read");
                    all.push_str(&String::from_utf8_lossy(&part[..many]));
                }
                stream.write_all(&answer("204 No Content", "", "")).await.expect("written");
                all.push('\n');
            }
            all
        });
        let to = format!("http://{address}/hook");
        outbound.post_form(&to, &[], &[("code", "a b&c"), ("say", "好")]).await.expect("an answer");
        let reply = outbound.post_json(&to, &[], &serde_json::json!({ "a": 1 })).await.expect("an answer");
        assert_eq!(reply.status.as_u16(), 204);
        let heard = heard.await.expect("heard");
        for part in [
            "POST /hook",
            "application/x-www-form-urlencoded",
            "code=a+b%26c&say=%E5%A5%BD",
            "application/json",
            "{\"a\":1}",
        ] {
            assert!(heard.contains(part), "{part} is not in {heard}");
        }
    }
}
