import { nameOf } from '../../cluster/objects.ts';
import { containersIn } from '../../model/containers.ts';
import { showPath } from '../../model/path.ts';
import { podSecurityChecks } from '../../model/pod-security.ts';
import type { Outcome } from '../check.ts';
import { deployAgain, judge } from './live.ts';
import type { Fault } from './live.ts';
import { ofKind, partName, staying } from './objects.ts';
import type { LivePod, Objects } from './objects.ts';

/** https://kubernetes.io/docs/concepts/security/pod-security-admission/ */
const enforceLabel = 'pod-security.kubernetes.io/enforce';

/** What the label of the namespace says; what it does, a pod that is refused shows. */
export function enforcedLevel(objects: Objects): string | undefined {
  const home = ofKind(objects, 'Namespace').find(({ metadata }) => metadata.name === 'microservices');
  return home?.metadata.labels?.[enforceLabel];
}

export const enforceCure = `kubectl label namespace microservices ${enforceLabel}=restricted --overwrite`;

/** Every pod keeps to the standard, also one that was there before it was enforced. */
export function decideRestricted(objects: Objects): Outcome {
  const pods = staying(ofKind(objects, 'Pod'));
  const faults = pods.flatMap((pod) =>
    Object.values(podSecurityChecks).flatMap((check) =>
      check(pod).map(([path, message]) => `${nameOf(pod)}: ${showPath(path)} ${message}`),
    ),
  );
  return judge(withCures(faults), `all ${pods.length} pods`);
}

/** What lies beyond the standard: no way to the API server, nothing to write on, no surprising variables. */
export function decideHardened(objects: Objects): Outcome {
  const pods = staying(ofKind(objects, 'Pod')).filter((pod) => partName(pod) !== '');
  return judge(withCures(pods.flatMap(hardeningFaults)), `all ${pods.length} pods`);
}

function hardeningFaults(pod: LivePod): string[] {
  const { spec } = pod;
  const hasToken = (spec.volumes ?? []).some(({ projected }) =>
    projected?.sources?.some((source) => 'serviceAccountToken' in source),
  );
  const writable = containersIn(spec).filter(
    ({ container }) => container.securityContext?.readOnlyRootFilesystem !== true,
  );
  return [
    ...(hasToken ? [`${nameOf(pod)} has a token for the API server (automountServiceAccountToken)`] : []),
    ...(spec.enableServiceLinks === false ? [] : [`${nameOf(pod)} gets variables from Services (enableServiceLinks)`]),
    ...writable.map(
      ({ container }) => `${nameOf(pod)}, container ${container.name}: its root file system can be written`,
    ),
  ];
}

const withCures = (faults: readonly string[]): Fault[] => faults.map((what) => ({ what, cure: deployAgain }));
