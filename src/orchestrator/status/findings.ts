import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { Finding } from '../findings.ts';
import type { Machine } from '../providers/provider.ts';
import { isReady } from '../diagnosis/diagnose.scheduling.ts';
import { componentOf } from '../diagnosis/diagnosis.ts';
import { isServing } from '../diagnosis/snapshot.ts';
import type { Snapshot } from '../diagnosis/snapshot.ts';
import type { GatewayAnswer, Queue } from './probes.ts';

/** Machines that do not run, unless the cluster has told it already as a node that is lost. */
export function machineFindings(machines: readonly Machine[], snapshot: Snapshot | undefined): Finding[] {
  const told = snapshot?.nodes.filter((node) => !isReady(node)).map(({ metadata }) => metadata.name) ?? [];
  const away = machines.filter(({ name, state }) => state !== 'running' && !told.includes(name));
  return away.map(({ name, state, detail }) => ({
    level: 'error',
    subject: `machine ${name}`,
    message: `the machine ${name} ${words[state]}${detail === undefined ? '' : ` (${detail})`}`,
    cure: state === 'absent' ? './orchestrator.sh create' : './orchestrator.sh start',
  }));
}

const words = {
  running: 'runs',
  stopped: 'is stopped',
  absent: 'does not exist',
  unknown: 'is in a state that is not known',
} as const satisfies Record<Machine['state'], string>;

export function queueFindings(queues: readonly Queue[] | undefined, { pods }: Snapshot): Finding[] {
  const orders = queues?.find(({ name }) => name === ORDER_QUEUE);
  const dead = queues?.find(({ name }) => name === DEAD_LETTER_QUEUE);
  const consumes = pods.some((pod) => componentOf(pod) === 'billing-app' && isServing(pod));
  const findings: Finding[] = [];
  if (orders !== undefined && orders.consumers === 0 && consumes) {
    findings.push({
      level: 'error',
      subject: ORDER_QUEUE,
      message: `nobody takes orders from ${ORDER_QUEUE} although billing-app is ready; ${count(orders.messages, 'order')} in it`,
      cure: 'kubectl rollout restart statefulset/billing-app -n microservices',
    });
  }
  if (dead !== undefined && dead.messages > 0) {
    findings.push({
      level: 'warning',
      subject: DEAD_LETTER_QUEUE,
      message: `${count(dead.messages, 'message')} could not be stored and ${dead.messages === 1 ? 'was' : 'were'} put aside`,
      cure: 'kubectl port-forward svc/rabbitmq 15672:15672 -n microservices   # http://localhost:15672: each has its reason in a header',
    });
  }
  return findings;
}

/** @param ours whether the nodes are machines that this machine surely reaches */
export function gatewayFindings(answers: readonly GatewayAnswer[], ours: boolean): Finding[] {
  const silent = answers.filter((answer) => !answer.answers);
  if (silent.length === 0) return [];
  const places = silent.map(({ address, detail }) => `${address} (${detail})`).join(', ');
  const cure = [
    `curl -i ${silent[0]?.address}/health/ready   # from here; a firewall in between?`,
    'kubectl port-forward svc/api-gateway 30000:3000 -n microservices   # another way to it',
  ].join('\n');
  return [
    {
      level: ours || silent.length < answers.length ? 'error' : 'warning',
      subject: 'gateway',
      message: `api-gateway is ready and does not answer this machine on ${places}`,
      cure,
    },
  ];
}

export function credentialFindings(secrets: readonly string[]): Finding[] {
  if (secrets.length === 0) return [];
  return [
    {
      level: 'warning',
      subject: 'credentials',
      message: `${secrets.join(', ')}: still the demonstration passwords of Manifests/secrets.yaml, which everybody knows`,
      cure: './orchestrator.sh secrets rotate',
    },
  ];
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
