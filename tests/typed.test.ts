import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { KubernetesObject } from '@orchestrator/orchestrator/cluster/kubectl.ts';
import { readManifests } from '@orchestrator/orchestrator/cluster/manifests.ts';
import { kubectlMistake } from './support/typed.kubectl.ts';
import { orchestratorMistake, understoodCommands } from './support/typed.orchestrator.ts';
import type { Understood } from './support/typed.orchestrator.ts';
import { commandsIn, proseLines, typedCommands } from './support/typed.ts';
import { codeSpans, root } from './support/readme.ts';

const languages = [
  ['README.md', 'docs/operations.md'],
  ['README.fr.md', 'docs/operations.fr.md'],
];

let understood: Map<string, Understood>;
let objects: KubernetesObject[];

before(async () => {
  understood = await understoodCommands();
  objects = await readManifests();
});

const mistakeIn = (words: readonly string[]): string | undefined =>
  words[0] === 'kubectl' ? kubectlMistake(words, objects) : orchestratorMistake(words, understood);

for (const name of languages.flat()) {
  test(`what the commands of ${name} name exists`, () => {
    const commands = typedCommands(name);
    assert.ok(commands.length >= 20, `only ${commands.length} commands were seen`);
    for (const { words, place } of commands) assert.equal(mistakeIn(words), undefined, `${place}: ${words.join(' ')}`);
  });
}

for (const name of languages.flat()) {
  test(`the options that the text of ${name} names exist`, () => {
    const known = new Set([...understood.values()].flatMap(({ words }) => [...words]));
    const named = proseLines(name).flatMap(([text]) =>
      codeSpans(text).flatMap((span) => /^--[a-z-]+/.exec(span) ?? []),
    );
    assert.ok(named.length > 0);
    // That one is of curl.
    for (const option of named) assert.ok(known.has(option) || option === '--retry', option);
  });
}

for (const names of languages) {
  test(`each command of the orchestrator stands in ${names.join(' or ')}`, () => {
    const shown = new Set(names.flatMap(typedCommands).map(({ words: [, command = ''] }) => command));
    for (const name of understood.keys()) assert.ok(shown.has(name), name);
  });
}

test('the commands that messages name exist, or the README says that they come later', () => {
  const later = /^## What is not here yet\n[^]*?(?=^## )/m.exec(readFileSync(`${root}README.md`, 'utf8'))?.[0] ?? '';
  const known = [...understood.keys(), ...codeSpans(later), '--help'];
  const sources = globSync(['src/orchestrator/**/*.ts', 'Scripts/*', 'Manifests/*'], { cwd: root });
  const named = sources
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) => [...readFileSync(root + path, 'utf8').matchAll(/\.\/orchestrator\.sh (-*[a-z][a-z-]*)/g)]);
  assert.ok(named.length >= 50, `only ${named.length} were seen`);
  for (const [line, name = ''] of named) assert.ok(known.includes(name), line);
});

test('a command that does not exist is found', () => {
  const right = [
    './orchestrator.sh local logs billing-app -n 5 --no-follow | grep x',
    "./orchestrator.sh create --provider kubeconfig --load-with 'kind load image-archive'",
    'DOCKER_HUB_USERNAME=you ./orchestrator.sh build -- --platform linux/arm64',
    "kubectl exec -it billing-database-0 -n microservices -- psql -c 'SELECT 1'",
    'kubectl get pods -n microservices; kubectl drain agent --ignore-daemonsets',
    'kubectl port-forward svc/rabbitmq 15672:15672',
    'kubectl apply -f Manifests/namespace.yaml -f Manifests/',
  ];
  const wrong = [
    './orchestrator.sh prove',
    './orchestrator.sh secrets shown',
    './orchestrator.sh move billing-app',
    './orchestrator.sh deploy --fresh',
    './orchestrator.sh status -x',
    './orchestrator.sh create --provider docker',
    'source <(./orchestrator.sh completion tcsh)',
    'kubectl look pods',
    'kubectl get things',
    'kubectl get pods -n default',
    'kubectl scale deployment billing-app --replicas=0',
    'kubectl logs -f deployment/gateway',
    'kubectl exec -it billing-database-1 -- sh',
    'kubectl wait --for=delete pod/api-gateway-0',
    'kubectl port-forward svc/rabbitmq 15672:15673',
    'kubectl drain worker',
    'kubectl delete pod -l app.kubernetes.io/name=broker',
    'kubectl apply -f manifests/',
  ];
  for (const line of right) for (const words of commandsIn(line)) assert.equal(mistakeIn(words), undefined, line);
  for (const line of wrong) {
    const [words = []] = commandsIn(line);
    assert.equal(typeof mistakeIn(words), 'string', line);
  }
});
