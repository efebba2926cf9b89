//! `cargo xtask doc-links`: every `docs/….md#anchor` that the code names exists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::tools::{read, root, rust_files};

/// Follows all links.
///
/// # Errors
/// One of them leads nowhere.
pub fn run() -> Result<()> {
    let root = root();
    let mut pages = BTreeMap::new();
    let mut dead = Vec::new();
    let mut count = 0;
    for source in rust_files(&root)? {
        let text = read(&source)?;
        for (index, line) in text.lines().enumerate() {
            for link in links(line) {
                count += 1;
                if let Some(why) = check(&root, link, &mut pages)? {
                    let file = source.strip_prefix(&root).unwrap_or(&source);
                    dead.push(format!("{}:{}: {link}: {why}", file.display(), index + 1));
                }
            }
        }
    }
    if !dead.is_empty() {
        bail!("dead links\n{}", dead.join("\n"));
    }
    eprintln!("{count} links lead somewhere");
    Ok(())
}

/// The links into `docs/` that the comments of a line hold.
fn links(line: &str) -> Vec<&str> {
    let Some(comment) = line.find("//").and_then(|start| line.get(start..)) else {
        return Vec::new();
    };
    comment
        .match_indices("docs/")
        .filter_map(|(start, _)| {
            let link = comment.get(start..)?;
            let is_part = |c: char| c.is_alphanumeric() || "/_-.#".contains(c);
            let end = link.find(|c| !is_part(c)).unwrap_or(link.len());
            let link = link.get(..end)?.trim_end_matches('.');
            (link.ends_with(".md") || link.contains(".md#")).then_some(link)
        })
        .collect()
}

/// The anchors of the pages that were read.
type Pages = BTreeMap<PathBuf, Option<BTreeSet<String>>>;

/// Why a link leads nowhere.
fn check(root: &Path, link: &str, pages: &mut Pages) -> Result<Option<String>> {
    let (page, anchor) = match link.split_once('#') {
        Some((page, anchor)) => (page, Some(anchor)),
        None => (link, None),
    };
    let path = root.join(page);
    if !pages.contains_key(&path) {
        let anchors = path.exists().then(|| read(&path)).transpose()?;
        pages.insert(path.clone(), anchors.map(|text| self::anchors(&text)));
    }
    let anchors = pages.get(&path).and_then(Option::as_ref);
    Ok(match (anchors, anchor) {
        (None, _) => Some("there is no such page".to_owned()),
        (Some(anchors), Some(anchor)) if !anchors.contains(anchor) => {
            Some("the page has no such heading".to_owned())
        }
        _ => None,
    })
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        let title = line.trim_start_matches('#');
        if is_code || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let slug = slug(title.trim());
        let mut anchor = slug.clone();
        let mut number = 1;
        while !anchors.insert(anchor) {
            anchor = format!("{slug}-{number}");
            number += 1;
        }
    }
    anchors
}

fn slug(title: &str) -> String {
    title
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_comments() {
        let line =
            "x(); // see `docs/protocols/kare.md#74-icons-doc`. And (docs/protocols/dydu.md).";
        assert_eq!(
            links(line),
            [
                "docs/protocols/kare.md#74-icons-doc",
                "docs/protocols/dydu.md"
            ]
        );
        assert!(links("let path = \"docs/nowhere.md\";").is_empty());
        assert!(links("// docs/{dialect}.md").is_empty());
    }

    #[test]
    fn anchors_are_made_as_on_github() {
        let page = "# One: `two`\n```\n# no heading\n```\n## A [doc]\n## A [doc]\n#no\n";
        let expected = ["one-two", "a-doc", "a-doc-1"].map(str::to_owned);
        assert_eq!(anchors(page), BTreeSet::from(expected));
    }
}
