import { SECRET_NAME, givesPassword, textsIn } from '@orchestrator/orchestrator/model/credentials.ts';
import type { ConfigMap, Secret } from '@orchestrator/orchestrator/model/kubernetes.ts';
import type { Manifest } from './manifest.ts';
import { breach, containers, ofKind, podTemplates } from './system.ts';
import type { Rule } from './system.ts';

/** Bits of information in each character of a text: words have up to about 3.5, random base64 more. */
const RANDOM_BITS = 3.8;
const RANDOM_LENGTH = 20;

/** Where credentials are, and where they are not. */
export const secretRules: readonly Rule[] = [
  {
    name: 'Secrets stand in secrets.yaml',
    *check(system) {
      for (const secret of ofKind(system, 'Secret'))
        if (secret.file !== 'secrets.yaml') yield breach(secret, ['kind'], 'belongs into secrets.yaml');
    },
  },
  {
    name: 'credentials stand in secrets.yaml only',
    *check(system) {
      const known = new Set(
        ofKind<Secret>(system, 'Secret').flatMap(({ object }) =>
          Object.entries(object.stringData ?? {})
            .filter(([key]) => SECRET_NAME.test(key))
            .map(([, value]) => value),
        ),
      );
      for (const manifest of system.manifests.filter(({ object }) => object.kind !== 'Secret'))
        for (const [path, text] of textsIn(manifest.object)) {
          const words = text.split(/[\s"'=:@]+/);
          if (words.some((word) => known.has(word) && !isName(system.manifests, word)))
            yield breach(manifest, path, 'is the value of a Secret');
          else if (words.some(isRandom) || /-----BEGIN|\/\/[^/\s:]+:[^/\s@]+@/.test(text))
            yield breach(manifest, path, 'looks like a credential');
        }
      for (const { pod, container, path } of containers(system))
        for (const [index, { name, value }] of (container.env ?? []).entries())
          if (value !== undefined && SECRET_NAME.test(name) && !name.endsWith('_FILE'))
            yield breach(pod.at, [...path, 'env', index, 'value'], `${name} must come from a Secret`);
      for (const config of ofKind<ConfigMap>(system, 'ConfigMap'))
        for (const [key, text] of Object.entries(config.object.data ?? {}))
          if (text.split('\n').some(givesPassword)) yield breach(config, ['data', key], 'gives a password');
    },
  },
  {
    // The environment of a process is shown by `kubectl describe`, crash reports and /proc.
    name: 'passwords reach a pod as files that it alone can read',
    *check(system) {
      for (const { pod, container, path } of containers(system))
        for (const [index, { valueFrom }] of (container.env ?? []).entries())
          if (SECRET_NAME.test(valueFrom?.secretKeyRef?.key ?? ''))
            yield breach(pod.at, [...path, 'env', index], 'mount it and name the file instead');
      for (const pod of podTemplates(system)) {
        const secrets = (pod.spec.volumes ?? []).flatMap(({ secret }, index) => (secret ? [{ secret, index }] : []));
        for (const { secret, index } of secrets)
          if (((secret.defaultMode ?? 0o644) & 0o337) !== 0)
            yield breach(pod.at, [...pod.path, 'volumes', index, 'secret', 'defaultMode'], 'must be 0440 or less');
        // The files belong to root, and to this group.
        if (secrets.length > 0 && pod.spec.securityContext?.fsGroup === undefined)
          yield breach(pod.at, [...pod.path, 'securityContext', 'fsGroup'], 'must be set, or the pod cannot read them');
      }
    },
  },
];

/** `guest` is the name of the user and his password at once. */
function isName(manifests: readonly Manifest[], word: string): boolean {
  return manifests.some(({ object }) =>
    Object.entries((object as Secret).stringData ?? {}).some(
      ([key, value]) => !SECRET_NAME.test(key) && value === word,
    ),
  );
}

function isRandom(word: string): boolean {
  if (word.length < RANDOM_LENGTH || !/^[\w+/=-]+$/.test(word) || !/\d/.test(word) || !/[A-Za-z]/.test(word))
    return false;
  const counts = Object.values(Object.groupBy(word, (letter) => letter)).map((letters) => letters?.length ?? 0);
  const bits = counts.reduce((sum, count) => sum - (count / word.length) * Math.log2(count / word.length), 0);
  return bits > RANDOM_BITS || /^[0-9a-f]{32,}$/.test(word);
}
