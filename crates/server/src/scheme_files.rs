//! The files of a scheme: of one that comes with the program, or of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use tisheng_rules::{Problem, Scheme, builtin};

/// The table of regions that a folder may bring for its territory.
const REGIONS: &str = "regions.csv";

type Told<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A scheme as files, with the table of regions that its territory is founded from.
pub struct SchemeFiles {
    /// Names and texts of its files, in the order of their names.
    pub files: Vec<(String, String)>,
    /// `code,name,parent,level`, parents before children.
    pub regions: String,
}

impl SchemeFiles {
    /// The scheme of a code that comes with the program.
    pub fn built_in(code: &str) -> Option<Self> {
        let files = builtin::files(code)?.iter();
        Some(Self {
            files: files.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
            regions: builtin::regions_table().to_owned(),
        })
    }

    /// The scheme of that code, or in the folder of that path.
    pub fn find(scheme: &str) -> Told<Self> {
        match Self::built_in(scheme) {
            Some(found) => Ok(found),
            None => Self::of_folder(Path::new(scheme)),
        }
    }

    fn of_folder(folder: &Path) -> Told<Self> {
        let shown = folder.display();
        if folder.is_file() {
            return Err(format!("{shown} 是一个文件，请给出方案所在的目录").into());
        }
        if !folder.is_dir() {
            let known: Vec<&str> = builtin::all().into_iter().map(|(code, _)| code).collect();
            let known = known.join("、");
            return Err(
                format!("没有方案“{shown}”：请给出方案目录的路径，或自带方案的代码（{known}）").into()
            );
        }
        let entries = fs::read_dir(folder).map_err(|e| format!("无法读取目录 {shown}：{e}"))?;
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
        paths.sort();
        if paths.is_empty() {
            return Err(format!("目录 {shown} 中没有 .toml 文件，请给出方案所在的目录").into());
        }
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, text(&path)?));
        }
        let regions = folder.join(REGIONS);
        let regions = if regions.is_file() { text(&regions)? } else { builtin::regions_table().to_owned() };
        Ok(Self { files, regions })
    }

    /// The rules that the files state.
    pub fn rules(&self) -> Told<Scheme> {
        Ok(Scheme::from_files(&self.files).map_err(|problems| in_lines(&problems))?)
    }
}

/// Every problem on a line of its own.
fn in_lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// What is missing where no table has the region of a territory.
pub fn no_region(region: &str) -> String {
    format!("区划代码表中没有 {region}：请在方案目录中放 {REGIONS}（表头 code,name,parent,level，上级在前）")
}

fn text(path: &Path) -> Told<String> {
    let bytes = fs::read(path).map_err(|e| format!("无法读取 {}：{e}", path.display()))?;
    let text = String::from_utf8(bytes);
    Ok(text.map_err(|_| format!("{} 不是 UTF-8 编码的文本，请另存为 UTF-8 后再试", path.display()))?)
}
