import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';

/** The API server answers within a second; admission webhooks of other people's clusters may take their time. */
const applyTimeoutMs = 120_000;

/**
 * Server-side apply: what stands in the objects becomes so, whoever set it before; what others added stays.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export async function applyObjects(kubectl: Kubectl, objects: readonly KubernetesObject[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const how = ['--server-side', '--force-conflicts', '--field-manager=orchestrator'];
  try {
    await kubectl.run(['apply', ...how, '-f', '-'], { input, timeoutMs: applyTimeoutMs });
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new Failure('rollout-failed', 'The cluster did not take the manifests.', {
      cause,
      cure: 'Correct what it names. A field that may not change (a selector, a volume claim): delete that object, then deploy again.',
    });
  }
}
