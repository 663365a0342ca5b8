import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { readManifests } from '@orchestrator/orchestrator/cluster/manifests.ts';
import type { KubernetesObject } from '@orchestrator/orchestrator/cluster/kubectl.ts';
import { allChecks } from '@orchestrator/orchestrator/verify/checks.ts';
import { codeSpans, contentOf, deadLinks, readReadme } from './support/readme.ts';
import { kubectlMistake } from './support/typed.kubectl.ts';
import { orchestratorMistake, understoodCommands } from './support/typed.orchestrator.ts';
import type { Understood } from './support/typed.orchestrator.ts';
import { typedCommands } from './support/typed.ts';

const names = ['docs/examination.md', 'docs/examination.fr.md'] as const;
const ids = allChecks.map(({ id }) => id);

let understood: Map<string, Understood>;
let objects: KubernetesObject[];

before(async () => {
  understood = await understoodCommands();
  objects = await readManifests();
});

test('both languages have the same questions with the same answers', () => {
  const [english, french] = names.map(readReadme);
  assert.deepEqual(contentOf(french!), contentOf(english!));
});

test('the list of all lines is that of verify', () => {
  const lines = readReadme('docs/examination.md').tables.at(-1)?.rows;
  assert.deepEqual(
    lines,
    allChecks.map(({ id, promise }) => [`\`${id}\``, promise]),
  );
});

for (const name of names) {
  test(`every line of verify answers a question of ${name}, and every question has an answer`, () => {
    const questions = readReadme(name)
      .tables.slice(0, -1)
      .flatMap(({ rows }) => rows);
    assert.ok(questions.length > 40, `only ${questions.length} questions were seen`);
    for (const [question, answer = ''] of questions) assert.match(answer, /`|\]\(/, question);
    const named = new Set(
      questions.flatMap(([, answer = '']) => codeSpans(answer)).filter((span) => ids.includes(span)),
    );
    assert.deepEqual(
      ids.filter((id) => !named.has(id)),
      [],
    );
  });

  test(`the lines that ${name} names exist, and its commands and links lead somewhere`, () => {
    const groups = new Set(ids.map((id) => id.split('.')[0] ?? ''));
    const rows = readReadme(name).tables.flatMap(({ rows }) => rows.flat());
    const named = rows
      .flatMap(codeSpans)
      .filter((span) => /^[a-z]+\.[a-z-]+$/.test(span) && groups.has(span.split('.')[0] ?? ''));
    for (const id of named) assert.ok(ids.includes(id), id);
    const commands = typedCommands(name);
    assert.ok(commands.length >= 8, `only ${commands.length} commands were seen`);
    for (const { words, place } of commands) {
      const mistake = words[0] === 'kubectl' ? kubectlMistake(words, objects) : orchestratorMistake(words, understood);
      assert.equal(mistake, undefined, `${place}: ${words.join(' ')}`);
    }
    const chosen = commands.flatMap(({ words }) =>
      words.includes('--only') ? [words[words.indexOf('--only') + 1] ?? ''] : [],
    );
    for (const word of chosen) assert.ok(ids.includes(word) || groups.has(word), word);
    assert.deepEqual(deadLinks(name), []);
  });
}
