//! The commands of an operator, run as an operator runs them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `tisheng` in the data folder `data` with `input` on its standard input.
pub fn tisheng(data: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tisheng"))
        // The variables of whoever runs the tests are not the installation's.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .arg("--data")
        .arg(data)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    // A command that reads nothing may have ended already.
    let _ = pipe.write_all(input.as_bytes());
    drop(pipe);
    child.wait_with_output().expect("it ends")
}

/// What it printed; it ended well.
#[track_caller]
pub fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[track_caller]
fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn an_operator_begins_copies_and_restores() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, copy, other) =
        (folder.path().join("data"), folder.path().join("copy"), folder.path().join("other"));
    let unwell = refused(&tisheng(&data, &["doctor"], ""));
    assert!(unwell.contains("mend  keys") && unwell.contains("tisheng migrate"), "{unwell}");

    let first = ["user", "first", "--scheme", "foshan-2020", "--name", "测试甲", "--login", "office"];
    assert!(refused(&tisheng(&data, &first, "11010519491231002Y")).contains("tisheng:"));
    let told = said(&tisheng(&data, &first, "11010519491231002X\n"));
    assert!(told.contains("/s/") && !told.contains("11010519491231002X"), "{told}");
    assert!(refused(&tisheng(&data, &first, "11010519491231002X")).contains("user reset"));
    let again = said(&tisheng(&data, &["user", "reset", "office"], ""));
    assert!(again.contains("/s/") && again != told, "{again}");
    assert!(refused(&tisheng(&data, &["user", "reset", "nobody"], "")).contains("no open account"));
    let list = said(&tisheng(&data, &["user", "list", "--organisation", "440600"], ""));
    assert!(list.contains("测试甲"), "{list}");
    let well = said(&tisheng(&data, &["doctor"], ""));
    assert!(!well.contains("mend"), "{well}");

    let to = copy.display().to_string();
    said(&tisheng(&data, &["backup", &to], ""));
    assert!(refused(&tisheng(&data, &["restore", &to], "")).contains("exists already"));
    assert!(said(&tisheng(&other, &["restore", &to], "")).contains("keys.toml"));
    std::fs::copy(data.join("keys.toml"), other.join("keys.toml")).expect("the key is brought");
    assert!(said(&tisheng(&other, &["verify"], "")).contains("all right"));
    assert_eq!(said(&tisheng(&other, &["user", "list", "--organisation", "440600"], "")), list);
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, copy, other) =
        (folder.path().join("data"), folder.path().join("copy"), folder.path().join("other"));
    let first = ["user", "first", "--scheme", "foshan-2020", "--name", "测试甲", "--login", "office"];
    said(&tisheng(&data, &first, "11010519491231002X\n"));
    let to = copy.display().to_string();
    said(&tisheng(&data, &["backup", &to], ""));
    let database = copy.join("tisheng.db");
    let whole = std::fs::read(&database).expect("the copy");
    let mut damaged = whole.clone();
    // Where rows are, far from what SQLite looks at when it opens a file.
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x40;
    std::fs::write(&database, &damaged).expect("written");
    let why = refused(&tisheng(&other, &["restore", &to], ""));
    assert!(why.contains("damaged") && why.contains("tisheng.db"), "{why}");
    assert!(!other.join("tisheng.db").exists() && !other.join("files").exists(), "nothing was written");

    // Damage that was there already when the list was written.
    let mut torn = whole;
    let page = torn.len() / 2 / 4096 * 4096;
    torn[page..page + 4096].fill(0xff);
    std::fs::write(&database, &torn).expect("written");
    let list = std::fs::read_to_string(copy.join("SHA256SUMS")).expect("the list");
    let digest = tisheng_platform::files::digest_of(&database).expect("read").digest;
    assert!(list.lines().count() == 1 && list.ends_with("  tisheng.db\n"), "{list}");
    std::fs::write(copy.join("SHA256SUMS"), format!("{digest}  tisheng.db\n")).expect("written");
    let why = refused(&tisheng(&other, &["restore", &to], ""));
    assert!(why.contains("the database of the backup is damaged"), "{why}");
    std::fs::remove_file(copy.join("SHA256SUMS")).expect("removed");
    assert!(refused(&tisheng(&other, &["restore", &to], "")).contains("SHA256SUMS"));
}

/// The made-up third scheme as a folder, with a table of its regions.
fn lakeside(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for (name, text) in tisheng_rules::samples::third_scheme_files() {
        std::fs::write(folder.join(name), text).expect("written");
    }
    let regions = "code,name,parent,level\n759900,湖畔市,,city\n759900001,湖东学区,759900,town\n";
    std::fs::write(folder.join("regions.csv"), regions).expect("written");
}

#[test]
fn a_territory_is_installed_from_its_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, scheme) = (folder.path().join("data"), folder.path().join("lakeside"));
    lakeside(&scheme);
    let path = scheme.display().to_string();
    let first = ["user", "first", "--scheme", &path, "--name", "测试甲", "--login"];
    let paper = "11010519491231002X";
    let short: Vec<&str> = first.iter().copied().chain(["zs"]).collect();
    let wrong = refused(&tisheng(&data, &short, paper));
    assert!(wrong.contains("--login “zs”"), "{wrong}");
    let good: Vec<&str> = first.iter().copied().chain(["office"]).collect();
    assert!(said(&tisheng(&data, &good, paper)).contains("/s/"));
    let list = said(&tisheng(&data, &["user", "list", "--organisation", "759900"], ""));
    assert!(list.contains("湖畔市") && list.contains("测试甲"), "{list}");

    std::fs::remove_file(scheme.join("regions.csv")).expect("removed");
    let other = folder.path().join("other");
    let unknown = refused(&tisheng(&other, &good, paper));
    assert!(unknown.contains("区划代码表中没有 759900") && unknown.contains("regions.csv"), "{unknown}");
}

#[test]
fn a_folder_that_is_no_scheme_is_told_in_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let check = |path: &Path| refused(&tisheng(&data, &["scheme", "check", &path.display().to_string()], ""));
    let empty = folder.path().join("empty");
    std::fs::create_dir_all(&empty).expect("a folder");
    assert!(check(&empty).contains("没有 .toml 文件"));
    let file = empty.join("scheme.toml");
    // 方案, as an editor of an older system saves it.
    std::fs::write(&file, [0xb7, 0xbd, 0xb0, 0xb8]).expect("written");
    assert!(check(&empty).contains("scheme.toml 不是 UTF-8 编码"));
    assert!(check(&file).contains("是一个文件"));
    assert!(check(&folder.path().join("nowhere")).contains("foshan-2020"));
    let none = ["scheme", "simulate", "foshan-2020", "--teachers", "0"];
    assert!(refused(&tisheng(&data, &none, "")).contains("--teachers"));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_mistake_and_a_full_device_is_one() {
    let explain = |out: Stdio| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_tisheng"));
        program.args(["scheme", "explain", "foshan-2020"]).stdout(out).stderr(Stdio::piped());
        program.spawn().expect("the program starts")
    };
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let ended = explain(writer.into()).wait_with_output().expect("it ends");
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("the full device");
    let ended = explain(full.into()).wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && told.starts_with("tisheng: ") && !told.contains("panicked"), "{told}");
}

#[test]
fn an_operator_gives_and_takes_credentials() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let lrs = |args: &[&str]| tisheng(data, &[&["lrs"], args].concat(), "");
    let scopes = ["--scope", "statements/write", "--scope", "statements/read/mine", "--quota", "5000"];
    let made = said(&lrs(&[&["credential", "create", "--name", "某平台"][..], &scopes[..]].concat()));
    let word = |line: &str| {
        let line = made.lines().find(|text| text.starts_with(line)).expect("a line");
        line.split(' ').nth(1).expect("a word").to_owned()
    };
    let (key, secret) = (word("key "), word("secret "));
    let listed = said(&lrs(&["credential", "list"]));
    let shown = "statements/write statements/read/mine  500 requests a second, 5000 statements a day";
    assert!(listed.contains(&key) && listed.contains(shown) && !listed.contains(&secret), "{listed}");
    let renewed = said(&lrs(&["credential", "rotate", &key, "--hours", "1"]));
    assert!(renewed.starts_with("secret ") && !renewed.contains(&secret), "{renewed}");
    assert_eq!(said(&lrs(&["credential", "revoke", &key])), "revoked\n");
    assert!(said(&lrs(&["credential", "list"])).contains("revoked 2"));
    assert!(refused(&lrs(&["credential", "revoke", &key])).contains("revoked already"));
    assert!(refused(&lrs(&["credential", "rotate", &key])).contains("is revoked"));
    assert!(refused(&lrs(&["credential", "revoke", "nobody"])).contains("no credential"));
    let wrong = refused(&lrs(&["credential", "create", "--name", "x", "--scope", "write"]));
    assert!(wrong.contains("statements/write"), "{wrong}");
    let nowhere = ["--platform", "0193f1f2-0000-7000-8000-000000000001"];
    let wrong =
        refused(&lrs(&[&["credential", "create", "--name", "x", "--scope", "all"][..], &nowhere].concat()));
    assert!(wrong.contains("no platform") && wrong.contains("none is entered"), "{wrong}");
    assert_eq!(said(&lrs(&["months"])), "");
    assert!(refused(&lrs(&["detach", "2021-03"])).contains("no statements of 2021-03"));
    assert!(refused(&lrs(&["attach", "2021-03"])).contains("has not been taken out"));
    assert!(refused(&lrs(&["detach", "2021-3"])).contains("no month such as"));
}

#[test]
fn an_operator_changes_the_key_that_signs_for_tools() {
    let folder = tempfile::tempdir().expect("a folder");
    let lti = |args: &[&str]| said(&tisheng(folder.path(), &[&["lti"], args].concat(), ""));
    assert_eq!(lti(&["keys"]), "");
    let first = lti(&["rotate"]);
    assert!(first.contains("signs from"), "{first}");
    let second = lti(&["rotate"]);
    assert!(lti(&["rotate"]).contains("nothing is changed"));
    let listed = || -> Vec<String> { lti(&["keys"]).lines().map(str::to_owned).collect() };
    let lines = listed();
    let name = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((name(&lines[0]), name(&lines[1])), (name(&second), name(&first)));
    assert!(lines[0].contains("signs from") && lines[1].ends_with("signs"), "{lines:?}");
    let third = lti(&["rotate", "--revoke"]);
    assert!(third.contains("signs from now on"), "{third}");
    let lines = listed();
    assert_eq!((lines.len(), name(&lines[0])), (3, name(&third)), "{lines:?}");
    assert!(lines[1..].iter().all(|line| line.contains("withdrawn")), "{lines:?}");

    // One alone: the key before it signs again, and another follows.
    let fourth = name(&lti(&["rotate"]));
    let third = name(&third);
    let told = lti(&["rotate", "--revoke", &fourth]);
    assert!(told.contains(&format!("{fourth} is withdrawn; {third} signs")), "{told}");
    assert!(told.lines().count() == 2 && listed()[0].contains("signs from"), "{told}");
    let refusal = refused(&tisheng(folder.path(), &["lti", "rotate", "--revoke", &fourth], ""));
    assert!(refusal.contains("tisheng lti keys"), "{refusal}");
}

#[test]
fn an_operator_gives_and_takes_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let first = ["user", "first", "--scheme", "foshan-2020", "--name", "测试甲", "--login", "office"];
    said(&tisheng(data, &first, "11010519491231002X\n"));
    let token = |args: &[&str]| tisheng(data, &[&["token"], args].concat(), "");
    let create = ["create", "--name", "市数据中心", "--node", "440600", "--scope", "roster:read"];
    let made = said(&token(&[&create[..], &["--scope", "progress:read", "--days", "30"]].concat()));
    let word = |line: &str| {
        let line = made.lines().find(|text| text.starts_with(line)).expect("a line");
        line.split(' ').nth(1).expect("a word").to_owned()
    };
    let (key, whole) = (word("key "), word("token "));
    assert!(whole.starts_with(&format!("ts_{key}_")), "{made}");
    let listed = said(&token(&["list"]));
    assert!(
        listed.contains(&key) && listed.contains("roster:read progress:read") && !listed.contains(&whole)
    );
    assert!(listed.contains("never used"), "{listed}");
    let renewed = said(&token(&["rotate", &key, "--hours", "1"]));
    assert!(renewed.contains(&format!("ts_{key}_")) && !renewed.contains(&whole), "{renewed}");
    assert_eq!(said(&token(&["revoke", &key])), "revoked\n");
    assert!(said(&token(&["list"])).contains("revoked"));
    assert!(refused(&token(&["revoke", &key])).contains("revoked already"));
    assert!(refused(&token(&["rotate", &key])).contains("is revoked"));
    assert!(refused(&token(&["revoke", "nobody"])).contains("no token"));
    let with = |node: &str, scope: &str| {
        refused(&token(&["create", "--name", "x", "--node", node, "--scope", scope]))
    };
    assert!(with("999999", "roster:read").contains("no node"));
    assert!(with("440600", "roster").contains("hours:write"));
    assert!(with("440600", "hours:write").contains("--platform"));
}

#[test]
fn commands_in_the_folder_of_a_demonstration_are_of_its_day() {
    let year_of = |data: &Path| -> i32 {
        said(&tisheng(data, &["lti", "rotate"], ""));
        let keys = said(&tisheng(data, &["lti", "keys"], ""));
        let made = keys.split("made ").nth(1).expect("when it was made");
        made.get(..4).expect("a year").parse().expect("a number")
    };
    let folder = tempfile::tempdir().expect("a folder");
    let [plain, demo] = ["plain", "demo"].map(|name| folder.path().join(name));
    std::fs::create_dir_all(&demo).expect("a folder");
    // As a demonstration keeps it: twenty years before the machine's day.
    std::fs::write(demo.join("calendar.json"), r#"{"days":-7305}"#).expect("written");
    assert!(year_of(&plain) - year_of(&demo) >= 19);
    std::fs::write(demo.join("calendar.json"), "no calendar").expect("written");
    assert!(refused(&tisheng(&demo, &["lti", "keys"], "")).contains("the calendar of the demonstration"));
}
