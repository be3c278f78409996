//! Reading tables of TOML so that every mistake is collected with its line, and every value
//! carries its source.
//!
//! A table states its source once (`source = "二.1"` or `default = true`) for all that stands
//! in it; a value that comes from elsewhere is written
//! `minimum = { value = 20, source = "二.1", quote = "…" }`. The keys that a reading function
//! asks for are the language: whatever else stands in the table is reported with the nearest
//! known key.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveDate;
use tisheng_kernel::{HourLength, Seconds};
use toml::de::{DeTable, DeValue};

use crate::problem::Problem;
use crate::source::{Basis, Place, Source, Sourced};

/// The keys that state a source, allowed in every table.
const SOURCE_KEYS: [&str; 3] = ["source", "quote", "default"];

/// One file of a scheme.
pub(crate) struct SchemeFile<'a> {
    name: &'a str,
    text: &'a str,
    /// Where each line begins: every value asks for its place.
    lines: Vec<usize>,
}

impl<'a> SchemeFile<'a> {
    pub(crate) fn new(name: &'a str, text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { name, text, lines: std::iter::once(0).chain(breaks).collect() }
    }

    /// The place of a byte of the text.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|begins| *begins <= offset);
        let begins = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(begins..offset).unwrap_or_default();
        Place { file: self.name.to_owned(), line, column: before.chars().count() + 1 }
    }
}

#[derive(Clone)]
struct Entry<'a> {
    file: &'a SchemeFile<'a>,
    key_span: Range<usize>,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

/// A table being read.
pub(crate) struct Section<'a> {
    path: String,
    entries: BTreeMap<&'a str, Entry<'a>>,
    at: Place,
    basis: Option<Basis>,
    asked: RefCell<BTreeSet<&'static str>>,
    problems: &'a RefCell<Vec<Problem>>,
    /// What is not there, by key: said at the end, unless a key that nobody knows is meant for it.
    lacking: RefCell<Vec<(&'static str, Problem)>>,
    /// A table that is not there was reported once; what it lacks is not reported again.
    muted: Cell<bool>,
}

impl<'a> Section<'a> {
    /// The whole scheme: the tables of all its files side by side.
    pub(crate) fn root(
        files: &'a [(SchemeFile<'a>, DeTable<'a>)],
        problems: &'a RefCell<Vec<Problem>>,
    ) -> Self {
        let mut entries: BTreeMap<&'a str, Entry<'a>> = BTreeMap::new();
        for (file, table) in files {
            for (key, entry) in entries_of(file, table) {
                if let Some(first) = entries.get(key) {
                    let wrong = format!("[{key}] 已写在 {} 中", first.file.name);
                    let place = file.place(entry.key_span.start);
                    problems.borrow_mut().push(Problem::at(&place, wrong, "同一部分只能写在一个文件里"));
                } else {
                    entries.insert(key, entry);
                }
            }
        }
        let first = files.first().map(|(file, _)| file.place(0)).unwrap_or_default();
        Self {
            path: String::new(),
            entries,
            at: first,
            basis: None,
            asked: RefCell::default(),
            problems,
            lacking: RefCell::default(),
            muted: Cell::new(false),
        }
    }

    fn sub(&self, name: &str, entry: &Entry<'a>, table: &'a DeTable<'a>) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        let section = Self {
            path,
            entries: entries_of(entry.file, table),
            at: entry.file.place(entry.key_span.start.min(entry.span.start)),
            basis: self.basis.clone(),
            asked: RefCell::default(),
            problems: self.problems,
            lacking: RefCell::default(),
            muted: Cell::new(self.muted.get()),
        };
        let own = section.stated_basis();
        Self { basis: own.or(section.basis), ..section }
    }

    /// An empty table in place of one that is missing.
    fn absent(&self, name: &str) -> Self {
        Self {
            path: name.to_owned(),
            entries: BTreeMap::new(),
            at: self.at.clone(),
            basis: Some(Basis::Default),
            asked: RefCell::default(),
            problems: self.problems,
            lacking: RefCell::default(),
            muted: Cell::new(true),
        }
    }

    /// Where the table begins.
    pub(crate) fn at(&self) -> &Place {
        &self.at
    }

    /// The source of the table as a whole.
    pub(crate) fn source(&self) -> Source {
        if self.basis.is_none() {
            self.report(&self.at, format!("[{}] 没有写明出处", self.path), SAY_SOURCE);
        }
        Source { basis: self.basis.clone().unwrap_or(Basis::Default), at: self.at.clone() }
    }

    /// Adds a mistake.
    pub(crate) fn report(&self, place: &Place, wrong: impl Into<String>, right: impl Into<String>) {
        if !self.muted.get() {
            self.problems.borrow_mut().push(Problem::at(place, wrong, right));
        }
    }

    /// Reads a table that must be there.
    pub(crate) fn section<T>(&self, key: &'static str, read: impl Fn(&Section<'_>) -> T) -> T {
        match self.optional_section(key, &read) {
            Some(value) => value,
            None => {
                let wrong = format!("缺少 [{}]", self.name_of(key));
                self.lacks(key, Problem::at(&self.at, wrong, "请补上这一部分"));
                read(&self.absent(key))
            }
        }
    }

    /// Reads a table that may be there.
    pub(crate) fn optional_section<T>(
        &self,
        key: &'static str,
        read: impl Fn(&Section<'_>) -> T,
    ) -> Option<T> {
        let entry = self.ask(key)?;
        let DeValue::Table(table) = entry.value else {
            self.report(
                &entry.file.place(entry.span.start),
                format!("{key} 应是一个表"),
                format!("写作 [{}]", self.name_of(key)),
            );
            return Some(read(&self.absent(key)));
        };
        let sub = self.sub(key, &entry, table);
        let value = read(&sub);
        sub.finish();
        Some(value)
    }

    /// Reads every `[[key]]`; none is an empty list.
    pub(crate) fn sections<T>(&self, key: &'static str, read: impl Fn(&Section<'_>) -> T) -> Vec<T> {
        let Some(entry) = self.ask(key) else { return Vec::new() };
        let DeValue::Array(items) = entry.value else {
            self.report(
                &entry.file.place(entry.span.start),
                format!("{key} 应是一组表"),
                format!("写作 [[{}]]", self.name_of(key)),
            );
            return Vec::new();
        };
        let mut values = Vec::new();
        for item in items.iter() {
            let DeValue::Table(table) = item.get_ref() else {
                let place = entry.file.place(item.span().start);
                self.report(
                    &place,
                    format!("{key} 的每一项应是一个表"),
                    format!("写作 [[{}]]", self.name_of(key)),
                );
                continue;
            };
            let one = Entry { span: item.span(), key_span: item.span(), ..entry.clone() };
            let sub = self.sub(key, &one, table);
            values.push(read(&sub));
            sub.finish();
        }
        values
    }

    /// A name or code: text that is not policy and needs no source.
    pub(crate) fn key(&self, key: &'static str) -> String {
        self.optional_key(key).unwrap_or_else(|| {
            self.missing(key);
            String::new()
        })
    }

    /// A name or code that may be absent.
    pub(crate) fn optional_key(&self, key: &'static str) -> Option<String> {
        let entry = self.ask(key)?;
        let text = entry.value.as_str();
        if text.is_none() {
            self.wrong_kind(key, &entry, "文字，如 \"…\"");
        }
        Some(text.unwrap_or_default().to_owned())
    }

    pub(crate) fn text(&self, key: &'static str) -> Sourced<String> {
        self.required(key, "文字，如 \"…\"", |value| value.as_str().map(ToOwned::to_owned))
    }

    pub(crate) fn optional_text(&self, key: &'static str) -> Option<Sourced<String>> {
        self.optional(key, "文字，如 \"…\"", |value| value.as_str().map(ToOwned::to_owned))
    }

    pub(crate) fn texts(&self, key: &'static str) -> Sourced<Vec<String>> {
        self.required(key, "一组文字，如 [\"…\", \"…\"]", texts_of)
    }

    pub(crate) fn count(&self, key: &'static str) -> Sourced<u32> {
        self.required(key, "不小于0的整数", whole_number)
    }

    pub(crate) fn optional_count(&self, key: &'static str) -> Option<Sourced<u32>> {
        self.optional(key, "不小于0的整数", whole_number)
    }

    pub(crate) fn flag(&self, key: &'static str) -> Sourced<bool> {
        self.required(key, "true（是）或 false（否）", DeValue::as_bool)
    }

    pub(crate) fn date(&self, key: &'static str) -> Sourced<NaiveDate> {
        self.required(key, "日期，如 2022-12-31", date_of)
    }

    pub(crate) fn optional_date(&self, key: &'static str) -> Option<Sourced<NaiveDate>> {
        self.optional(key, "日期，如 2022-12-31", date_of)
    }

    pub(crate) fn hours(&self, key: &'static str, length: HourLength) -> Sourced<Seconds> {
        self.required(key, HOURS_SHAPE, |value| hours_of(value, length))
    }

    pub(crate) fn optional_hours(&self, key: &'static str, length: HourLength) -> Option<Sourced<Seconds>> {
        self.optional(key, HOURS_SHAPE, |value| hours_of(value, length))
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy + Default>(&self, key: &'static str, words: &[(&str, T)]) -> Sourced<T> {
        let shape = self.shape_of(key, words);
        self.required(key, &shape, |value| word_of(value, words))
    }

    /// Several of a few words.
    pub(crate) fn words<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Sourced<Vec<T>> {
        let shape = format!("一组词，每个是{}", self.shape_of(key, words));
        self.required(key, &shape, |value| {
            value.as_array()?.iter().map(|one| word_of(one.get_ref(), words)).collect()
        })
    }

    /// A value of any shape that must be there.
    pub(crate) fn required<T: Default>(
        &self,
        key: &'static str,
        shape: &str,
        read: impl Fn(&'a DeValue<'a>) -> Option<T>,
    ) -> Sourced<T> {
        self.optional(key, shape, read).unwrap_or_else(|| {
            self.missing(key);
            Sourced::default()
        })
    }

    /// A value of any shape that may be there.
    pub(crate) fn optional<T: Default>(
        &self,
        key: &'static str,
        shape: &str,
        read: impl Fn(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<Sourced<T>> {
        let entry = self.ask(key)?;
        let at = entry.file.place(entry.key_span.start);
        let (value, basis, place) = match entry.value {
            DeValue::Table(table) if table.contains_key("value") => {
                let sub = self.sub(key, &entry, table);
                let inner = sub.ask("value")?;
                sub.finish();
                (inner.value, sub.basis.clone(), entry.file.place(inner.span.start))
            }
            other => (other, self.basis.clone(), entry.file.place(entry.span.start)),
        };
        if basis.is_none() {
            self.report(&at, format!("{key} 没有写明出处"), SAY_SOURCE);
        }
        let value = read(value).unwrap_or_else(|| {
            self.wrong_kind(key, &entry, shape);
            T::default()
        });
        Some(Sourced { value, source: Source { basis: basis.unwrap_or(Basis::Default), at: place } })
    }

    /// Whether the table has the key, without asking for its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Reports every key that nobody asked for, and what is not there.
    pub(crate) fn finish(&self) {
        let asked = self.asked.borrow();
        let mut lacking = self.lacking.take();
        for (key, entry) in &self.entries {
            if asked.contains(key) || SOURCE_KEYS.contains(key) {
                continue;
            }
            let place = entry.file.place(entry.key_span.start);
            let known: Vec<&str> = asked.iter().copied().chain(SOURCE_KEYS).collect();
            let within = if self.path.is_empty() { String::new() } else { format!("[{}] 中", self.path) };
            let meant = nearest(key, &known);
            // What is misspelt is there: it is said once, where it stands.
            lacking.retain(|(lacks, _)| meant != Some(*lacks));
            let right = match meant {
                Some(meant) => format!("是不是想写 {meant}"),
                None => format!("可用的键有：{}", known.join("、")),
            };
            self.report(&place, format!("{within}没有“{key}”这个键"), right);
        }
        if !self.muted.get() {
            self.problems.borrow_mut().extend(lacking.into_iter().map(|(_, problem)| problem));
        }
    }

    fn ask(&self, key: &'static str) -> Option<Entry<'a>> {
        self.asked.borrow_mut().insert(key);
        self.entries.get(key).cloned()
    }

    fn missing(&self, key: &'static str) {
        let wrong = format!("[{}] 缺少 {key}", self.path);
        self.lacks(key, Problem::at(&self.at, wrong, format!("请写上 {key} = …")));
    }

    fn lacks(&self, key: &'static str, problem: Problem) {
        self.lacking.borrow_mut().push((key, problem));
    }

    fn wrong_kind(&self, key: &str, entry: &Entry<'_>, shape: &str) {
        self.report(&entry.file.place(entry.span.start), format!("{key} 的值不对"), format!("应为{shape}"));
    }

    /// What is asked of a value that is one of `words`, or of several, with the one that was meant.
    fn shape_of<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> String {
        let value = self.entries.get(key).map(|entry| match entry.value {
            DeValue::Table(table) => table.get("value").map_or(entry.value, |value| value.get_ref()),
            other => other,
        });
        let written = match value {
            Some(DeValue::Array(items)) => items.iter().map(toml::Spanned::get_ref).collect(),
            other => Vec::from_iter(other),
        };
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let wrong = written.into_iter().find(|value| word_of(value, words).is_none());
        let meant = wrong.and_then(|value| nearest(value.as_str()?, &known));
        let hint = meant.map(|meant| format!("，是不是想写 \"{meant}\"")).unwrap_or_default();
        format!("{}{hint}", one_of(words))
    }

    fn name_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn stated_basis(&self) -> Option<Basis> {
        let place = self.entries.get("source").and_then(|entry| entry.value.as_str());
        let quote = self.entries.get("quote").and_then(|entry| entry.value.as_str());
        let default = self.entries.get("default");
        if let (Some(_), Some(default)) = (place, default) {
            let at = default.file.place(default.key_span.start);
            self.report(&at, "既写了 source 又写了 default", "有出处就删去 default，没有出处就删去 source");
        }
        match (place, default) {
            (Some(place), _) => {
                Some(Basis::Text { place: place.to_owned(), quote: quote.map(ToOwned::to_owned) })
            }
            (None, Some(entry)) if entry.value.as_bool() == Some(true) => Some(Basis::Default),
            (None, Some(entry)) => {
                self.report(&entry.file.place(entry.span.start), "default 的值不对", "应为 true");
                None
            }
            (None, None) => None,
        }
    }
}

const SAY_SOURCE: &str = "写 source = \"方案中的位置\"；方案没有规定的写 default = true";
const HOURS_SHAPE: &str = "学时数，如 20 或 12.5";

fn entries_of<'a>(file: &'a SchemeFile<'a>, table: &'a DeTable<'a>) -> BTreeMap<&'a str, Entry<'a>> {
    let entry = |key: &'a toml::Spanned<std::borrow::Cow<'a, str>>, value: &'a toml::Spanned<DeValue<'a>>| {
        (
            key.get_ref().as_ref(),
            Entry { file, key_span: key.span(), span: value.span(), value: value.get_ref() },
        )
    };
    table.iter().map(|(key, value)| entry(key, value)).collect()
}

fn texts_of(value: &DeValue<'_>) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|one| one.get_ref().as_str().map(ToOwned::to_owned)).collect()
}

fn whole_number(value: &DeValue<'_>) -> Option<u32> {
    let number = value.as_integer().filter(|number| number.radix() == 10)?;
    number.as_str().parse().ok()
}

fn date_of(value: &DeValue<'_>) -> Option<NaiveDate> {
    let stamp = value.as_datetime().filter(|stamp| stamp.time.is_none())?;
    let date = stamp.date?;
    NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
}

fn hours_of(value: &DeValue<'_>, length: HourLength) -> Option<Seconds> {
    let text = value.as_integer().map(|n| n.as_str()).or_else(|| value.as_float().map(|n| n.as_str()))?;
    Seconds::parse_hours(text, length).ok().filter(|seconds| *seconds >= Seconds::ZERO)
}

fn word_of<T: Copy>(value: &DeValue<'_>, words: &[(&str, T)]) -> Option<T> {
    let text = value.as_str()?;
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
}

fn one_of<T>(words: &[(&str, T)]) -> String {
    let quoted: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    format!("{}之一", quoted.join("、"))
}

/// The one of `known` that `written` was meant to be.
fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |candidate: &&'k str| (strsim::damerau_levenshtein(written, candidate), *candidate);
    let (distance, candidate) = known.iter().map(distance).min()?;
    (distance <= 1 + written.chars().count() / 3).then_some(candidate)
}
