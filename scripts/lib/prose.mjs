// Prose in Markdown that a script writes: paragraphs and list items in lines of at most a hundred
// characters. Tables, headings, comments and images stay as they are.

const WIDTH = 100;

/** Whether Markdown would take a line that begins with this word for something else than prose. */
const beginsABlock = (word) => /^([-+*]|#+|\d+[.)])$/.test(word);

function wrapped(text) {
  const indent = text.startsWith('- ') ? '  ' : '';
  const lines = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && (last.length + 1 + word.length <= WIDTH || beginsABlock(word))) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(last === undefined ? word : indent + word);
    }
  }
  return lines.join('\n');
}

/** `markdown` with its prose wrapped anew. */
export function wrapProse(markdown) {
  const out = [];
  let open = false;
  for (const line of markdown.split('\n')) {
    const prose = line.trim() !== '' && !/^([|#]|<!--|!\[)/.test(line);
    if (prose && open && !line.startsWith('- ')) out.push(`${out.pop()} ${line.trim()}`);
    else out.push(line);
    open = prose;
  }
  return out.map((line) => (/^([|#]|<!--|!\[)/.test(line) ? line : wrapped(line))).join('\n');
}
