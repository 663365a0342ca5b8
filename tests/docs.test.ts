import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isExcerpt, withoutComments } from './support/excerpts.ts';
import { anchor, codeSpans, readReadme, root } from './support/readme.ts';
import type { Readme } from './support/readme.ts';

/** Where blocks of a language are taken from. */
const origins: Record<string, string> = { yaml: 'Manifests/*.yaml', dockerfile: 'Dockerfiles/*/Dockerfile' };

/** What kubectl calls the kinds that the commands name. */
const kindOf: Record<string, string> = {
  deployment: 'Deployment',
  statefulset: 'StatefulSet',
  service: 'Service',
  svc: 'Service',
  hpa: 'HorizontalPodAutoscaler',
};

const english = 'docs/concepts.md';
const french = 'docs/concepts.fr.md';
const documents = new Map([english, french].map((name) => [name, readReadme(name)]));
const manifests = readAll('Manifests/*.yaml');
const objects = [...manifests.values()].flatMap(objectsOf);

test('both languages have the same sections, commands, excerpts and tables', () => {
  const shapes = [...documents].map(([name, { headings, blocks, tables }]) => ({
    headings: headings.map(({ level }) => level),
    blocks: blocks.map(({ language, text }) => `${language}\n${withoutComments(text)}`),
    tables: tables.map(({ header, rows }) => [header.length, rows.map((row) => row.flatMap(codeSpans).toSorted())]),
    commands: sectionsOf(name).map(({ command }) => command),
  }));
  assert.deepEqual(shapes[1], shapes[0]);
});

for (const [name, { blocks, links, headings }] of documents) {
  test(`every section of ${name} ends with a command, but for the first and the last`, () => {
    const sections = sectionsOf(name).slice(1, -1);
    assert.ok(sections.length > 20, `only ${sections.length} sections were seen`);
    for (const { title, isParent, command } of sections) assert.ok(isParent || command !== undefined, title);
  });

  test(`every link of ${name} leads somewhere`, () => {
    assert.ok(links.length > 0);
    for (const link of links.filter((target) => !/^https?:/.test(target))) {
      const [path = '', fragment] = link.split('#');
      const target = path === '' ? name : join(dirname(name), path);
      assert.ok(existsSync(root + target), link);
      if (fragment === undefined) continue;
      const anchors = (path === '' ? headings : readReadme(target).headings).map(({ text }) => anchor(text));
      assert.ok(anchors.includes(fragment), link);
    }
  });

  test(`every excerpt of ${name} stands in our files`, () => {
    assert.ok(blocks.length >= 3, `only ${blocks.length} excerpts were seen`);
    for (const { language, text, line } of blocks) {
      const files = readAll(origins[language] ?? '');
      const found = [...files.values()].some((file) => isExcerpt(text, file));
      assert.ok(found, `${name}:${line}`);
    }
  });

  test(`what ${name} names of our files is there`, () => {
    const files = [...manifests.values(), readFileSync(`${root}Scripts/setup-cluster.sh`, 'utf8')];
    const lines = new Set(files.flatMap((file) => withoutComments(file).split('\n').map(withoutDash)));
    const fields = new Set([...lines].map((line) => /^[\w.-]+(?=:)/.exec(line)?.[0]));
    for (const span of codeSpans(prose(name))) {
      if (/^[\w./-]+: \S+$/.test(span)) assert.ok(lines.has(span), span);
      if (/^[a-z]+([A-Z][a-z]+)+$/.test(span)) assert.ok(fields.has(span), span);
      if (/^(Manifests|Scripts|Dockerfiles|Vagrantfile)\b[\w./-]*$/.test(span))
        assert.ok(existsSync(root + span), span);
    }
  });

  test(`the table of manifests in ${name} tells what each file holds`, () => {
    const told = new Map(manifestRows(documents.get(name)));
    assert.deepEqual([...told.keys()].toSorted(), [...manifests.keys()].toSorted());
    for (const [path, text] of manifests) {
      const kinds = objectsOf(text).map(({ kind }) => kind);
      assert.deepEqual(told.get(path), kinds.filter((kind) => kind !== 'ServiceAccount').toSorted(), path);
    }
  });
}

test('the objects that the commands name exist', () => {
  const commands = sectionsOf(english).flatMap(({ command }) => command ?? []);
  let named = 0;
  for (const command of commands) {
    for (const { kind, name } of namesIn(command)) {
      const found = objects.some((object) => object.name === name && (kind === undefined || object.kind === kind));
      assert.ok(found, `${kind ?? 'label'} ${name}: ${command}`);
      named++;
    }
  }
  assert.ok(named >= 8, `only ${named} names were seen`);
});

test('an excerpt that differs from the file is found', () => {
  const file = 'a:\n  b: 1 # one\n  # two\n  c: 2\n  d:\n    - e: x\n      f: y\n---\ng: 3\n';
  const same = ['b: 1 # un\nc: 2', 'a:\n  # …\n  d:\n    - e: x', '    - e: x\n      f: y', 'a:\n  b: …'];
  for (const excerpt of same) assert.ok(isExcerpt(excerpt, file), excerpt);
  const values = ['', '# …', 'b', 'b: 2', 'b: 1\nd:', 'b …'];
  const places = ['a:\nb: 1', 'c: 2\n# …\nb: 1', 'a:\n# …\nc: 2', '  c: 2\n# …\ng: 3'];
  for (const excerpt of [...values, ...places]) assert.ok(!isExcerpt(excerpt, file), excerpt);
});

/** Objects as kubectl is told of them: `deployment/x`, `hpa x`, the pod `x-0` of a StatefulSet, a label's `name=x`. */
function namesIn(command: string): Array<{ kind?: string | undefined; name: string }> {
  const kinds = Object.keys(kindOf).join('|');
  const typed = command.matchAll(new RegExp(`\\b(${kinds})[ /]([a-z][a-z-]*)`, 'g'));
  const pods = command.matchAll(/(?<= )([a-z]+-[a-z-]+)-\d+(?= )/g);
  const labels = command.matchAll(/\/name=([a-z-]+)/g);
  return [
    ...[...typed].map(([, kind = '', name = '']) => ({ kind: kindOf[kind], name })),
    ...[...pods].map(([, name = '']) => ({ kind: 'StatefulSet', name })),
    ...[...labels].map(([, name = '']) => ({ name })),
  ];
}

function readAll(pattern: string): Map<string, string> {
  return new Map(globSync(pattern, { cwd: root }).map((path) => [path, readFileSync(root + path, 'utf8')]));
}

/** Kind and name of each object, in plain YAML as our files have it. */
function objectsOf(text: string): Array<{ kind: string; name: string }> {
  return text.split(/^---$/m).map((document) => ({
    kind: /^kind: (\S+)$/m.exec(document)?.[1] ?? '',
    name: /^metadata:\n {2}name: (\S+)$/m.exec(document)?.[1] ?? '',
  }));
}

/** The text without fenced blocks. */
function prose(name: string): string {
  return readFileSync(root + name, 'utf8').replaceAll(/^```.*\n[^]*?^```$/gm, '');
}

interface Section {
  title: string;
  /** Other sections stand in it; it need not have a command of its own. */
  isParent: boolean;
  /** What its reader can type in the end. */
  command: string | undefined;
}

function sectionsOf(name: string): Section[] {
  const sections = prose(name)
    .split(/^(?=#+ )/m)
    .map((section) => section.trim());
  const levelOf = (section = ''): number => section.indexOf(' ');
  return sections.map((section, index) => ({
    title: section.split('\n', 1)[0] ?? '',
    isParent: levelOf(sections[index + 1]) > levelOf(section),
    command: /^(?:- )?\*\*(?:See it|À voir)\*\*.*: `(.+)`$/m.exec(section.slice(section.lastIndexOf('\n') + 1))?.[1],
  }));
}

/** From each file to the sorted kinds that the table says it holds: `3 × Secret` stands for three. */
function manifestRows(document: Readme | undefined): Array<[path: string, kinds: string[]]> {
  const kinds = new Set(objects.map(({ kind }) => kind));
  const rows = (document?.tables ?? [])
    .flatMap((table) => table.rows)
    .filter(([first]) => first?.includes('/Manifests/'));
  return rows.flatMap(([files = '', content = '']) => {
    const told = [...content.matchAll(/(?:(\d+) × )?([A-Z]\w+)/g)].flatMap(([, count = '1', kind = '']) =>
      kinds.has(kind) ? Array.from({ length: Number(count) }, () => kind) : [],
    );
    return [...files.matchAll(/\/(Manifests\/[\w.-]+)/g)].map(
      ([, path = '']) => [path, told.toSorted()] as [string, string[]],
    );
  });
}

function withoutDash(line: string): string {
  return line.trim().replace(/^- /, '');
}
