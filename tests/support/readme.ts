import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The documents' convention for fenced blocks: `sh` is run, a `json` or `text` right behind it is what it answers, and any
 * other `text` is a picture. What is answered by a shell that was opened has prompts; what stands behind them is typed.
 */
export interface Block {
  language: string;
  text: string;
  /** Of its first line, from 1. */
  line: number;
  /** The heading of the second level that it stands under. */
  section: string;
}

interface Table {
  header: string[];
  rows: string[][];
}

export interface Readme {
  blocks: Block[];
  headings: Array<{ level: number; text: string }>;
  tables: Table[];
  /** Targets as they are written. */
  links: string[];
}

export function readReadme(name: string): Readme {
  const lines = readFileSync(root + name, 'utf8').split('\n');
  const readme: Readme = { blocks: [], headings: [], tables: [], links: [] };
  let section = '';
  let block: Block | undefined;
  let table: Table | undefined;
  for (const [index, line] of lines.entries()) {
    if (block && line !== '```') block.text += `${line}\n`;
    else if (block) block = undefined;
    else if (line.startsWith('```')) {
      block = { language: line.slice(3), text: '', line: index + 2, section };
      readme.blocks.push(block);
    } else {
      const [, hashes, text] = /^(#+) (.+)$/.exec(line) ?? [];
      if (hashes && text) readme.headings.push({ level: hashes.length, text });
      if (hashes === '##' && text) section = text;
      readme.links.push(...[...line.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target ?? ''));
      table = line.startsWith('|') ? addRow(readme.tables, table, line) : undefined;
    }
  }
  assert.equal(block, undefined, `${name}: a block is not closed`);
  return readme;
}

function addRow(tables: Table[], table: Table | undefined, line: string): Table {
  const cells = line
    .slice(1, line.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
  if (!table) {
    const started = { header: cells, rows: [] };
    tables.push(started);
    return started;
  }
  if (!cells.every((cell) => /^:?-+:?$/.test(cell))) table.rows.push(cells);
  return table;
}

/** The text of a cell's or sentence's code spans. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');
}

/** What a heading's link target is called on the usual hosts. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

export interface Step {
  command: Block;
  expected: Block | undefined;
}

/** Every command with what it is to answer, in the order of the text. */
export function stepsOf({ blocks }: Readme): Step[] {
  return blocks.flatMap((command, index) => {
    if (command.language !== 'sh') return [];
    const next = blocks[index + 1];
    return [{ command, expected: next && next.language !== 'sh' ? next : undefined }];
  });
}

/** What a document shows in every language alike: blocks, the shape of headings and tables, code in tables, linked files. */
export function contentOf({ blocks, headings, tables, links }: Readme): unknown {
  return {
    blocks: blocks.map(({ language, text }) => `${language}\n${text}`),
    levels: headings.map(({ level }) => level),
    tables: tables.map(({ header, rows }) => [header.length, rows.map((row) => row.map(codeSpans))]),
    files: links.flatMap((link) => {
      const [path = ''] = link.split('#');
      // A document's other language is linked from it, and is not itself.
      return path === '' || /^(README|operations)(\.fr)?\.md$/.test(path) ? [] : path.replace('.fr.md', '.md');
    }),
  };
}

/** The links of a document, but those to the web, that lead to no file or to no heading. */
export function deadLinks(name: string): string[] {
  const { links } = readReadme(name);
  return links.filter((link) => {
    const [path = '', fragment] = link.split('#');
    const target = path === '' ? name : join(dirname(name), path);
    if (/^https?:/.test(link)) return false;
    if (!existsSync(root + target)) return true;
    return fragment !== undefined && !readReadme(target).headings.some(({ text }) => anchor(text) === fragment);
  });
}
