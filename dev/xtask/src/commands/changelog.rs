//! `cargo xtask changelog`: folds the fragments of `changelog.d` into the unreleased part of `CHANGELOG.md`. Fragments exist
//! so that two changes never meet in one line of one file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

/// The folder of the fragments, from the root.
pub(crate) const FOLDER: &str = "changelog.d";

const CHANGELOG: &str = "CHANGELOG.md";
const UNRELEASED: &str = "## Unreleased";

/// Kinds of change, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// New for the user.
    Added,
    /// Works differently.
    Changed,
    /// Works at last.
    Fixed,
    /// Is gone.
    Removed,
    /// Closes a hole.
    Security,
}

/// Where the result goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print the result and change nothing
    #[arg(long)]
    check: bool,
}

/// Writes `CHANGELOG.md` and deletes the fragments, or prints what would be written.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode> {
    let fragments = read_fragments(&root.join(FOLDER))?;
    let path = root.join(CHANGELOG);
    let before = if path.exists() { fs::read_to_string(&path)? } else { "# Changelog\n".to_owned() };
    let after = fold(&before, &fragments);
    if arguments.check {
        print!("{after}");
        return Ok(ExitCode::SUCCESS);
    }
    fs::write(&path, after).with_context(|| format!("cannot write {}", path.display()))?;
    for fragment in &fragments {
        fs::remove_file(root.join(FOLDER).join(&fragment.name))?;
    }
    println!("changelog: {} fragments folded into {CHANGELOG}", fragments.len());
    Ok(ExitCode::SUCCESS)
}

impl Kind {
    const ALL: [Self; 5] = [Self::Added, Self::Changed, Self::Fixed, Self::Removed, Self::Security];

    /// The kind in a file name `<change>.<kind>.md`; `None` for any other name.
    pub(crate) fn of_fragment(name: &str) -> Option<Self> {
        let (change, word) = name.strip_suffix(".md")?.rsplit_once('.')?;
        let is_word = |kind: &Self| !change.is_empty() && kind.title().to_lowercase() == word;
        Self::ALL.into_iter().find(is_word)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Added => "Added",
            Self::Changed => "Changed",
            Self::Fixed => "Fixed",
            Self::Removed => "Removed",
            Self::Security => "Security",
        }
    }
}

#[derive(Debug)]
struct Fragment {
    name: String,
    kind: Kind,
    text: String,
}

fn read_fragments(folder: &Path) -> Result<Vec<Fragment>> {
    let mut fragments = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name == "README.md" || name.starts_with('.') {
            continue;
        }
        let Some(kind) = Kind::of_fragment(&name) else {
            bail!(
                "{FOLDER}/{name} is not called <change>.<added|changed|fixed|removed|security>.md; rename it"
            );
        };
        let text = fs::read_to_string(folder.join(&name))?;
        fragments.push(Fragment { name, kind, text });
    }
    fragments.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(fragments)
}

/// The changelog with the fragments added to its unreleased part, which is made if there is none.
fn fold(changelog: &str, fragments: &[Fragment]) -> String {
    if fragments.is_empty() {
        return changelog.to_owned();
    }
    let (before, unreleased, after) = split(changelog);
    let mut entries = entries_of(unreleased);
    for fragment in fragments {
        entries.entry(fragment.kind.title()).or_default().push_str(&bullet(&fragment.text));
    }
    let known = Kind::ALL.iter().filter_map(|kind| Some((kind.title(), entries.get(kind.title())?)));
    let sections: String = known.map(|(title, text)| format!("\n### {title}\n\n{text}")).collect();
    let tail = if after.is_empty() { String::new() } else { format!("\n{after}") };
    format!("{}\n\n{UNRELEASED}\n{sections}{tail}", before.trim_end())
}

/// The text before the unreleased part, its body, and the rest, which starts with the newest release's heading.
fn split(changelog: &str) -> (&str, &str, &str) {
    if let Some((before, rest)) = changelog.split_once(UNRELEASED) {
        let end = rest.find("\n## ").map_or(rest.len(), |at| at + 1);
        let (body, after) = rest.split_at(end);
        return (before, body, after);
    }
    let start = changelog.find("\n## ").map_or(changelog.len(), |at| at + 1);
    let (before, after) = changelog.split_at(start);
    (before, "", after)
}

/// The entries of each kind that the unreleased part has already, each text ended by a line break.
fn entries_of(unreleased: &str) -> BTreeMap<&str, String> {
    let sections = unreleased.split("\n### ").skip(1).filter_map(|section| section.split_once('\n'));
    sections.map(|(title, text)| (title.trim(), format!("{}\n", text.trim()))).collect()
}

fn bullet(text: &str) -> String {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default().trim_start_matches("- ");
    let rest: String =
        lines.map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect();
    format!("- {first}\n{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(name: &str, text: &str) -> Fragment {
        Fragment { name: name.to_owned(), kind: Kind::of_fragment(name).unwrap(), text: text.to_owned() }
    }

    #[test]
    fn a_name_says_its_kind() {
        assert_eq!(Kind::of_fragment("cache.fixed.md"), Some(Kind::Fixed));
        assert_eq!(Kind::of_fragment("a.b.security.md"), Some(Kind::Security));
        for name in ["fixed.md", ".fixed.md", "cache.Fixed.md", "cache.fixed.txt", "cache.better.md"] {
            assert_eq!(Kind::of_fragment(name), None, "{name}");
        }
    }

    #[test]
    fn the_first_fragments_make_the_unreleased_part() {
        let fragments = [fragment("a.added.md", "A thing\nof two lines.\n"), fragment("b.fixed.md", "B.")];
        let expected =
            "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing\n  of two lines.\n\n### Fixed\n\n- B.\n";
        assert_eq!(fold("# Changelog\n", &fragments), expected);
    }

    #[test]
    fn later_fragments_join_what_is_there_and_releases_stay() {
        let before =
            "# Changelog\n\n## Unreleased\n\n### Fixed\n\n- Old.\n\n## 1.0.0\n\n### Added\n\n- All.\n";
        let expected = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A.\n\n### Fixed\n\n- Old.\n- B.\n\n\
                        ## 1.0.0\n\n### Added\n\n- All.\n";
        let fragments = [fragment("a.added.md", "A."), fragment("b.fixed.md", "- B.")];
        assert_eq!(fold(before, &fragments), expected);
    }

    #[test]
    fn the_unreleased_part_comes_above_the_newest_release() {
        let after = fold("# Changelog\n\n## 1.0.0\n\n- All.\n", &[fragment("a.added.md", "A.")]);
        assert_eq!(after, "# Changelog\n\n## Unreleased\n\n### Added\n\n- A.\n\n## 1.0.0\n\n- All.\n");
    }

    #[test]
    fn without_fragments_nothing_changes() {
        assert_eq!(fold("# Changelog\n\ntext", &[]), "# Changelog\n\ntext");
    }

    #[test]
    fn a_check_changes_nothing_and_a_run_consumes_the_fragments() {
        let folder = tempfile::tempdir().unwrap();
        let fragment = folder.path().join("changelog.d/cache.added.md");
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        fs::write(&fragment, "A cache.\n").unwrap();
        run(folder.path(), &Arguments { check: true }).unwrap();
        assert!(fragment.exists() && !folder.path().join(CHANGELOG).exists());
        run(folder.path(), &Arguments { check: false }).unwrap();
        assert!(!fragment.exists());
        assert!(
            fs::read_to_string(folder.path().join(CHANGELOG)).unwrap().ends_with("### Added\n\n- A cache.\n")
        );
    }

    #[test]
    fn a_badly_named_fragment_stops_the_run() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        fs::write(folder.path().join("changelog.d/cache.md"), "A.").unwrap();
        let error = run(folder.path(), &Arguments { check: true }).unwrap_err().to_string();
        assert!(error.starts_with("changelog.d/cache.md is not called"), "{error}");
    }
}
