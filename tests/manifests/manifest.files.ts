import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { root } from '../support/readme.ts';
import { parseManifests } from './manifest.ts';
import type { Parsed } from './manifest.ts';
import type { Spoil } from './spoil.ts';

/** The repository's own; a search that finds fewer is broken. */
const FILES_MIN = 10;

interface ManifestFiles {
  intact: Parsed[];
  /** All files, one of them spoilt; its name without `.yaml`. */
  spoilt: (name: string, spoil: Spoil) => Parsed[];
}

export function openManifests(): ManifestFiles {
  const names = globSync('*.yaml', { cwd: `${root}Manifests` }).toSorted();
  assert.ok(names.length >= FILES_MIN, `only ${names.length} files were seen`);
  const texts = new Map(names.map((name) => [name, readFileSync(`${root}Manifests/${name}`, 'utf8')]));
  const parsed = new Map([...texts].map(([name, text]) => [name, parseManifests(name, text)]));
  return {
    intact: [...parsed.values()],
    spoilt: (name, spoil) => {
      const file = `${name}.yaml`;
      const text = texts.get(file);
      assert.ok(text, `${file} is not there any more`);
      return [...new Map([...parsed, [file, parseManifests(file, spoil(text))]]).values()];
    },
  };
}
