import { nameOf } from '../../cluster/objects.ts';
import type { Secret } from '../../cluster/objects.ts';
import { demonstrationSecrets, isPassword, valuesOf } from '../../cluster/credentials.ts';
import { containersIn } from '../../model/containers.ts';
import { givesPassword, textsIn } from '../../model/credentials.ts';
import type { KubernetesObject, PodSpec } from '../../model/kubernetes.ts';
import { showPath } from '../../model/path.ts';
import type { Path } from '../../model/path.ts';
import { fail, notApplicable, pass } from '../check.ts';
import type { Outcome } from '../check.ts';
import { credentialsIn, foundIn, isSecretVariable } from './credentials.ts';
import { deployAgain, judge } from './live.ts';
import type { Fault } from './live.ts';
import type { LiveNode, Objects } from './objects.ts';

/** The keys that each Secret has. @param published those of Manifests/secrets.yaml */
export function decideStored(published: readonly Secret[], existing: readonly Secret[]): Outcome {
  const faults = published.flatMap((secret): Fault[] => {
    const { name } = secret.metadata;
    const there = existing.find(({ metadata }) => metadata.name === name);
    if (there === undefined) return [{ what: `there is no Secret ${name}`, cure: deployAgain }];
    const values = valuesOf(there);
    return Object.keys(valuesOf(secret))
      .filter((key) => !values[key])
      .map((key) => ({ what: `Secret ${name} has no ${key}`, cure: deployAgain }));
  });
  const shown = published.map((secret) => `${secret.metadata.name}: ${Object.keys(valuesOf(secret)).join(', ')}`);
  return judge(faults, shown.join('; '));
}

/** Who made the objects of `create` and `deploy`, in their managedFields. */
const ourManager = 'orchestrator';

/**
 * No password is the one that everybody can read in the repository. Applied by hand those hold, as the file says: then there is
 * nothing to keep.
 * @param existing with their managedFields
 */
export function decideOwn(published: readonly Secret[], existing: readonly Secret[]): Outcome {
  const open = demonstrationSecrets(published, existing);
  const passwords = existing.flatMap((secret) => Object.keys(valuesOf(secret)).filter(isPassword));
  if (open.length === 0) return pass(`${passwords.length} passwords of this cluster's own`);
  const isOurs = existing.some(({ metadata }) => managersOf(metadata).includes(ourManager));
  if (!isOurs)
    return notApplicable(
      'applied by hand with kubectl: the demonstration passwords of Manifests/secrets.yaml hold, which everybody can read; ./orchestrator.sh create puts random ones in their place',
    );
  return fail(
    `demonstration passwords, which everybody can read in Manifests/secrets.yaml, are in Secret ${open.join(', ')}`,
    './orchestrator.sh secrets rotate',
  );
}

function managersOf(metadata: object): string[] {
  const { managedFields = [] } = metadata as { managedFields?: readonly { manager: string }[] };
  return managedFields.map(({ manager }) => manager);
}

/**
 * No credential stands in an object that is no Secret: not in a variable, a command, an annotation, a ConfigMap.
 * @param objects all kinds in which a text can stand
 */
export function decideLiterals(objects: Objects, secrets: readonly Secret[]): Outcome {
  const credentials = credentialsIn(secrets);
  // What a workload has made says the same once more.
  const others = objects.filter(({ kind, metadata }) => kind !== 'Secret' && !('ownerReferences' in metadata));
  const faults = others.flatMap((object): Fault[] => {
    const found = textsIn(object).flatMap(([path, text]) => {
      const where = `${nameOf(object)} ${showPath(path)}`;
      const values = foundIn(text, credentials).map(({ title }) => `${where} has the value of ${title}`);
      if (values.length > 0) return values;
      return looksLikeCredential(object, path, text) ? [`${where} gives a password`] : [];
    });
    const named = literalsOf(object).map(({ title, name }) => `${nameOf(object)}, ${title}: ${name} is a literal`);
    return [...new Set([...named, ...found])].map((what) => ({ what, cure: cureOf(object) }));
  });
  return judge(faults, `no credential in ${others.length} objects`);
}

function looksLikeCredential({ kind }: KubernetesObject, path: Path, text: string): boolean {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY|\/\/[^/\s:@]+:[^/\s:@]+@/.test(text)) return true;
  return kind === 'ConfigMap' && path[0] === 'data' && text.split('\n').some(givesPassword);
}

/** Variables with a credential's name and a value of their own. */
function literalsOf(object: KubernetesObject): Array<{ title: string; name: string }> {
  const spec = podSpecOf(object);
  if (spec === undefined) return [];
  return containersIn(spec).flatMap(({ container }) =>
    (container.env ?? [])
      .filter(({ name, value }) => value !== undefined && value !== '' && isSecretVariable(name))
      .map(({ name }) => ({ title: `container ${container.name}`, name })),
  );
}

function podSpecOf(object: KubernetesObject): PodSpec | undefined {
  const { spec } = object as { spec?: { containers?: unknown; template?: { spec?: PodSpec } } };
  return spec?.containers === undefined ? spec?.template?.spec : (spec as PodSpec);
}

const cureOf = (object: KubernetesObject): string =>
  podSpecOf(object) === undefined
    ? `Take it out of ${nameOf(object)} (kubectl edit), and put it into Manifests/secrets.yaml; ./orchestrator.sh secrets rotate makes what was seen useless`
    : `kubectl set env ${nameOf(object)} NAME- -n microservices takes a variable out; mount the Secret instead, as Manifests/ does; ./orchestrator.sh secrets rotate makes what was seen useless`;

/** https://docs.k3s.io/security/secrets-encryption: K3s says so on each server that encrypts. */
const encryptionMark = 'k3s.io/encryption-config-hash';

/** Secrets are encrypted where the cluster stores them, as far as it can be known from outside. */
export function decideEncrypted(nodes: readonly LiveNode[]): Outcome {
  const servers = nodes.filter(({ metadata }) => 'node-role.kubernetes.io/control-plane' in (metadata.labels ?? {}));
  const versions = servers.map(({ status }) => status.nodeInfo.kubeletVersion);
  if (!versions.some((version) => version.includes('+k3s')))
    return notApplicable(
      `this cluster is no K3s (${versions.join(', ') || 'its control plane is no node'}): whether it encrypts what it stores is not told to its users`,
    );
  const open = servers.filter(({ metadata }) => metadata.annotations?.[encryptionMark] === undefined);
  return judge(
    open.map(({ metadata }) => ({
      what: `K3s on ${metadata.name} does not encrypt Secrets: the node has no ${encryptionMark}`,
      cure: 'Encryption is decided when a cluster is made: secrets-encryption: true in /etc/rancher/k3s/config.yaml; ./orchestrator.sh destroy and create make one that does',
    })),
    servers.map(({ metadata }) => `${metadata.name}: ${metadata.annotations?.[encryptionMark]}`).join(', '),
  );
}
