import { existsSync } from 'node:fs';
import type { KubernetesObject } from '@orchestrator/orchestrator/cluster/kubectl.ts';
import { vagrantMachines } from '@orchestrator/orchestrator/providers/vagrant-cli.ts';
import { root } from './readme.ts';
import { isPlaceholder } from './typed.ts';

/** What kubectl calls the kinds of our manifests; undefined: what the cluster makes of them, or has itself. */
const kinds: Readonly<Record<string, string | undefined>> = {
  deployment: 'Deployment',
  statefulset: 'StatefulSet',
  service: 'Service',
  svc: 'Service',
  secrets: 'Secret',
  hpa: 'HorizontalPodAutoscaler',
  all: undefined,
  node: undefined,
  nodes: undefined,
  pod: undefined,
  pods: undefined,
};

/** The verbs that documents use. */
const verbs = 'apply config delete drain exec get logs port-forward scale top uncordon wait'.split(' ');

/** Options whose value is a word of its own; `logs -f` has none. */
const withValue = ['-n', '-l', '-f', '-o'];

const nodeNames: readonly string[] = vagrantMachines.map(({ name }) => name);

/** What is wrong with a command line, which begins with kubectl; undefined when all that it names exists. */
export function kubectlMistake(words: readonly string[], objects: readonly KubernetesObject[]): string | undefined {
  const [, verb = '', ...rest] = words;
  if (!verbs.includes(verb)) return `the verb ${verb} is not one of those that documents use`;
  // What follows is no object.
  if (verb === 'config') return undefined;
  const end = rest.indexOf('--');
  const own = end === -1 ? rest : rest.slice(0, end);
  const has = (kind: string | undefined, name: string): boolean =>
    objects.some(({ kind: is, metadata }) => metadata.name === name && (kind === undefined || kind === is));
  let kind: string | undefined = verb === 'exec' ? 'pod' : ['drain', 'uncordon'].includes(verb) ? 'node' : undefined;
  for (let index = 0; index < own.length; index++) {
    const word = own[index] ?? '';
    if (withValue.includes(word) && `${verb} ${word}` !== 'logs -f') {
      const mistake = valueMistake(word, own[++index] ?? '', has);
      if (mistake !== undefined) return mistake;
    } else if (!word.startsWith('-') && !isPlaceholder(word)) {
      const [type = '', name = ''] = word.includes('/') ? word.split('/') : kind === undefined ? [word] : [kind, word];
      if (verb === 'port-forward' && /^\d+:\d+$/.test(word)) {
        if (!hasPort(objects, own[0] ?? '', Number(word.split(':')[1]))) return `${own[0]} has no port of ${word}`;
      } else if (!(type in kinds)) {
        return `${type} is not one of the kinds that documents use`;
      } else if (name === '') {
        kind = type;
      } else if (!exists(type, name, has)) {
        return `there is no ${type} ${name}`;
      }
    }
  }
  return undefined;
}

type Has = (kind: string | undefined, name: string) => boolean;

function valueMistake(option: string, value: string, has: Has): string | undefined {
  if (option === '-n') return ['microservices', 'kube-system'].includes(value) ? undefined : `no namespace ${value}`;
  if (option === '-f') return existsSync(root + value) ? undefined : `no file ${value}`;
  const label = /^app\.kubernetes\.io\/name=(.+)$/.exec(value)?.[1];
  return option !== '-l' || (label !== undefined && has(undefined, label))
    ? undefined
    : `nothing has the label ${value}`;
}

function exists(type: string, name: string, has: Has): boolean {
  if (isPlaceholder(name)) return true;
  if (type.startsWith('node')) return nodeNames.includes(name);
  // Only the pods of a StatefulSet have names that are known beforehand.
  if (type.startsWith('pod')) return name.endsWith('-0') && has('StatefulSet', name.slice(0, -2));
  return has(kinds[type], name);
}

function hasPort(objects: readonly KubernetesObject[], service: string, port: number): boolean {
  const name = service.split('/')[1];
  return objects.some(
    ({ kind, metadata, spec }) =>
      kind === 'Service' &&
      metadata.name === name &&
      (spec as { ports: { port: number }[] }).ports.some((each) => each.port === port),
  );
}
