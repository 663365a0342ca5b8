import type { Probe } from '@orchestrator/orchestrator/model/kubernetes.ts';
import type { Path } from '@orchestrator/orchestrator/model/path.ts';
import { components } from '@orchestrator/orchestrator/model/picture.ts';
import { portOf } from './rules.wiring.ts';
import { breach, podTemplates } from './system.ts';
import type { PodTemplate, Rule } from './system.ts';

/** A first start on a busy machine: V8, migrations, crash recovery. */
const START_MIN_S = 60;

/** A database or a broker writes everything to disk before it ends. */
const STOP_MIN_S = 60;

/** `pg_isready` without `-t`: https://www.postgresql.org/docs/15/app-pg-isready.html */
const PG_ISREADY_TIMEOUT_S = 3;

type Kind = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

interface Found {
  pod: PodTemplate;
  kind: Kind;
  probe: Probe;
  path: Path;
}

function probesOf(pod: PodTemplate): Found[] {
  return pod.spec.containers.flatMap((container, index) =>
    (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((kind) => {
      const probe = container[kind];
      return probe ? [{ pod, kind, probe, path: [...pod.path, 'containers', index, kind] }] : [];
    }),
  );
}

/** Seconds that what is asked may take to answer; whether a service lives, it says at once. */
function patienceOf({ kind, probe }: Found, checkTimeoutMs: number): number {
  if (probe.httpGet) return kind === 'readinessProbe' ? checkTimeoutMs / 1000 : 0;
  const command = probe.exec?.command?.join(' ') ?? '';
  if (!command.includes('pg_isready')) return 0;
  return Number(/ -t (\d+)/.exec(command)?.[1] ?? PG_ISREADY_TIMEOUT_S);
}

/** How a pod's health is seen, and how it may start and end. */
export const healthRules: readonly Rule[] = [
  {
    name: 'every container is probed',
    *check(system) {
      for (const pod of podTemplates(system))
        for (const [index, container] of pod.spec.containers.entries()) {
          // The broker restarts its own parts; one that is killed for being busy only gets busier.
          const optional = components[pod.name]?.role === 'broker' ? ['livenessProbe'] : [];
          for (const kind of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const)
            if (!container[kind] && !optional.includes(kind))
              yield breach(pod.at, [...pod.path, 'containers', index], `has no ${kind}`);
        }
    },
  },
  {
    name: 'services are asked what they answer, at the port where they listen',
    *check(system) {
      const { facts } = system;
      for (const pod of podTemplates(system)) {
        const service = facts.services[pod.name];
        if (!service) continue;
        for (const { kind, probe, path } of probesOf(pod)) {
          const { path: asked = '', port = 0 } = probe.httpGet ?? {};
          // Live depends on nothing else: a database that is away would have every service restarted.
          const wanted = kind === 'readinessProbe' ? '/health/ready' : '/health/live';
          if (asked !== wanted || !facts.healthPaths.includes(asked))
            yield breach(pod.at, [...path, 'httpGet', 'path'], `must be ${wanted}`);
          if (portOf(pod, port) !== service.port)
            yield breach(pod.at, [...path, 'httpGet', 'port'], `the program listens on ${service.port}`);
        }
        const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
        const found = ports.map(({ containerPort }) => containerPort).join();
        if (found !== `${service.port},${service.metricsPort}`)
          yield breach(
            pod.at,
            [...pod.path, 'containers', 0, 'ports'],
            `the program listens on ${service.port} and ${service.metricsPort}`,
          );
      }
    },
  },
  {
    name: 'a probe knows the port that it asks for',
    *check(system) {
      for (const pod of podTemplates(system))
        for (const { probe, path } of probesOf(pod))
          for (const action of ['httpGet', 'tcpSocket'] as const) {
            const port = probe[action]?.port;
            if (port !== undefined && portOf(pod, port) === undefined)
              yield breach(pod.at, [...path, action, 'port'], `${pod.name} has no port ${port}`);
          }
    },
  },
  {
    name: 'a probe waits longer than the check behind it',
    *check(system) {
      for (const found of podTemplates(system).flatMap(probesOf)) {
        const patienceS = patienceOf(found, system.facts.checkTimeoutMs);
        if ((found.probe.timeoutSeconds ?? 1) <= patienceS)
          yield breach(found.pod.at, [...found.path, 'timeoutSeconds'], `the check may take ${patienceS} s`);
      }
    },
  },
  {
    name: 'a start may take its time',
    *check(system) {
      for (const { pod, kind, probe, path } of podTemplates(system).flatMap(probesOf)) {
        const { periodSeconds = 10, failureThreshold = 3 } = probe;
        if (kind === 'startupProbe' && periodSeconds * failureThreshold < START_MIN_S)
          yield breach(
            pod.at,
            path,
            `gives up after ${periodSeconds * failureThreshold} s; ${START_MIN_S} s is the least`,
          );
      }
    },
  },
  {
    name: 'a pod has time to stop',
    *check(system) {
      for (const pod of podTemplates(system)) {
        const { terminationGracePeriodSeconds: graceS = 30, containers } = pod.spec;
        const preStopS = Math.max(...containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0));
        const isOurs = pod.name in system.facts.services;
        const neededS = isOurs ? preStopS + system.facts.stopDeadlineMs / 1000 : STOP_MIN_S;
        if (graceS <= neededS)
          yield breach(pod.at, [...pod.path, 'terminationGracePeriodSeconds'], `must be more than ${neededS}`);
        if (isOurs && preStopS === 0)
          yield breach(
            pod.at,
            [...pod.path, 'containers', 0, 'lifecycle'],
            'must sleep until no node sends requests here',
          );
      }
    },
  },
];
