import type { Claim } from '@orchestrator/orchestrator/model/kubernetes.ts';
import { dataMounts } from '@orchestrator/orchestrator/model/volumes.ts';
import { components } from '@orchestrator/orchestrator/model/picture.ts';
import { breach, containers, ofKind, podTemplates } from './system.ts';
import type { PodTemplate, Rule, System } from './system.ts';

const withRole = (system: System, role: string): PodTemplate[] =>
  podTemplates(system).filter(({ name }) => components[name]?.role === role);

/** Where data lies, and that it stays. */
export const volumeRules: readonly Rule[] = [
  {
    name: 'every mount has a volume, every volume a mount',
    *check(system) {
      for (const { at, spec, path } of podTemplates(system)) {
        const templates = (at.object.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
        const volumes = [...templates, ...(spec.volumes ?? []).map(({ name }) => name)];
        const mounted = new Set<string>();
        for (const [index, { volumeMounts = [] }] of spec.containers.entries())
          for (const [mount, { name }] of volumeMounts.entries()) {
            mounted.add(name);
            if (!volumes.includes(name))
              yield breach(at, [...path, 'containers', index, 'volumeMounts', mount], `there is no volume ${name}`);
          }
        for (const name of volumes)
          if (!mounted.has(name)) yield breach(at, [...path, 'volumes'], `nothing mounts ${name}`);
      }
    },
  },
  {
    name: 'no two things are mounted at one place',
    *check(system) {
      for (const { pod, container, path } of containers(system)) {
        const places = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
        for (const [index, place] of places.entries())
          if (places.indexOf(place) !== index)
            yield breach(pod.at, [...path, 'volumeMounts', index, 'mountPath'], 'something is mounted there already');
      }
    },
  },
  {
    name: 'databases and broker keep their data in a volume that one pod writes',
    *check(system) {
      for (const pod of [...withRole(system, 'database'), ...withRole(system, 'broker')]) {
        const { at, name, path } = pod;
        if (dataMounts(pod.at.object).length === 0) yield breach(at, path, `${name} would lose its data with its pod`);
        if (at.object.kind === 'Deployment' && at.object.spec.strategy?.type !== 'Recreate')
          yield breach(at, ['spec', 'strategy', 'type'], 'must be Recreate: two pods would write to one volume');
        const { whenDeleted = 'Retain', whenScaled = 'Retain' } =
          at.object.spec.persistentVolumeClaimRetentionPolicy ?? {};
        if (whenDeleted !== 'Retain' || whenScaled !== 'Retain')
          yield breach(
            at,
            ['spec', 'persistentVolumeClaimRetentionPolicy'],
            'must be Retain: the data outlives the pods',
          );
      }
    },
  },
  {
    name: 'claims fit any cluster',
    *check(system) {
      const templates = podTemplates(system).flatMap(({ at }) =>
        (at.object.spec.volumeClaimTemplates ?? []).map((claim, index) => ({
          at,
          claim,
          path: ['spec', 'volumeClaimTemplates', index, 'spec'],
        })),
      );
      const objects = ofKind<Claim>(system, 'PersistentVolumeClaim').map((at) => ({
        at,
        claim: at.object,
        path: ['spec'],
      }));
      for (const { at, claim, path } of [...templates, ...objects]) {
        const { accessModes = [], storageClassName, resources } = claim.spec;
        if (accessModes.join() !== 'ReadWriteOnce') yield breach(at, [...path, 'accessModes'], 'must be ReadWriteOnce');
        if (storageClassName !== undefined)
          yield breach(at, [...path, 'storageClassName'], 'must be left to the cluster, for each has another');
        if (resources?.requests?.['storage'] === undefined)
          yield breach(at, [...path, 'resources'], 'must say how much storage');
      }
    },
  },
  {
    // A volume's root may have a lost+found in it, or not belong to PostgreSQL; either stops initdb.
    name: 'PostgreSQL has its data in a folder below its volume',
    *check(system) {
      for (const pod of withRole(system, 'database')) {
        const folder = pod.spec.containers[0]?.env?.find(({ name }) => name === 'PGDATA')?.value ?? '';
        if (!dataMounts(pod.at.object).some((mount) => folder.startsWith(`${mount}/`)))
          yield breach(pod.at, [...pod.path, 'containers', 0, 'env'], 'PGDATA must lie below the mount of its volume');
      }
    },
  },
  {
    // The folder of its data is called after it: under the pod's random name each restart would find an empty broker.
    name: 'RabbitMQ keeps its name, and its volume holds the data alone',
    *check(system) {
      for (const pod of withRole(system, 'broker')) {
        const name = pod.spec.containers[0]?.env?.find((each) => each.name === 'RABBITMQ_NODENAME')?.value ?? '';
        const host = /^[\w-]+@(.+)$/.exec(name)?.[1];
        const path = [...pod.path, 'containers', 0];
        if (host === undefined || !['localhost', pod.spec.hostname].includes(host))
          yield breach(pod.at, [...path, 'env'], 'RABBITMQ_NODENAME must be fixed, on a host that stays');
        // With the cookie in it, its file modes would be changed with those of the volume.
        if (dataMounts(pod.at.object).join() !== '/var/lib/rabbitmq/mnesia')
          yield breach(pod.at, [...path, 'volumeMounts'], 'the claim belongs at /var/lib/rabbitmq/mnesia');
      }
    },
  },
];
