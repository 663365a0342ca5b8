import { nameOf } from '../../cluster/objects.ts';
import { rolloutState } from '../../cluster/rollout.ts';
import type { RunningWorkload } from '../../cluster/rollout.ts';
import type { Workload } from '../../model/kubernetes.ts';
import { components } from '../../model/picture.ts';
import type { Outcome } from '../check.ts';
import { deployAgain, judge } from './live.ts';
import type { Fault } from './live.ts';
import { containersOf, partsOf } from './objects.ts';
import type { Objects } from './objects.ts';

/** Each part is the kind of workload that the contract says. */
export function decideKinds(objects: Objects): Outcome {
  const faults = Object.entries(components).flatMap(([name, { kind }]): Fault[] => {
    const found = partsOf(objects).filter(({ metadata }) => metadata.name === name);
    if (found.length === 0) return [{ what: `there is no ${kind} ${name}`, cure: deployAgain }];
    return found
      .filter((part) => part.kind !== kind)
      .map((part) => ({
        what: `${name} is a ${part.kind}, and must be a ${kind}`,
        cure: `kubectl delete ${nameOf(part)} -n microservices, then ${deployAgain}`,
      }));
  });
  const shown = Object.entries(components).map(([name, { kind }]) => `${kind} ${name}`);
  return judge(faults, shown.join(', '));
}

/** `docker.io/user/api-gateway:0.1.0@sha256:…`, in parts. */
const imagePattern = /^(?:(?<prefix>.+)\/)?(?<name>[^/:@]+)(?::(?<tag>[^/:@]+))?(?:@(?<digest>.+))?$/;

/** The images of others, and the versions that the system is made for. */
const foreign = {
  database: { name: 'postgres', tag: /^15\b/, wanted: 'postgres:15-alpine' },
  broker: { name: 'rabbitmq', tag: /management/, wanted: 'rabbitmq:3-management-alpine' },
} as const;

/** Ours are USER/NAME, all of one user; the databases and the broker are the official ones, or that user's copies of them. */
export function decideImages(objects: Objects): Outcome {
  const parts = partsOf(objects);
  const prefixes = parts
    .filter(({ metadata: { name } }) => components[name]?.role === 'service')
    .map((part) => readImage(part.spec.template.spec.containers[0]?.image ?? '').prefix);
  const user = prefixes.find((prefix) => prefix !== undefined);
  const faults = parts.flatMap((part) =>
    containersOf(part).flatMap(({ container: { image }, title }): Fault[] => {
      const wrong = imageFault(part, image, user);
      return wrong === undefined ? [] : [{ what: `${title}: image ${image} ${wrong}`, cure: deployAgain }];
    }),
  );
  const images = parts.flatMap(containersOf).map(({ container }) => container.image);
  return judge(faults, [...new Set(images)].join(', '));
}

function imageFault({ metadata }: Workload, image: string, user: string | undefined): string | undefined {
  const { role } = components[metadata.name]!;
  const { prefix, name, tag, digest } = readImage(image);
  const isFixed = digest !== undefined || (tag !== undefined && tag !== 'latest');
  if (role === 'service') {
    if (name !== metadata.name || prefix === undefined || prefix !== user)
      return `must be ${user ?? 'USER'}/${metadata.name}`;
    return isFixed ? undefined : 'has no version: whatever is newest would run';
  }
  const official = [undefined, 'docker.io/library', 'library', user];
  const { name: wantedName, tag: wantedTag, wanted } = foreign[role];
  const fits = official.includes(prefix) && name === wantedName && wantedTag.test(tag ?? '');
  return fits ? undefined : `must be the official ${wanted}`;
}

function readImage(image: string): { prefix?: string; name?: string; tag?: string; digest?: string } {
  return imagePattern.exec(image)?.groups ?? {};
}

/** All pods that are wanted run, of the newest version; databases and broker are one, what is scaled is 1 to 3. */
export function decideReady(objects: Objects): Outcome {
  const parts = partsOf(objects) as unknown as RunningWorkload[];
  const faults = parts.flatMap((part): Fault[] => {
    const { name } = part.metadata;
    const { role, autoscaled } = components[name]!;
    const replicas = part.spec.replicas ?? 1;
    if (replicas === 0) return [{ what: `${nameOf(part)} is stopped`, cure: './orchestrator.sh start' }];
    const most = autoscaled ? 3 : role === 'service' ? Number.POSITIVE_INFINITY : 1;
    const scale = `kubectl scale ${nameOf(part)} --replicas=${most} -n microservices`;
    const tooMany = {
      what: `${nameOf(part)} has ${replicas} replicas, ${most} ${most === 1 ? 'is' : 'are'} the most`,
      cure: scale,
    };
    const state = rolloutState(part);
    const isPaused = part.spec['paused'] === true;
    const resume = `kubectl rollout resume ${nameOf(part)} -n microservices`;
    return [
      ...(replicas > most ? [tooMany] : []),
      ...(state === undefined
        ? []
        : [
            {
              what: `${nameOf(part)}${isPaused ? ' (paused)' : ''}: ${state}`,
              cure: isPaused ? resume : './orchestrator.sh status',
            },
          ]),
    ];
  });
  const ready = parts.map(({ metadata, spec, status }) => {
    return `${metadata.name} ${status.readyReplicas ?? 0}/${spec.replicas ?? 1}`;
  });
  return judge(faults, ready.join(', '));
}

/** What the kubelet must be able to see of a part: a broker that is killed for being busy only gets busier. */
const probesWanted = {
  service: ['startupProbe', 'livenessProbe', 'readinessProbe'],
  database: ['startupProbe', 'livenessProbe', 'readinessProbe'],
  broker: ['startupProbe', 'readinessProbe'],
} as const;

/** Every part is probed; the services at what they answer: live depends on nothing else, ready means that they can work. */
export function decideProbes(objects: Objects): Outcome {
  const faults = partsOf(objects).flatMap((part) => probeFaults(part));
  return judge(
    faults.map((what) => ({ what, cure: deployAgain })),
    'the services at /health/live and /health/ready of their port, databases and broker at theirs',
  );
}

function probeFaults(part: Workload): string[] {
  const { role, ports } = components[part.metadata.name]!;
  const [container] = part.spec.template.spec.containers;
  return probesWanted[role].flatMap((kind): string[] => {
    const probe = container?.[kind];
    const title = `${nameOf(part)}: ${kind}`;
    if (probe === undefined) return [`${title} is missing`];
    if (role !== 'service') return [];
    const { path = 'nothing', port } = probe.httpGet ?? {};
    const wanted = kind === 'readinessProbe' ? '/health/ready' : '/health/live';
    const number = container?.ports?.find(({ name }) => name === port)?.containerPort ?? port;
    const right = path === wanted && ports.some((each) => each === number);
    return right ? [] : [`${title} asks ${path} on port ${port}; it must be ${wanted} on ${ports.join()}`];
  });
}
