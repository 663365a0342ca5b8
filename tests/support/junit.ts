import assert from 'node:assert/strict';

export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/** What the schema that CI systems use (junit-10.xsd of Jenkins) lets stand in an element, as far as it is used: required, optional. */
const rules: Record<string, { required: string[]; optional: string[]; children: string[] }> = {
  testsuites: { required: [], optional: ['name', 'time', 'tests', 'failures', 'errors'], children: ['testsuite'] },
  testsuite: {
    required: ['name', 'tests'],
    optional: ['failures', 'errors', 'skipped', 'time', 'timestamp', 'hostname'],
    children: ['testcase'],
  },
  testcase: { required: ['name'], optional: ['classname', 'time'], children: ['skipped', 'failure', 'system-out'] },
  skipped: { required: [], optional: ['message', 'type'], children: [] },
  failure: { required: [], optional: ['message', 'type'], children: [] },
  'system-out': { required: [], optional: [], children: [] },
};

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#10': '\n' };

/** Reads a report; fails unless it is well-formed XML that keeps to the schema, and its counts are right. */
export function readJunit(xml: string): Element {
  assert.ok(xml.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites'));
  assert.doesNotMatch(xml, /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Cs}/u); // oxlint-disable-line no-control-regex
  const document: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [document];
  let end = xml.indexOf('?>') + 2;
  for (const tag of xml.slice(end).matchAll(/<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g)) {
    const [whole, closes, name = '', attributes = '', isEmpty] = tag;
    const at = xml.length - (tag.input.length - tag.index);
    open.at(-1)!.text += unescaped(xml.slice(end, at));
    end = at + whole.length;
    if (closes === '/') {
      assert.equal(open.pop()?.name, name, `</${name}> closes another element`);
      continue;
    }
    const pairs = [...attributes.matchAll(/ ([a-z]+)="([^"]*)"/g)];
    const element: Element = {
      name,
      attributes: Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, unescaped(value)])),
      children: [],
      text: '',
    };
    open.at(-1)!.children.push(element);
    if (isEmpty !== '/') open.push(element);
  }
  assert.deepEqual([open.length, document.children.length, xml.slice(end)], [1, 1, '\n']);
  const [root] = document.children;
  check(root!);
  return root!;
}

function check({ name, attributes, children }: Element): void {
  const rule = rules[name];
  assert.ok(rule, `<${name}> is not in the schema`);
  for (const key of rule.required) assert.ok(key in attributes, `<${name}> lacks ${key}`);
  for (const key of Object.keys(attributes))
    assert.ok([...rule.required, ...rule.optional].includes(key), `${name} ${key}`);
  for (const child of children) assert.ok(rule.children.includes(child.name), `<${child.name}> in <${name}>`);
  if ('timestamp' in attributes) assert.match(attributes['timestamp'] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  if ('tests' in attributes) {
    const cases = name === 'testsuite' ? children : children.flatMap((suite) => suite.children);
    const count = (what: string): number =>
      cases.filter((one) => one.children.some((child) => child.name === what)).length;
    assert.equal(Number(attributes['tests']), cases.length);
    assert.equal(Number(attributes['failures']), count('failure'));
    assert.equal(Number(attributes['skipped'] ?? count('skipped')), count('skipped'));
  }
  children.forEach(check);
}

function unescaped(text: string): string {
  assert.doesNotMatch(text, /<|&(?!(amp|lt|gt|quot|#39|#10);)/);
  return text.replaceAll(/&([^;]+);/g, (_, name: string) => entities[name] ?? '');
}
