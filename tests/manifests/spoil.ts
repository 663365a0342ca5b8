import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';

/** Makes a broken text of a good one. */
export type Spoil = (text: string) => string;

/** Broken copies, by what must be found: the file without its `.yaml`, and how it is spoilt. */
export type Copies = Readonly<Record<string, ReadonlyArray<readonly [file: string, spoil: Spoil]>>>;

/** Puts something else in place of the first `from`, which must be there: a table of broken copies does not rot unseen. */
export function swap(from: string | RegExp, to: string): Spoil {
  return (text) => {
    const spoilt = text.replace(from, () => to);
    assert.notEqual(spoilt, text, `${String(from)} is not in the file any more`);
    return spoilt;
  };
}

/** Adds another object at the end of the file. */
export function append(object: string): Spoil {
  return (text) => `${text}---\n${object}\n`;
}

/** Sets a field, such as `spec.ports.0.port`, of the first object of a kind; undefined takes it out. */
export function set(kind: string, path: string, value?: unknown): Spoil {
  return edit(kind, (document) => {
    const keys = path.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    if (value !== undefined) return document.setIn(keys, value);
    assert.ok(document.deleteIn(keys), `${kind} has no ${path} any more`);
  });
}

/** The same in the pod that the file describes. */
export function setPod(path: string, value?: unknown): Spoil {
  return (text) =>
    set(/^kind: (Deployment|StatefulSet)$/m.exec(text)?.[1] ?? '', `spec.template.spec.${path}`, value)(text);
}

/** The same in the first container of that pod. */
export function setContainer(path: string, value?: unknown): Spoil {
  return setPod(`containers.0.${path}`, value);
}

/** Takes the first object of a kind out of the file. */
export function without(kind: string): Spoil {
  return edit(kind, (document) => {
    document.contents = null;
  });
}

function edit(kind: string, change: (document: Document) => void): Spoil {
  return (text) => {
    const documents = parseAllDocuments(text, { version: '1.1' });
    assert.ok(!('empty' in documents));
    const document = documents.find((each) => each.get('kind') === kind);
    assert.ok(document, `the file has no ${kind} any more`);
    change(document);
    return documents
      .filter(({ contents }) => contents !== null)
      .map((each) => String(each).replace(/^(%YAML 1.1\n)?---\n/, ''))
      .join('---\n');
  };
}
