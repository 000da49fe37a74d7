//! The two readings of a Markdown file that this tool needs: its fenced blocks, and its prose without them.

/// A fenced block of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// What follows the opening fence, trimmed: `sh run`.
    pub(crate) info: String,
    /// The line of the opening fence, counted from 1.
    pub(crate) line: usize,
    /// The lines between the fences, each ended, without the fence's indentation.
    pub(crate) body: String,
    /// Only blank lines lie between the block before and this one.
    pub(crate) follows_directly: bool,
}

/// The fenced blocks in order. A block that is never closed ends with the file, as CommonMark says (section 4.5).
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open: Option<(Fence, Block)> = None;
    let mut follows_directly = false;
    for (index, line) in text.lines().enumerate() {
        if let Some((fence, mut block)) = open.take() {
            if fence.is_closed_by(line) {
                found.push(block);
                follows_directly = true;
            } else {
                block.body.push_str(unindented(line, fence.indent));
                block.body.push('\n');
                open = Some((fence, block));
            }
        } else if let Some((fence, info)) = Fence::opened_by(line) {
            open = Some((fence, Block { info, line: index + 1, body: String::new(), follows_directly }));
        } else if !line.trim().is_empty() {
            follows_directly = false;
        }
    }
    found.extend(open.map(|(_, block)| block));
    found
}

/// The lines outside fenced blocks, counted from 1, with `code spans` blanked: a link inside one is not a link.
pub(crate) fn prose(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<Fence> = None;
    for (index, line) in text.lines().enumerate() {
        if let Some(fence) = open.take() {
            if !fence.is_closed_by(line) {
                open = Some(fence);
            }
        } else if let Some((fence, _)) = Fence::opened_by(line) {
            open = Some(fence);
        } else {
            lines.push((index + 1, without_code_spans(line)));
        }
    }
    lines
}

/// Removes code spans of one line, with their backticks. An opening run of backticks needs an equal closing run.
pub(crate) fn without_code_spans(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some((before, from)) = rest.find('`').and_then(|at| rest.split_at_checked(at)) {
        kept.push_str(before);
        let ticks_count = from.chars().take_while(|&letter| letter == '`').count();
        let (ticks, after) = from.split_at(ticks_count);
        if let Some(end) = closing_run(after, ticks_count) {
            rest = after.get(end..).unwrap_or_default();
        } else {
            kept.push_str(ticks);
            rest = after;
        }
    }
    kept + rest
}

/// Where the text after a closing run of exactly `ticks_count` backticks starts.
fn closing_run(text: &str, ticks_count: usize) -> Option<usize> {
    let mut run = 0;
    for (at, letter) in text.char_indices() {
        if letter == '`' {
            run += 1;
        } else if run == ticks_count {
            return Some(at);
        } else {
            run = 0;
        }
    }
    (run == ticks_count).then_some(text.len())
}

struct Fence {
    letter: char,
    length: usize,
    indent: usize,
}

impl Fence {
    fn opened_by(line: &str) -> Option<(Self, String)> {
        let text = line.trim_start();
        let letter = text.chars().next().filter(|letter| matches!(letter, '`' | '~'))?;
        let info = text.trim_start_matches(letter);
        let length = text.len() - info.len();
        let is_fence = length >= 3 && !(letter == '`' && info.contains('`'));
        let fence = Self { letter, length, indent: line.len() - text.len() };
        is_fence.then(|| (fence, info.trim().to_owned()))
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let text = line.trim();
        text.len() >= self.length && text.chars().all(|letter| letter == self.letter)
    }
}

fn unindented(line: &str, indent: usize) -> &str {
    let blank = line.len() - line.trim_start_matches(' ').len();
    line.get(blank.min(indent)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_knows_its_words_line_and_body() {
        let found = blocks("text\n\n```sh run\necho a\n```\n");
        let body = "echo a\n".to_owned();
        assert_eq!(found, [Block { info: "sh run".to_owned(), line: 3, body, follows_directly: false }]);
    }

    #[test]
    fn only_blank_lines_may_lie_between_neighbours() {
        let found = blocks("```a\n```\n\n```b\n```\nwords\n```c\n```\n");
        assert_eq!(
            found.iter().map(|block| block.follows_directly).collect::<Vec<_>>(),
            [false, true, false]
        );
    }

    #[test]
    fn a_longer_fence_holds_a_shorter_one_and_indentation_is_the_fences() {
        let found = blocks("  ````md\n  ```\n    deeper\n  ```\n  ````\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].body, "```\n  deeper\n```\n");
    }

    #[test]
    fn prose_leaves_out_blocks_and_code_spans() {
        let lines = prose("see `[a](b)` and [c](d)\n~~~\n[e](f)\n~~~\nend");
        assert_eq!(lines, [(1, "see  and [c](d)".to_owned()), (5, "end".to_owned())]);
    }

    #[test]
    fn a_code_span_ends_at_a_run_of_equal_length() {
        assert_eq!(without_code_spans("a ``x ` y`` b ` c"), "a  b ` c");
        assert_eq!(without_code_spans("é `é` é"), "é  é");
    }
}
