import assert from 'node:assert/strict';
import { test } from 'node:test';
import { badlyRun } from './broken.running.ts';
import { notTaken } from './broken.schema.ts';
import { insecure } from './broken.security.ts';
import { badlyWired } from './broken.wiring.ts';
import { SCHEMA, checkManifests, ruleNames } from './check.ts';
import type { Finding } from './check.ts';
import { openManifests } from './manifest.files.ts';
import { parseManifests } from './manifest.ts';
import { services } from '@orchestrator/orchestrator/model/picture.ts';
import { readProgramFacts } from './program.facts.ts';

const { intact, spoilt } = openManifests();
const facts = await readProgramFacts(services);

test('nothing is wrong with the manifests', () => {
  const texts = checkManifests(intact, facts).map(({ rule, text }) => `${text} (${rule})`);
  assert.deepEqual(texts, []);
});

test('a file that nobody expects is found', () => {
  const more = parseManifests('more.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more }');
  assertFound(checkManifests([...intact, more], facts), ({ text }) => text.startsWith('more.yaml:1:1 nobody expects'));
});

for (const [said, file, spoil] of notTaken) {
  test(`a copy that Kubernetes would not take: ${file} ${said}`, () => {
    assertFound(checkManifests(spoilt(file, spoil), facts), ({ rule, text }) => rule === SCHEMA && said.test(text));
  });
}

const broken = Object.entries({ ...badlyWired, ...badlyRun, ...insecure });

for (const [rule, copies] of broken) {
  for (const [index, [file, spoil]] of copies.entries()) {
    test(`a broken copy is found: ${rule} (${file}, ${index + 1})`, () => {
      assertFound(checkManifests(spoilt(file, spoil), facts), (finding) => finding.rule === rule);
    });
  }
}

test('every rule has been seen to find something', () => {
  assert.deepEqual(ruleNames.toSorted(), [SCHEMA, ...broken.map(([rule]) => rule)].toSorted());
});

function assertFound(findings: Finding[], isMeant: (finding: Finding) => boolean): void {
  assert.ok(findings.some(isMeant), JSON.stringify(findings, undefined, 2));
}
