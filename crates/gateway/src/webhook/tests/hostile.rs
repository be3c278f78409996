//! Subscribers that mean no good, and what somebody may type.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What a hostile server does with a request.
#[derive(Debug, Clone)]
enum Trick {
    /// Says this and hangs up.
    Says(String),
    /// Says this, and then something more without end, as fast as it can.
    Floods(&'static str, &'static str),
    /// The same, a little every now and then.
    Drips(&'static str, &'static str),
    /// Says nothing and hangs up.
    HangsUp,
    /// Says nothing and holds the line.
    Silent,
    /// Takes the message after a while.
    Late(Duration),
}

fn status(line: &str) -> Trick {
    Trick::Says(format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n"))
}

/// A server that plays a trick on each request, the next on the next, and the last on all that come after;
/// keeps what it has heard.
#[derive(Debug, Clone)]
struct Hostile {
    host: String,
    heard: Arc<Mutex<Vec<String>>>,
    tricks: Arc<Mutex<Vec<Trick>>>,
}

impl Hostile {
    async fn start(tricks: &[Trick]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let mut tricks = tricks.to_vec();
        tricks.reverse();
        let hostile = Self { host, heard: Arc::default(), tricks: Arc::new(Mutex::new(tricks)) };
        let kept = hostile.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let hostile = kept.clone();
                tokio::spawn(async move { hostile.plays(stream).await });
            }
        });
        hostile
    }

    async fn place(&self, engine: Engine) -> Place {
        let receiver = Receiver { host: self.host.clone(), ..Receiver::start().await };
        Place::beside(engine, receiver).await
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What stood in a header of each request.
    fn headers(&self, name: &str) -> Vec<String> {
        let prefix = format!("{name}: ");
        let of =
            |heard: &String| heard.lines().find_map(|line| line.strip_prefix(&prefix).map(str::to_owned));
        self.heard().iter().map(|heard| of(heard).expect("a header")).collect()
    }

    fn next(&self) -> Trick {
        let mut tricks = self.tricks.lock().unwrap_or_else(PoisonError::into_inner);
        if tricks.len() > 1 { tricks.pop() } else { tricks.last().cloned() }.expect("a trick")
    }

    async fn plays(&self, mut stream: TcpStream) {
        let mut request = Vec::new();
        let mut part = [0; 4096];
        while !String::from_utf8_lossy(&request).trim_end().ends_with('}') {
            match stream.read(&mut part).await {
                Ok(many) if many > 0 => request.extend_from_slice(&part[..many]),
                _ => return,
            }
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        match self.next() {
            Trick::Says(text) => drop(stream.write_all(text.as_bytes()).await),
            Trick::Floods(head, more) => {
                let mut all = head.as_bytes().to_vec();
                while stream.write_all(&all).await.is_ok() {
                    all = more.repeat(512).into_bytes();
                }
            }
            Trick::Drips(head, more) => {
                let mut all = head;
                while stream.write_all(all.as_bytes()).await.is_ok() {
                    all = more;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            Trick::HangsUp => {}
            Trick::Silent => tokio::time::sleep(Duration::from_secs(60)).await,
            Trick::Late(pause) => {
                tokio::time::sleep(pause).await;
                drop(stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await);
            }
        }
    }
}

impl Place {
    /// Seconds for which the subscriber rests.
    async fn rests(&self) -> Option<i64> {
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let sql = "select resting_until from webhook";
        let until: Option<Instant> = tx.row(sql, args![], |row| row.get(0)).await.expect("a subscriber");
        until.map(|until| ((until - self.test.app.now()).num_milliseconds() + 500) / 1_000)
    }
}

story!(whatever_a_subscriber_does_costs_it_alone, |engine| async move {
    let inside = Hostile::start(&[status("200 OK")]).await;
    let elsewhere =
        format!("HTTP/1.1 307 Away\r\nlocation: http://{}/hook\r\ncontent-length: 0\r\n\r\n", inside.host);
    let tricks = [
        (Trick::Says(elsewhere), "系统不跟随跳转"),
        (Trick::Says("SSH-2.0-OpenSSH_9.6\r\n".to_owned()), "连接不上"),
        (Trick::HangsUp, "连接不上"),
        (Trick::Floods("HTTP/1.1 200 OK\r\n", "x-more: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"), "连接不上"),
        (Trick::Floods("HTTP/1.1 500 No\r\n\r\n", "no"), "对方答复 500"),
        (status("999 Odd"), "对方答复 999"),
        (
            Trick::Drips("HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"),
            "5 秒内没有完整应答",
        ),
        (Trick::Silent, "5 秒内没有完整应答"),
        // It was taken: that the content never ends, or is a bomb, is all one.
        (
            Trick::Floods("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", "\u{1f}\u{8b}\u{8}"),
            "对方答复 200",
        ),
    ];
    let played: Vec<Trick> = tricks.iter().map(|(trick, _)| trick.clone()).collect();
    let hostile = Hostile::start(&played).await;
    let place = hostile.place(engine).await;
    let (_, secret, page) = place.subscribed().await;
    place.reported(&[place.report(&place.teacher().name, 1, "v1")]).await;
    for (round, (trick, sentence)) in tricks.iter().enumerate() {
        assert_eq!(hostile.heard().len(), round + 1, "{trick:?}");
        // Long after, the session is another.
        let mut lecturer = place.browser(&place.lecturer).await;
        lecturer.get(&page).await.shows(sentence);
        let Some(rests) = place.rests().await else { continue };
        place.test.clock.advance(TimeDelta::seconds(rests + 1));
        place.test.settle().await;
    }
    let mut lecturer = place.browser(&place.lecturer).await;
    lecturer.get(&page).await.shows("已送达").hides("待投递").hides("已连续失败");
    assert!(inside.heard().is_empty(), "a redirect led inside");
    let ids = hostile.headers("webhook-id");
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // Each time signed for its own moment: what was heard once is stale when it is sent again by others.
    let stamps = hostile.headers("webhook-timestamp").into_iter().zip(hostile.headers("webhook-signature"));
    for ((stamp, signature), heard) in stamps.zip(hostile.heard()) {
        let body = heard.split_once("\r\n\r\n").expect("a body").1;
        let signed = sign(&secret, (&ids[0], stamp.parse().expect("seconds")), body.trim_end());
        assert_eq!(signed.expect("signed"), signature);
    }
});

story!(a_subscriber_says_how_long_it_wants_to_rest, |engine| async move {
    let asks = |line: &str, pause: &str| {
        Trick::Says(format!("HTTP/1.1 {line}\r\nretry-after: {pause}\r\ncontent-length: 0\r\n\r\n"))
    };
    let cases = [
        ("429 Too Many", "3600", 3_600),
        ("503 Busy", "120", 120),
        ("429 Too Many", "99999999999999999999", 86_400),
        ("429 Too Many", "0", 5),
        ("429 Too Many", "-3600", 5),
        ("429 Too Many", "soon", 5),
        ("429 Too Many", "Thu, 01 Jan 1970 00:00:00 GMT", 5),
        ("429 Too Many", "Sun, 99 Foo 9999 99:99:99 GMT", 5),
        ("500 No", "3600", 5),
    ];
    let tricks: Vec<Trick> =
        cases.iter().flat_map(|(line, pause, _)| [asks(line, pause), status("200 OK")]).collect();
    let hostile = Hostile::start(&tricks).await;
    let place = hostile.place(engine).await;
    place.subscribed().await;
    for (round, (line, pause, expected)) in cases.iter().enumerate() {
        place.reported(&[place.report(&place.teacher().name, 1, &format!("v{round}"))]).await;
        assert_eq!(place.rests().await, Some(*expected), "{line} {pause}");
        place.test.clock.advance(TimeDelta::seconds(expected - 1));
        place.test.settle().await;
        assert_eq!(hostile.heard().len(), 2 * round + 1, "{line} {pause}: it was to rest");
        place.test.clock.advance(TimeDelta::seconds(2));
        place.test.settle().await;
        assert_eq!((hostile.heard().len(), place.rests().await), (2 * round + 2, None), "{line} {pause}");
    }
});

story!(only_what_is_refused_itself_is_given_up, |engine| async move {
    let mut tricks = vec![status("502 No"); 11];
    tricks.extend(vec![status("422 No"); 10]);
    tricks.push(status("204 Yes"));
    let hostile = Hostile::start(&tricks).await;
    let place = hostile.place(engine).await;
    let (_, _, page) = place.subscribed().await;
    let name = place.teacher().name.clone();
    place.reported(&[place.report(&name, 1, "v1")]).await;
    place.reported(&[place.report(&name, 1, "v2")]).await;
    let mut stopped = 0;
    while hostile.heard().len() < 11 {
        place.test.clock.advance(TimeDelta::hours(21));
        place.test.settle().await;
        let mut lecturer = place.browser(&place.lecturer).await;
        let seen = lecturer.get(&page).await;
        if seen.text().contains("已停止投递") {
            stopped += 1;
            let version = seen.field("version");
            let form = [("do", "resume"), ("version", version.as_str())];
            lecturer.post(&format!("{page}/turn"), &form).await.shows("已恢复");
            place.test.settle().await;
        }
    }
    assert!(stopped > 0, "it failed for days");
    let ids = hostile.headers("webhook-id");
    assert!(ids.iter().all(|id| *id == ids[0]), "what came after waits for what came before: {ids:?}");
    // However often nobody answered, it is tried ten times by somebody who does, and holds up nobody else.
    for _ in 0..12 {
        place.test.clock.advance(TimeDelta::hours(21));
        place.test.settle().await;
    }
    let heard = hostile.headers("webhook-id");
    let tries = |id: &String| heard[11..].iter().filter(|heard| *heard == id).count();
    let other = heard.iter().find(|id| **id != ids[0]).expect("the other").clone();
    assert_eq!((tries(&ids[0]), tries(&other)), (6, 6), "{heard:?}");
});

story!(what_always_fails_lets_others_go_first, |engine| async move {
    let mut tricks = vec![status("500 No"); 11];
    tricks.extend([status("204 Yes"), status("500 No")]);
    let hostile = Hostile::start(&tricks).await;
    let place = hostile.place(engine).await;
    let (_, _, page) = place.subscribed().await;
    let name = place.teacher().name.clone();
    for version in ["v1", "v2"] {
        place.reported(&[place.report(&name, 1, version)]).await;
    }
    while hostile.heard().len() < 12 {
        let long = if hostile.heard().len() < 11 { 21 } else { 1 };
        place.test.clock.advance(TimeDelta::hours(long));
        place.test.settle().await;
        let mut lecturer = place.browser(&place.lecturer).await;
        let seen = lecturer.get(&page).await;
        if hostile.heard().len() < 11 && seen.text().contains("已停止投递") {
            let form = [("do", "resume"), ("version", &*seen.field("version"))];
            lecturer.post(&format!("{page}/turn"), &form).await.shows("已恢复");
            place.test.settle().await;
        }
    }
    let ids = hostile.headers("webhook-id");
    assert!(
        ids[..11].iter().all(|id| *id == ids[0]),
        "in order as long as it may be the subscriber: {ids:?}"
    );
    assert_ne!(ids[11], ids[0], "what came after is not lost with it");
});

story!(whoever_is_ended_hears_no_more, |engine| async move {
    let hostile = Hostile::start(&[Trick::Late(Duration::from_millis(600))]).await;
    let place = hostile.place(engine).await;
    let (mut lecturer, _, page) = place.subscribed().await;
    let name = place.teacher().name.clone();
    let version = lecturer.get(&page).await.field("version");
    let reports = [place.report(&name, 1, "v1"), place.report("无名氏", 1, "v2")];
    let ends = async {
        while hostile.heard().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let form = [("do", "end"), ("version", version.as_str())];
        lecturer.post(&format!("{page}/turn"), &form).await.shows("已停用");
    };
    tokio::join!(place.reported(&reports), ends);
    place.test.settle().await;
    assert_eq!(hostile.heard().len(), 1, "what was on its way alone");
});

story!(an_address_must_not_lead_inside, |engine| async move {
    let place = Place::begin(engine).await;
    let mut lecturer = place.browser(&place.lecturer).await;
    let platform = place.platform.id.to_string();
    let long = format!("https://example.test/{}", "a".repeat(300));
    let wrong = [
        ("https://127.0.0.1/hook", "指向内网"),
        ("https://127.1/hook", "指向内网"),
        ("https://0x7f000001/hook", "指向内网"),
        ("https://017700000001/hook", "指向内网"),
        ("https://2130706433/hook", "指向内网"),
        ("https://１２７.０.０.１/hook", "指向内网"),
        ("https://127.0.0.1./hook", "指向内网"),
        ("https://0.0.0.0/hook", "指向内网"),
        ("https://10.1.2.3/hook", "指向内网"),
        ("https://172.31.0.1/hook", "指向内网"),
        ("https://192.168.0.1:8443/hook", "指向内网"),
        ("https://169.254.169.254/latest/meta-data/", "指向内网"),
        ("https://100.64.0.1/hook", "指向内网"),
        ("https://[::1]/hook", "指向内网"),
        ("https://[::]/hook", "指向内网"),
        ("https://[::ffff:127.0.0.1]/hook", "指向内网"),
        ("https://[::ffff:a00:1]/hook", "指向内网"),
        ("https://[64:ff9b::a00:1]/hook", "指向内网"),
        ("https://[2002:a00:1::]/hook", "指向内网"),
        ("https://[fe80::1]/hook", "指向内网"),
        ("https://[fd00::1]/hook", "指向内网"),
        ("http://example.test/hook", "https://"),
        ("https://name:word@example.test/hook", "不带账号、密码"),
        ("https://name@example.test/hook", "不带账号、密码"),
        ("https://example.test/hook#part", "格式不对"),
        ("https://example.test/hook\r\nx-evil: 1", "格式不对"),
        ("https://example.test:70000/hook", "格式不对"),
        ("https://[fe80::1%25eth0]/hook", "格式不对"),
        ("https:///", "格式不对"),
        ("ftp://example.test/hook", "格式不对"),
        ("file:///etc/passwd", "格式不对"),
        ("javascript:alert(1)", "格式不对"),
        ("example.test/hook", "格式不对"),
        ("", "格式不对"),
        (long.as_str(), "不能超过 300 个字符"),
    ];
    for (url, sentence) in wrong {
        let form =
            [("name", "乙"), ("url", url), ("platform", platform.as_str()), ("event", "hours.entered")];
        let seen = lecturer.post("/webhooks", &form).await;
        seen.is(422).says(sentence);
        assert_eq!(seen.field("name"), "乙", "what was typed stays");
    }
    lecturer.get("/webhooks").await.shows("还没有订阅");

    // What a name leads to shows when it is asked, and only then.
    let listens = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("https://localhost:{}/hook", listens.local_addr().expect("an address").port());
    let form = [("name", "丙"), ("url", &url), ("platform", platform.as_str()), ("event", "hours.entered")];
    let page = lecturer.post("/webhooks", &form).await.link("/webhooks/");
    place.reported(&[place.report(&place.teacher().name, 1, "v1")]).await;
    lecturer.get(&page).await.shows("指向内网").shows("投递受阻");
    let called = tokio::time::timeout(Duration::from_millis(100), listens.accept()).await;
    assert!(called.is_err(), "it was asked");
});

story!(two_keep_one_subscriber_and_nobody_elses, |engine| async move {
    let place = Place::begin(engine).await;
    let (mut first, secret, page) = place.subscribed().await;
    first.get(&page).await.hides(&secret);
    first.get("/webhooks").await.hides(&secret);
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let sealed: Vec<u8> =
        tx.row("select secret from webhook", args![], |row| row.get(0)).await.expect("a secret");
    drop(tx);
    let bare = secret.trim_start_matches("whsec_").as_bytes();
    assert!(!sealed.windows(bare.len()).any(|part| part == bare), "kept as it is");

    // Two look at it; one has ended it, the other is told so.
    let mut second = place.browser(&place.lecturer).await;
    let version = second.get(&page).await.field("version");
    let turn = format!("{page}/turn");
    first.post(&turn, &[("do", "end"), ("version", &version)]).await.shows("已停用");
    second.post(&turn, &[("do", "resume"), ("version", &version)]).await.is(409).says("已被他人修改");
    second.post(&turn, &[("do", "resume"), ("version", "x")]).await.is(422);
    second.post(&turn, &[("do", "delete"), ("version", "2")]).await.is(422);
    let version = second.get(&page).await.field("version");
    second.post(&turn, &[("do", "resume"), ("version", &version)]).await.shows("已恢复");

    // A platform of others is nobody's to choose, a message of others nobody's to send.
    let (url, platform) = (place.url(), place.platform.id.to_string());
    let form = [("name", "邻"), ("url", &url), ("platform", &platform), ("event", "hours.entered")];
    let mut neighbour = place.browser(&place.town.neighbour_office).await;
    neighbour.post("/webhooks", &form).await.is(422).says("重新选择平台");
    place.reported(&[place.report(&place.teacher().name, 1, "v1")]).await;
    let sent = first.get(&page).await.link(&format!("{page}/messages/"));
    let message = sent.trim_end_matches("/again").rsplit('/').next().expect("a message").to_owned();
    let form = [("name", "邻"), ("url", url.as_str()), ("event", "dispute.answered")];
    let theirs = neighbour.post("/webhooks", &form).await.link("/webhooks/");
    neighbour.post(&sent, &[]).await.is(404);
    neighbour.post(&format!("{theirs}/messages/{message}/again"), &[]).await.is(404);
    assert_eq!(place.receiver.ids().len(), 1);

    // No more than a server can look after; one that has ended makes room, and comes back only into room.
    for n in 1..20 {
        let name = format!("第{n}个");
        let form = [("name", name.as_str()), ("url", url.as_str()), ("event", "dispute.answered")];
        neighbour.post("/webhooks", &form).await.shows("只显示这一次");
    }
    neighbour.post("/webhooks", &form).await.is(422).says("在用的订阅已有 20 个");
    let turn = format!("{theirs}/turn");
    neighbour.post(&turn, &[("do", "end"), ("version", "1")]).await.shows("已停用");
    neighbour.post("/webhooks", &form).await.shows("只显示这一次");
    neighbour.post(&turn, &[("do", "resume"), ("version", "2")]).await.is(403).says("在用的订阅已有 20 个");
});
