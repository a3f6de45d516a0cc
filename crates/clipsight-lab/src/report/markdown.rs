//! Markdown that people read beside a diff: prose in lines of at most a hundred characters.

/// Longest line of prose, in characters.
const WIDTH: usize = 100;

/// `text` with its paragraphs and list items wrapped; tables, headings and images stay as they are.
pub(crate) fn wrapped(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(wrapped_line).collect();
    lines.join("\n")
}

fn wrapped_line(line: &str) -> String {
    if line.starts_with(['|', '#', '!']) {
        return line.to_owned();
    }
    let indent = if line.starts_with("- ") { "  " } else { "" };
    let mut lines: Vec<String> = Vec::new();
    let mut length = 0;
    for word in line.split(' ') {
        let more = word.chars().count();
        match lines.last_mut() {
            Some(line) if length + 1 + more <= WIDTH || begins_a_list(word) => {
                line.push(' ');
                line.push_str(word);
                length += 1 + more;
            }
            Some(_) => {
                lines.push(format!("{indent}{word}"));
                length = indent.len() + more;
            }
            None => {
                lines.push(word.to_owned());
                length = more;
            }
        }
    }
    lines.join("\n")
}

/// Whether Markdown would take a line that begins with this word for a list item or a heading.
fn begins_a_list(word: &str) -> bool {
    let number = word.strip_suffix(['.', ')']);
    matches!(word, "-" | "+" | "*") || word.starts_with('#') || number.is_some_and(all_digits)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_nothing_else() {
        let word = "fourteen chars";
        let prose = [word; 20].join(" ");
        let text = format!("# {prose}\n\n{prose}\n- {prose}\n\n| {prose} |\n![{prose}](a.svg)\n");
        let result = wrapped(&text);
        let long = |line: &&str| line.chars().count() > WIDTH;
        let left: Vec<&str> = result.lines().filter(long).collect();
        assert!(left.iter().all(|line| line.starts_with(['#', '|', '!'])), "{result}");
        assert_eq!(left.len(), 3);
        assert!(result.contains("\n- fourteen") && result.contains("\n  chars"), "{result}");
        // The same words in the same order, and once wrapped, always wrapped.
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&result), words(&text));
        assert_eq!(wrapped(&result), result);
    }

    #[test]
    fn no_line_becomes_a_list() {
        for start in ["-", "+", "*", "12.", "3)", "#"] {
            let text = format!("{} {start} after", "x".repeat(WIDTH - 1));
            assert_eq!(wrapped(&text), format!("{} {start}\nafter", "x".repeat(WIDTH - 1)));
        }
    }
}
