//! The protocol of resumable uploads, request by request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use http::{HeaderMap, Method};
use sha2::{Digest, Sha256};
use tisheng_testkit::{Browser, Chosen, Engine, Seen, story};

use super::{World, begin};
use crate::evidence::samples::film;

/// Sends a request of the protocol.
async fn tus(
    browser: &mut Browser,
    method: Method,
    path: &str,
    headers: &[(&'static str, String)],
    body: &[u8],
) -> Seen {
    let mut all = HeaderMap::new();
    all.insert("tus-resumable", "1.0.0".parse().expect("a version"));
    for (name, value) in headers {
        all.insert(*name, value.parse().expect("a value"));
    }
    browser.send(method, path, all, body.to_vec()).await
}

fn metadata(submission: &str, piece: &str) -> String {
    let pair = |key: &str, value: &str| format!("{key} {}", STANDARD.encode(value));
    [pair("submission", submission), pair("piece", piece), pair("filename", "课堂.mp4")].join(",")
}

async fn create(browser: &mut Browser, id: &str, length: usize) -> Seen {
    let headers = [("upload-length", length.to_string()), ("upload-metadata", metadata(id, "A6-2"))];
    tus(browser, Method::POST, "/uploads", &headers, b"").await
}

async fn patch(browser: &mut Browser, path: &str, offset: usize, body: &[u8]) -> Seen {
    let headers = [
        ("upload-offset", offset.to_string()),
        ("content-type", "application/offset+octet-stream".to_owned()),
    ];
    tus(browser, Method::PATCH, path, &headers, body).await
}

async fn offset(browser: &mut Browser, path: &str) -> usize {
    let seen = tus(browser, Method::HEAD, path, &[], b"").await;
    seen.is(200);
    assert_eq!(seen.headers["cache-control"], "no-store");
    seen.headers["upload-offset"].to_str().expect("text").parse().expect("a number")
}

/// A teacher with a draft of A6.
async fn drafting(engine: Engine) -> (World, Browser, String) {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    (world, teacher, id)
}

story!(an_upload_goes_on_where_it_was_cut, |engine| async move {
    let (world, mut teacher, id) = drafting(engine).await;
    let clip = film(300, 300_000);
    let made = create(&mut teacher, &id, clip.len()).await;
    made.is(201);
    assert!(made.headers.contains_key("upload-expires"));
    let path = made.location().to_owned();
    assert_eq!(offset(&mut teacher, &path).await, 0);
    let half = patch(&mut teacher, &path, 0, &clip[..100_000]).await;
    half.is(204);
    assert_eq!(half.headers["upload-offset"], "100000");

    // Bytes that were written and not yet counted when the process died are sent again.
    let file = world.test.app.files.incoming(path.rsplit('/').next().expect("an id"));
    let mut torn = std::fs::read(&file).expect("the bytes so far");
    torn.extend_from_slice(b"half a block");
    std::fs::write(&file, torn).expect("written");
    assert_eq!(offset(&mut teacher, &path).await, 100_000);
    patch(&mut teacher, &path, 100_000, &clip[100_000..200_000]).await.is(204);

    // A file that lost its end is believed more than its row.
    let kept = std::fs::read(&file).expect("the bytes so far");
    std::fs::write(&file, &kept[..150_000]).expect("written");
    assert_eq!(offset(&mut teacher, &path).await, 150_000);
    patch(&mut teacher, &path, 150_000, &clip[150_000..]).await.is(204);
    assert_eq!(offset(&mut teacher, &path).await, clip.len(), "a client that asks again is told the end");
    assert!(!file.exists(), "the bytes have moved into the store");

    let page = teacher.get(&format!("/evidence/{id}")).await;
    let served =
        teacher.get(&page.shows("课堂.mp4").shows("5 分 0 秒").link(&format!("/evidence/{id}/files/"))).await;
    assert_eq!(served.bytes, clip, "byte for byte");
    patch(&mut teacher, &path, clip.len(), b"").await.is(409);
});

story!(all_bytes_there_and_the_process_dead_is_made_up_for, |engine| async move {
    let (world, mut teacher, id) = drafting(engine).await;
    let clip = film(60, 5_000);
    let path = create(&mut teacher, &id, clip.len()).await.location().to_owned();
    patch(&mut teacher, &path, 0, &clip[..5_000]).await.is(204);
    let name = path.rsplit('/').next().expect("an id");
    std::fs::write(world.test.app.files.incoming(name), &clip).expect("written");
    let upload = name.parse().expect("an id");
    let ctx = world.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let length = i64::try_from(clip.len()).expect("small");
    let later = ctx.at + TimeDelta::days(1);
    crate::evidence::store::received(&mut tx, upload, length, later).await.expect("counted");
    tx.commit().await.expect("commits");
    assert_eq!(offset(&mut teacher, &path).await, clip.len());
    teacher.get(&format!("/evidence/{id}")).await.shows("课堂.mp4");
});

story!(a_wrong_place_is_refused, |engine| async move {
    let (_world, mut teacher, id) = drafting(engine).await;
    let path = create(&mut teacher, &id, 5_000).await.location().to_owned();
    patch(&mut teacher, &path, 10, b"0123456789").await.is(409);
    patch(&mut teacher, &path, 0, b"0123456789").await.is(204);
    patch(&mut teacher, &path, 0, b"0123456789").await.is(409);
    assert_eq!(offset(&mut teacher, &path).await, 10);
});

story!(a_checksum_that_does_not_hold_keeps_nothing, |engine| async move {
    let (_world, mut teacher, id) = drafting(engine).await;
    let path = create(&mut teacher, &id, 5_000).await.location().to_owned();
    let part = b"0123456789";
    let summed = |sum: String| {
        vec![
            ("upload-offset", "0".to_owned()),
            ("content-type", "application/offset+octet-stream".to_owned()),
            ("upload-checksum", sum),
        ]
    };
    let wrong = format!("sha256 {}", STANDARD.encode(Sha256::digest(b"others")));
    tus(&mut teacher, Method::PATCH, &path, &summed(wrong), part).await.is(460);
    assert_eq!(offset(&mut teacher, &path).await, 0);
    tus(&mut teacher, Method::PATCH, &path, &summed("md5 AAAA".to_owned()), part).await.is(400);
    let right = format!("sha256 {}", STANDARD.encode(Sha256::digest(part)));
    tus(&mut teacher, Method::PATCH, &path, &summed(right), part).await.is(204);
    assert_eq!(offset(&mut teacher, &path).await, 10);
});

story!(what_is_too_large_is_refused_before_and_while_it_comes, |engine| async move {
    let (_world, mut teacher, id) = drafting(engine).await;
    create(&mut teacher, &id, 65 << 20).await.is(413);
    create(&mut teacher, &id, 0).await.is(400);
    let path = create(&mut teacher, &id, 10).await.location().to_owned();
    patch(&mut teacher, &path, 0, b"0123456789 and more").await.is(413);
    assert_eq!(offset(&mut teacher, &path).await, 0);
});

story!(an_upload_expires_and_is_swept, |engine| async move {
    let (world, mut teacher, id) = drafting(engine).await;
    let path = create(&mut teacher, &id, 5_000).await.location().to_owned();
    patch(&mut teacher, &path, 0, b"0123456789").await.is(204);
    let file = world.test.app.files.incoming(path.rsplit('/').next().expect("an id"));
    world.test.clock.advance(TimeDelta::hours(24 * 7 + 1));
    let mut teacher = world.teacher(0).await;
    tus(&mut teacher, Method::HEAD, &path, &[], b"").await.is(410);
    patch(&mut teacher, &path, 10, b"x").await.is(410);
    assert!(file.exists());
    world.test.settle().await;
    assert!(!file.exists(), "what nobody went on with is gone");
    tus(&mut teacher, Method::HEAD, &path, &[], b"").await.is(404);
});

story!(two_who_write_at_once_do_not_mix, |engine| async move {
    let (world, mut teacher, id) = drafting(engine).await;
    let clip = film(60, 200_000);
    let path = create(&mut teacher, &id, clip.len()).await.location().to_owned();
    let parts: Vec<_> = (0..6)
        .map(|_| {
            let (mut browser, path, part) = (teacher.clone(), path.clone(), clip[..150_000].to_vec());
            tokio::spawn(async move { patch(&mut browser, &path, 0, &part).await.status.as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for part in parts {
        statuses.push(part.await.expect("a task ends"));
    }
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [204, 409, 423].contains(status)), "{statuses:?}");
    patch(&mut teacher, &path, 150_000, &clip[150_000..]).await.is(204);
    let page = teacher.get(&format!("/evidence/{id}")).await;
    let served = teacher.get(&page.link(&format!("/evidence/{id}/files/"))).await;
    assert_eq!(served.bytes, clip);
    drop(world);
});

story!(what_stands_in_a_full_piece_is_sent_again_without_harm, |engine| async move {
    let (world, mut teacher, id) = drafting(engine).await;
    let (clip, other) = (film(60, 5_000), film(61, 5_000));
    assert_eq!(clip.len(), other.len());
    let names: Vec<String> = (1..20).map(|n| format!("片段{n}.mp4")).collect();
    let files: Vec<Chosen<'_>> =
        names.iter().map(|name| Chosen { field: "file", name, bytes: &other }).collect();
    teacher.post_files(&format!("/evidence/{id}/pieces/A6-2/files"), &[], &files).await.is(200);
    // Nobody heard that it had begun: what has got no byte yet takes no place of what is sent once more.
    create(&mut teacher, &id, clip.len()).await.is(201);
    let first = create(&mut teacher, &id, clip.len()).await.is(201).location().to_owned();
    patch(&mut teacher, &first, 0, &clip).await.is(204);
    // A script passes the sentence on: it is no page.
    let full = create(&mut teacher, &id, clip.len() + 1).await;
    assert!(full.is(403).html().starts_with("每项材料最多 20 个文件"), "{}", full.html());

    // Nor that it had arrived.
    let again = create(&mut teacher, &id, clip.len()).await.is(201).location().to_owned();
    patch(&mut teacher, &again, 0, &clip).await.is(204);
    assert_eq!(offset(&mut teacher, &again).await, clip.len());
    let page = teacher.get(&format!("/evidence/{id}")).await;
    assert_eq!(page.html().matches("/remove\"").count(), 20);

    // Another file of its name and length is told from it by its bytes.
    let strange = create(&mut teacher, &id, other.len()).await.is(201).location().to_owned();
    let refused = patch(&mut teacher, &strange, 0, &other).await;
    assert!(refused.is(422).html().contains("最多 20 个文件"), "{}", refused.html());
    tus(&mut teacher, Method::HEAD, &strange, &[], b"").await.is(404);
    let page = teacher.get(&format!("/evidence/{id}")).await;
    assert_eq!(page.html().matches("/remove\"").count(), 20);
    drop(world);
});

story!(an_upload_is_given_up, |engine| async move {
    let (world, mut teacher, id) = drafting(engine).await;
    let path = create(&mut teacher, &id, 5_000).await.location().to_owned();
    patch(&mut teacher, &path, 0, b"0123456789").await.is(204);
    tus(&mut teacher, Method::DELETE, &path, &[], b"").await.is(204);
    tus(&mut teacher, Method::HEAD, &path, &[], b"").await.is(404);
    assert!(!world.test.app.files.incoming(path.rsplit('/').next().expect("an id")).exists());
});

story!(content_that_is_refused_leaves_nothing, |engine| async move {
    let (world, mut teacher, id) = drafting(engine).await;
    let page = b"<html><script>alert(1)</script></html>";
    let path = create(&mut teacher, &id, page.len()).await.location().to_owned();
    let refused = patch(&mut teacher, &path, 0, page).await;
    refused.is(422);
    assert!(refused.html().contains("无法识别"), "{}", refused.html());
    tus(&mut teacher, Method::HEAD, &path, &[], b"").await.is(404);
    assert!(!world.test.app.files.incoming(path.rsplit('/').next().expect("an id")).exists());
});

story!(the_protocol_says_what_it_speaks_and_to_whom, |engine| async move {
    let (world, mut teacher, id) = drafting(engine).await;
    let options = teacher.send(Method::OPTIONS, "/uploads", HeaderMap::new(), Vec::new()).await;
    options.is(204);
    assert_eq!(options.headers["tus-version"], "1.0.0");
    assert_eq!(options.headers["tus-extension"], "creation,termination,checksum,expiration");
    assert!(options.headers["tus-checksum-algorithm"].to_str().expect("text").contains("sha256"));
    let old = [("upload-length", "10".parse().expect("a value"))];
    let old: HeaderMap = old.into_iter().map(|(n, v)| (n.parse().expect("a name"), v)).collect();
    teacher.send(Method::POST, "/uploads", old, Vec::new()).await.is(412);
    let path = create(&mut teacher, &id, 5_000).await.location().to_owned();
    let typed = [("upload-offset", "0".to_owned()), ("content-type", "text/plain".to_owned())];
    tus(&mut teacher, Method::PATCH, &path, &typed, b"x").await.is(415);

    let mut other = world.teacher(1).await;
    tus(&mut other, Method::HEAD, &path, &[], b"").await.is(404);
    patch(&mut other, &path, 0, b"x").await.is(404);
    tus(&mut other, Method::DELETE, &path, &[], b"").await.is(404);
    create(&mut other, &id, 100).await.is(404);
    let mut stranger = world.test.browser();
    let seen = tus(&mut stranger, Method::PATCH, &path, &[], b"x").await;
    assert_eq!(seen.status.as_u16(), 303, "a stranger is sent to sign in");
});
