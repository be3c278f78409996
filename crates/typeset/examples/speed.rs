//! How long certificates take: `cargo run --release -p tisheng-typeset --example speed -- [FOLDER]`.
//! With a folder, documents to be looked at are kept there: a certificate, one with much to say and
//! a table.

#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use std::time::Instant;

use tisheng_typeset::{Certificate, Fonts, Table, Typesetter};

fn certificate(n: usize) -> Certificate {
    let fact = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    Certificate {
        title: "合格证书".to_owned(),
        programme: "测试省中小学教师信息技术应用能力提升工程 2.0".to_owned(),
        body: vec![format!(
            "教师{n:04}（测试市第一小学，证件号码 110105********002X）于2020年3月至2022年12月参加中小学教师信息技术应用能力提升工程2.0培训，完成网络研修与校本实践学习任务，所选能力点考核合格，特发此证。"
        )],
        facts: vec![
            fact("网络研修", "20.00 学时"),
            fact("校本实践", "30.00 学时"),
            fact("能力点", "A1 合格　A6 优秀　B2 合格"),
            fact("合计", "50.00 学时"),
        ],
        number: format!("CS2021{n:06}"),
        issuer: "测试市工程执行办".to_owned(),
        date: "2021年3月10日".to_owned(),
        code: format!("http://tisheng.test/verify/CS2021{n:06}"),
        code_note: "扫描二维码或登录平台输入编号查验".to_owned(),
    }
}

/// As long as real ones get.
fn long_certificate() -> Certificate {
    let mut long = certificate(1001);
    let all: Vec<String> = (1..=14).map(|n| format!("A{n} 技术支持的课堂教学（合格）")).collect();
    long.body = vec![long.body.concat().repeat(2)];
    long.facts[2].1 = all.join("、");
    long.issuer = "测试省中小学教师信息技术应用能力提升工程2.0执行办公室".to_owned();
    long
}

fn table() -> Table {
    let row = |n: usize| {
        let school = if n.is_multiple_of(7) {
            "测试市第一实验小学北校区分部教学点"
        } else {
            "测试市一小"
        };
        [format!("{n}"), format!("教师{n:03}·㛃"), school.to_owned(), "语文".to_owned(), "50.00".to_owned()]
            .to_vec()
    };
    Table {
        title: "测试市教师学时一览表".to_owned(),
        note: "截至2021年3月10日".to_owned(),
        head: ["序号", "姓名", "学校", "学科", "学时"].map(str::to_owned).to_vec(),
        numbers: vec![true, false, false, false, true],
        rows: (1..=100).map(row).collect(),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let setter = Typesetter::new(Fonts::embedded());
    println!("fonts: {:?}", start.elapsed());
    let start = Instant::now();
    let first = setter.certificate(&certificate(0))?;
    println!("first: {:?}, {} bytes", start.elapsed(), first.len());
    if let Some(folder) = std::env::args().nth(1) {
        std::fs::write(format!("{folder}/certificate.pdf"), &first)?;
        std::fs::write(format!("{folder}/long.pdf"), setter.certificate(&long_certificate())?)?;
        std::fs::write(format!("{folder}/table.pdf"), setter.table(&table())?)?;
        return Ok(());
    }
    let start = Instant::now();
    for n in 1..=1000 {
        setter.certificate(&certificate(n))?;
    }
    println!("1000 more: {:?}", start.elapsed());
    Ok(())
}
