import { components } from '@orchestrator/orchestrator/model/picture.ts';
import { breach, containers, ofKind, podTemplates } from './system.ts';
import type { Rule } from './system.ts';
import type { KubernetesObject } from '@orchestrator/orchestrator/model/kubernetes.ts';

/** Images of others. */
const images: Readonly<Record<string, string>> = {
  database: 'postgres:15-alpine',
  broker: 'rabbitmq:3-management-alpine',
};

/** User and group in the images; to others the data in the volumes does not belong. */
const users: Readonly<Record<string, readonly [user: number, group: number]>> = {
  service: [1000, 1000],
  database: [70, 70],
  broker: [100, 101],
};

interface ServiceAccount extends KubernetesObject {
  automountServiceAccountToken?: boolean;
}

/** What a pod is made of and may do, beyond Pod Security. */
export const hardeningRules: readonly Rule[] = [
  {
    name: 'root file systems are read-only',
    *check(system) {
      for (const { pod, container, path } of containers(system))
        if (container.securityContext?.readOnlyRootFilesystem !== true)
          yield breach(pod.at, [...path, 'securityContext', 'readOnlyRootFilesystem'], 'must be true');
    },
  },
  {
    name: 'no pod has a token for the API server',
    *check(system) {
      for (const { at, spec, path } of podTemplates(system))
        if (spec.automountServiceAccountToken !== false)
          yield breach(at, [...path, 'automountServiceAccountToken'], 'must be false');
      for (const account of ofKind<ServiceAccount>(system, 'ServiceAccount'))
        if (account.object.automountServiceAccountToken !== false)
          yield breach(account, ['automountServiceAccountToken'], 'must be false');
    },
  },
  {
    // A Service named rabbitmq would set RABBITMQ_PORT=tcp://…, which RabbitMQ and our services read.
    name: 'no variables come from Services',
    *check(system) {
      for (const { at, spec, path } of podTemplates(system))
        if (spec.enableServiceLinks !== false) yield breach(at, [...path, 'enableServiceLinks'], 'must be false');
    },
  },
  {
    name: 'pods run as the user of their image',
    *check(system) {
      for (const { at, name, spec, path } of podTemplates(system)) {
        const { runAsUser, runAsGroup, fsGroup } = spec.securityContext ?? {};
        const [user, group] = users[components[name]?.role ?? ''] ?? [];
        if (runAsUser !== user || runAsGroup !== group || fsGroup !== group)
          yield breach(at, [...path, 'securityContext'], `must be user ${user} and group ${group}`);
      }
    },
  },
  {
    name: 'images are those of this version',
    *check(system) {
      for (const { pod, container, path } of containers(system)) {
        const { role = '' } = components[pod.name] ?? {};
        const wanted = images[role] ?? `yourusername/${pod.name}:${system.facts.version}`;
        if (container.image !== wanted) yield breach(pod.at, [...path, 'image'], `must be ${wanted}`);
      }
    },
  },
  {
    // What has been loaded into the nodes is used, without a registry.
    name: 'images are pulled only where they are missing',
    *check(system) {
      for (const { pod, container, path } of containers(system))
        if ((container as { imagePullPolicy?: string }).imagePullPolicy !== 'IfNotPresent')
          yield breach(pod.at, [...path, 'imagePullPolicy'], 'must be IfNotPresent');
    },
  },
];
