//! Nothing that a scheme says is left out of its sentences, and no default hides behind a place of
//! the official text: every value of a full scheme is changed in turn, and each change is told.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{Days, NaiveDate};
use tisheng_rules::samples::{third_scheme_files, with_counties};
use tisheng_rules::{Difference, Scheme, builtin, diff, explain};
use toml::de::{DeTable, DeValue};

type Files = Vec<(String, String)>;

/// What the third scheme does not say, so that every key of the language stands in one scheme.
const FURTHER: [(&str, &str); 4] = [
    (
        "framework.toml",
        "[[framework.work]]\nkey = \"recording\"\ntitle = { value = \"综合课\", source = \"第六条\" }\n",
    ),
    (
        "evidence.toml",
        "[[evidence.piece]]\nof = \"recording\"\nname = \"课堂\"\nkinds = [\"video\"]\nmax_minutes = 45\n\
         max_megabytes = { value = 900, default = true }\nguide = \"横屏拍摄\"\n\
         pass = { value = [\"完整\"], default = true }\nexcellent = { value = [\"生动\"], default = true }\n",
    ),
    (
        "assessment.toml",
        "[[certification.gate]]\nkey = \"recording\"\nkind = \"work\"\nof = \"recording\"\ntitle = \"综合课\"\n\
         [[certification.score]]\nkey = \"workshop\"\ntitle = \"工作坊\"\nweight = 10\nmeasure = \"kind\"\n\
         in = \"practice\"\nof = \"workshop\"\n\
         [[certification.score]]\nkey = \"spaces\"\ntitle = \"空间\"\nweight = 10\nmeasure = \"reported\"\n\
         of = \"learning_space\"\n",
    ),
    (
        "plan.toml",
        "[[target]]\nkey = \"towns\"\nmeasure = \"counties_started\"\nsource = \"第三条\"\ntitle = \"启动的学区\"\n\
         reading = \"in_all\"\n[[target.step]]\ntitle = \"第一学年\"\nby = 2024-08-31\npercent = 40\n\
         [[counter]]\nkey = \"models\"\nsource = \"第三条\"\nplan = \"样板计划\"\ntitle = \"样板校\"\n\
         goal = { value = 5, source = \"第三条\", quote = \"5-7所\" }\nmost = 7\nby = 2025-08-31\n\
         [[programme]]\nkey = \"leaders\"\nsource = \"第七条\"\ntitle = \"领航\"\naudience = \"校长\"\n\
         hours = \"20学时\"\nwhen = \"2024年\"\nclasses = 3\nclass_size = 40\naim = \"提升领导力\"\n\
         [[document]]\nkey = \"ict_plan\"\nsource = \"第十条\"\ntitle = \"学校规划\"\nowed_by = \"学校\"\n\
         filed_with = \"学区\"\ndue = { value = \"开学前\", default = true }\ntemplate = \"ict_plan\"\n\
         [[template]]\nkey = \"ict_plan\"\ndefault = true\ntitle = \"规划\"\nheadings = [\"现状\", \"目标\"]\n\
         [[template]]\nkey = \"other_plan\"\ndefault = true\ntitle = \"计划\"\nheadings = [\"步骤\"]\n\
         [[register]]\nkey = \"contacts\"\nsource = \"附表三\"\ntitle = \"联系人表\"\nowed_by = \"学区\"\n\
         persons = [\"负责人\", \"联系人\"]\ncolumns = [\"姓名\", \"职务\"]\nclosing = \"盖章\"\ncopies = 2\n\
         due = 2023-09-30\n\
         [[responsibility]]\nsource = \"第四条\"\nbody = \"学区\"\nduties = [\"指导\", \"抽检\"]\n\
         [[indicator]]\ngroup = \"组织\"\nsource = \"附表四\"\ntitle = \"团队\"\npoints = 100\n\
         [[indicator]]\ngroup = \"加分\"\nsource = \"附表四\"\ntitle = \"推广\"\npoints = 5\nbonus = true\n\
         [[provision]]\nsource = \"第十五条\"\ntitle = \"激励\"\ntext = \"优先评优。\"\n",
    ),
];

/// Places in the third scheme where a key is added.
const ADDED: [(&str, &str); 8] = [
    (
        "ceiling = 30",
        "ceiling = 30\n[[hours.category.kind]]\nkey = \"workshop\"\nsource = \"第五条\"\ntitle = \"网上工作坊\"",
    ),
    ("reading = \"in_all\"", "reading = \"in_all\"\nambiguity = \"没有说明是否累计\""),
    ("tasks = [\"学校先行\"]", "tasks = [\"学校先行\"]\nprinted = \"2023年9月起\""),
    (
        "title = \"学区\"",
        "title = \"学区\"\noffice = \"学区办\"\noptional = { value = true, default = true }",
    ),
    (
        "issuer = \"湖畔市教育局（虚构）\"\nterritory",
        "issuer = \"湖畔市教育局\"\ndocument_number = \"湖教〔2023〕1号\"\nterritory",
    ),
    ("by_year = true", "by_year = true\ncounts_as = \"必修学分\""),
    ("weight = 30", "weight = 10"),
    (
        "[[phase]]\nsource = \"第三条\"\ntitle = \"第二学年\"",
        "[[phase]]\nsource = \"第三条\"\nquote = \"两个学年\"\ntitle = \"第二学年\"",
    ),
];

/// The third scheme with every key of the language.
fn full() -> Files {
    let files = third_scheme_files().iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let mut files: Files = with_counties(files.collect());
    for (from, to) in ADDED {
        assert!(files.iter().any(|(_, text)| text.contains(from)), "{from}");
        files.iter_mut().for_each(|(_, text)| *text = text.replacen(from, to, 1));
    }
    for (name, further) in FURTHER {
        let (_, text) = files.iter_mut().find(|(known, _)| known == name).expect("a file of the sample");
        text.push('\n');
        text.push_str(further);
    }
    files
}

fn read(files: &Files) -> Option<Scheme> {
    Scheme::from_files(files).ok()
}

/// A value in the files, or what says where it comes from.
#[derive(Debug)]
struct Leaf {
    file: usize,
    /// The keys that lead to it, e.g. `assessment.step.days`.
    path: String,
    /// Code or title of the entry that it stands in.
    of: String,
    key: String,
    key_start: usize,
    span: Range<usize>,
    /// The elements of a list.
    elements: Vec<Range<usize>>,
    /// Whether it stands in `{ value = … }`.
    is_wrapped: bool,
}

impl Leaf {
    fn is_source(&self) -> bool {
        matches!(self.key.as_str(), "source" | "quote" | "default")
    }

    fn raw<'f>(&self, files: &'f Files) -> &'f str {
        &files[self.file].1[self.span.clone()]
    }

    fn replaced(&self, files: &Files, span: Range<usize>, by: &str) -> Files {
        let mut changed = files.clone();
        changed[self.file].1.replace_range(span, by);
        changed
    }
}

fn leaves(files: &Files) -> Vec<Leaf> {
    let mut found = Vec::new();
    for (file, (_, text)) in files.iter().enumerate() {
        let table = DeTable::parse(text).expect("TOML");
        walk(table.get_ref(), (file, "", ""), &mut found);
    }
    found
}

fn walk(table: &DeTable<'_>, (file, path, of): (usize, &str, &str), found: &mut Vec<Leaf>) {
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let leaf = |span: Range<usize>, value: &DeValue<'_>, is_wrapped: bool| Leaf {
            file,
            path: path.clone(),
            of: of.to_owned(),
            key: name.to_owned(),
            key_start: key.span().start,
            span,
            elements: value
                .as_array()
                .map(|all| all.iter().map(|one| one.span()).collect())
                .unwrap_or_default(),
            is_wrapped,
        };
        match value.get_ref() {
            DeValue::Table(inner) if inner.contains_key("value") => {
                for (key, value) in inner {
                    if key.get_ref() == "value" {
                        found.push(leaf(value.span(), value.get_ref(), true));
                    } else {
                        let name = key.get_ref().to_string();
                        let own = Leaf {
                            key: name,
                            key_start: key.span().start,
                            ..leaf(value.span(), value.get_ref(), true)
                        };
                        found.push(own);
                    }
                }
            }
            DeValue::Table(inner) => walk(inner, (file, &path, of), found),
            DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                for item in items.iter() {
                    let Some(entry) = item.get_ref().as_table() else { continue };
                    let names = ["key", "code", "of", "title"];
                    let of = names.iter().find_map(|name| entry.get(*name)?.get_ref().as_str());
                    walk(entry, (file, &path, of.unwrap_or_default()), found);
                }
            }
            other => found.push(leaf(value.span(), other, false)),
        }
    }
}

/// The words that stand under each key in any scheme: what a word may be changed into.
fn vocabulary(all: &[Files]) -> BTreeMap<String, BTreeSet<String>> {
    let mut words: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for files in all {
        for leaf in leaves(files) {
            let spans =
                if leaf.elements.is_empty() { vec![leaf.span.clone()] } else { leaf.elements.clone() };
            let raws = spans.into_iter().map(|span| files[leaf.file].1[span].to_owned());
            let is_word =
                |raw: &String| raw.trim_matches('"').chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            words.entry(leaf.key.clone()).or_default().extend(raws.filter(is_word));
        }
    }
    // A kind stands in a category, which is named by its key elsewhere.
    let keys = words.get("key").cloned().unwrap_or_default();
    words.entry("in".to_owned()).or_default().extend(keys);
    words
}

/// The files with the value changed, in every way that might still be a scheme.
fn changes(files: &Files, leaf: &Leaf, words: &BTreeMap<String, BTreeSet<String>>) -> Vec<Files> {
    let raw = leaf.raw(files);
    let put = |by: String| leaf.replaced(files, leaf.span.clone(), &by);
    let others = || words.get(&leaf.key).into_iter().flatten().filter(|word| *word != raw).cloned();
    if raw.starts_with('[') {
        let own: Vec<&str> = leaf.elements.iter().map(|span| &files[leaf.file].1[span.clone()]).collect();
        let list = |elements: &[&str]| put(format!("[{}]", elements.join(", ")));
        let mut changed =
            vec![list(&[own.as_slice(), &["\"甲\""]].concat()), list(&own[..own.len().saturating_sub(1)])];
        let further = others().filter(|word| !own.contains(&word.as_str()));
        changed.extend(further.map(|word| list(&[own.as_slice(), &[word.as_str()]].concat())));
        return changed;
    }
    if let Some(text) = raw.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        let mut changed = vec![put(format!("\"{text}改\"")), put(format!("\"改{text}\""))];
        changed.extend(others().map(put));
        // A code is changed wherever it is used.
        let everywhere =
            files.iter().map(|(name, all)| (name.clone(), all.replace(raw, &format!("\"{text}x\""))));
        changed.push(everywhere.collect());
        changed.extend(
            others().map(|word| {
                files.iter().map(|(name, all)| (name.clone(), all.replace(raw, &word))).collect()
            }),
        );
        return changed;
    }
    if let Ok(number) = raw.parse::<i64>() {
        return [number + 1, number - 1, number * 2, number / 2].iter().map(|n| put(n.to_string())).collect();
    }
    if let Ok(day) = raw.parse::<NaiveDate>() {
        return vec![put((day + Days::new(1)).to_string()), put((day - Days::new(1)).to_string())];
    }
    vec![put((raw != "true").to_string())]
}

/// What the rules let nobody change alone, since it must add up: texts that are changed together,
/// and tell two differences.
const TOGETHER: [(&str, [(&str, &str); 2]); 2] = [
    ("certification.score.weight", [("weight = 70", "weight = 60"), ("weight = 10", "weight = 20")]),
    (
        "indicator.bonus",
        [("points = 100", "points = 95"), ("points = 5\nbonus = true", "points = 5\nbonus = false")],
    ),
];

/// Why a change of the value is not told, for the few of which that is so.
fn untold(leaf: &Leaf) -> Option<&'static str> {
    match (leaf.path.as_str(), leaf.of.as_str()) {
        ("scheme.code" | "scheme.version", _) => Some("names the rules; stands above them"),
        ("assessment.step.reviewers" | "assessment.step.drawn_from" | "assessment.step.blind", "notice") => {
            Some("nobody judges during a notice")
        }
        ("assessment.step.drawn_from" | "assessment.step.blind", "self") => {
            Some("whoever judges the own work is the author and knows the author")
        }
        _ => None,
    }
}

/// Why a value's own source is not told: the word says what its entry is, and stands under the
/// source of the entry.
fn is_word_of_its_entry(leaf: &Leaf) -> bool {
    matches!(
        leaf.path.as_str(),
        "tier.key"
            | "hours.category.role"
            | "hours.category.kind.item"
            | "handover.column.holds"
            | "assessment.step.kind"
            | "assessment.sampling.by"
            | "certification.gate.kind"
            | "certification.score.measure"
            | "target.measure"
            | "target.step.by"
            | "indicator.bonus"
    )
}

fn built_in() -> Vec<Files> {
    let owned = |files: builtin::Files| -> Files {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    builtin::all().into_iter().map(|(_, files)| owned(files)).collect()
}

#[test]
fn every_changed_value_is_told() {
    let files = full();
    let before = Scheme::from_files(&files).expect("right");
    let words = vocabulary(&[built_in(), vec![files.clone()]].concat());
    let mut changed: BTreeMap<String, usize> = BTreeMap::new();
    let mut silent = Vec::new();
    for leaf in leaves(&files).iter().filter(|leaf| !leaf.is_source()) {
        let ways = changed.entry(leaf.path.clone()).or_default();
        let told = changes(&files, leaf, &words);
        for after in told.iter().filter(|changed| **changed != files).filter_map(read).take(2) {
            *ways += 1;
            if diff(&before, &after).is_empty() && untold(leaf).is_none() {
                silent.push(format!("{}（{}）", leaf.path, leaf.of));
            }
        }
    }
    silent.dedup();
    assert!(silent.is_empty(), "a change that is not told: {silent:#?}");
    let never: Vec<&str> =
        changed.iter().filter(|(_, ways)| **ways == 0).map(|(path, _)| path.as_str()).collect();
    let together: Vec<&str> = TOGETHER.iter().map(|(path, _)| *path).collect();
    assert_eq!(never, together, "nothing else could be written for these alone");
    for (path, changes) in TOGETHER {
        let mut after = files.clone();
        for (from, to) in changes {
            assert!(after.iter().any(|(_, text)| text.contains(from)), "{from}");
            after.iter_mut().for_each(|(_, text)| *text = text.replacen(from, to, 1));
        }
        let after = Scheme::from_files(&after).expect(path);
        assert_eq!(diff(&before, &after).len(), 2, "{path}");
    }
}

#[test]
fn every_value_is_told_with_its_own_source() {
    let files = full();
    let before = Scheme::from_files(&files).expect("right");
    let mut silent = Vec::new();
    let mut told = 0;
    for leaf in leaves(&files) {
        let elsewhere = match leaf.key.as_str() {
            "source" | "default" => {
                leaf.replaced(&files, leaf.key_start..leaf.span.end, "source = \"另一处\"")
            }
            "quote" => leaf.replaced(&files, leaf.span.clone(), "\"另一处\""),
            _ if leaf.is_wrapped => continue,
            _ => {
                let wrapped = format!("{{ value = {}, source = \"另一处\" }}", leaf.raw(&files));
                leaf.replaced(&files, leaf.span.clone(), &wrapped)
            }
        };
        // A name or code is no policy and takes no source.
        let Some(after) = read(&elsewhere) else { continue };
        told += 1;
        let is_told = |found: &Difference| match found {
            Difference::Changed { to, .. } => to.source.contains("另一处"),
            Difference::Added(_) | Difference::Removed(_) => false,
        };
        let excused = untold(&leaf).is_some() || is_word_of_its_entry(&leaf);
        if !excused && !diff(&before, &after).iter().any(is_told) {
            silent.push(format!("{}（{}）的{}", leaf.path, leaf.of, leaf.key));
        }
    }
    assert!(silent.is_empty(), "a source that is not told: {silent:#?}");
    assert!(told > 200, "{told} sources were changed");
}

#[test]
fn the_full_sample_has_every_key_that_a_scheme_uses() {
    let paths = |files: &Files| -> BTreeSet<String> {
        leaves(files).into_iter().filter(|leaf| !leaf.is_source()).map(|leaf| leaf.path).collect()
    };
    let known = paths(&full());
    for files in built_in() {
        let missing: Vec<String> = paths(&files).difference(&known).cloned().collect();
        assert!(missing.is_empty(), "add to the sample: {missing:?}");
    }
}

#[test]
fn a_capability_that_moves_to_another_environment_is_told() {
    let files = builtin::files("sichuan-2020").expect("a scheme of the program");
    let before = Scheme::from_files(files).expect("right");
    let moved: Files = files
        .iter()
        .map(|(name, text)| {
            let (head, rest) = text.split_once("code = \"A6\"").unwrap_or((text, ""));
            let rest = rest.replacen("environment = \"multimedia\"", "environment = \"blended\"", 1);
            let a6 = if rest.is_empty() { "" } else { "code = \"A6\"" };
            ((*name).to_owned(), format!("{head}{a6}{rest}"))
        })
        .collect();
    let found = diff(&before, &read(&moved).expect("right"));
    assert_eq!(found.len(), 1, "{found:#?}");
    let told = found[0].to_string();
    assert!(told.contains("所属环境为多媒体教学环境") && told.contains("所属环境为混合学习环境"), "{told}");
    assert!(told.contains("〔附件2〕"), "{told}");
}

#[test]
fn criteria_of_our_own_stand_under_no_official_source() {
    for (code, files) in builtin::all() {
        let scheme = Scheme::from_files(files).expect(code);
        let clauses = scheme.clauses();
        let clause = |key: &str| clauses.iter().find(|clause| clause.key == key).expect("a clause");
        assert!(clause("piece.A6-2").source.starts_with("〔国家测评指南 A6"), "{code}");
        for key in ["piece.A6-2.pass", "piece.A6-2.excellent", "piece.A6-2.guide"] {
            assert_eq!(clause(key).source, "〔系统默认〕", "{code} {key}");
        }
        let marked = clauses.iter().filter(|clause| clause.source.contains("系统默认")).count();
        assert_eq!(marked, clauses.iter().filter(|clause| clause.is_default).count(), "{code}");
        assert!(explain(&scheme).contains(&format!("{marked} 条标有“系统默认”")), "{code}");
    }
}

#[test]
fn a_range_that_ends_before_it_begins_is_refused() {
    let range = |most: &str| -> Files {
        full().into_iter().map(|(name, text)| (name, text.replace("most = 7", most))).collect()
    };
    let problems = Scheme::from_files(&range("most = 4")).expect_err("5 to 4");
    assert!(problems.iter().any(|problem| problem.wrong.contains("至多 4 低于目标 5")), "{problems:#?}");
    let wanted = |most: &str| read(&range(most)).map(|scheme| scheme.counters[0].wanted());
    assert_eq!(wanted("most = 7").as_deref(), Some("5 至 7"));
    assert_eq!(wanted("").as_deref(), Some("5"));
}
