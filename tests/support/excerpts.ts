/** A line of a file: how far it is indented, and what stands there. */
interface Line {
  indent: number;
  text: string;
}

/** Stands in an excerpt for lines that are left out. */
const GAP = '# …';

/** Behind this line another object begins. */
const SEPARATOR = '---';

/**
 * Whether the excerpt is taken from the text: the same lines in the same order, indented alike, with comments and empty lines
 * set aside. `# …` leaves lines out, ` …` the end of a line; no excerpt reaches from one object into the next.
 */
export function isExcerpt(excerpt: string, text: string): boolean {
  const parts = splitAt(GAP, linesOf(excerpt)).filter((part) => part.length > 0);
  const objects = splitAt(SEPARATOR, linesOf(text));
  return objects.some((lines) => holds(lines, parts));
}

/** The text without comments and empty lines: what has to be the same in every language. */
export function withoutComments(text: string): string {
  return linesOf(text)
    .map((line) => ' '.repeat(line.indent) + line.text)
    .join('\n');
}

function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((raw) => {
    const line = raw.trim() === GAP ? raw : raw.replace(/(^|\s)(#|\/\/).*$/, '');
    const content = line.trim();
    return content === '' ? [] : [{ indent: line.indexOf(content), text: content }];
  });
}

function splitAt(mark: string, lines: readonly Line[]): Line[][] {
  const parts: Line[][] = [[]];
  for (const line of lines) {
    if (line.text === mark) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts;
}

/** The first part may begin anywhere; where it begins decides the indentation of all. */
function holds(lines: readonly Line[], parts: readonly Line[][]): boolean {
  const [first, ...rest] = parts;
  if (!first?.[0]) return false;
  const base = first[0].indent;
  for (let start = 0; start <= lines.length - first.length; start++) {
    const shift = (lines[start]?.indent ?? 0) - base;
    if (!standsAt(lines, first, start, shift)) continue;
    let next: number | undefined = start + first.length;
    for (const part of rest) next = next === undefined ? undefined : endOf(lines, part, next, shift);
    if (next !== undefined) return true;
  }
  return false;
}

/** Where the part, which begins at `from` or behind it, is over. */
function endOf(lines: readonly Line[], part: readonly Line[], from: number, shift: number): number | undefined {
  for (let start = from; start <= lines.length - part.length; start++) {
    if (standsAt(lines, part, start, shift)) return start + part.length;
  }
  return undefined;
}

function standsAt(lines: readonly Line[], part: readonly Line[], start: number, shift: number): boolean {
  return part.every(({ indent, text }, index) => {
    const line = lines[start + index];
    if (line?.indent !== indent + shift) return false;
    return text.endsWith(' …') ? line.text.startsWith(text.slice(0, -1)) : line.text === text;
  });
}
