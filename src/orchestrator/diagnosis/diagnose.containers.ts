import { constants } from 'node:os';
import { imageCause, isImageProblem } from './diagnose.images.ts';
import { wordsOfPrograms } from './diagnose.logs.ts';
import type { Diagnosis } from './diagnosis.ts';
import { componentOf, cures, kubectlCommand } from './diagnosis.ts';
import type { ContainerStatus, Pod, TerminatedState } from './objects.ts';
import { eventsOf, logKey, recentMs } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

export type Cause = Pick<Diagnosis, 'message' | 'cure' | 'final' | 'evidence'> & { level?: Diagnosis['level'] };

/** Why a container does not run, or did not until a moment ago; undefined when there is nothing to say about it. */
export function containerCause(
  pod: Pod,
  status: ContainerStatus,
  snapshot: Snapshot,
  nowMs: number,
): Cause | undefined {
  const { state, lastState } = status;
  const waiting = state.waiting?.reason;
  const said = state.waiting?.message ?? '';
  if (isImageProblem(waiting)) {
    // Kubernetes before 1.32 gives the reason of a back-off in the events only.
    const events = eventsOf(snapshot, 'Pod', pod.metadata).filter(({ reason }) =>
      /^(Failed|InspectFailed)$/.test(reason),
    );
    const evidence = [
      said.replace(/^Back-off pulling image "[^"]*"(: )?/, ''),
      ...events.map(({ message }) => message),
    ].find((text) => text !== '' && !text.startsWith('Error: '));
    const text = [waiting, said, evidence].join('\n');
    return { ...imageCause(status.image, text), evidence: evidence ?? said };
  }
  if (waiting === 'CreateContainerConfigError') return configurationCause(said);
  const ended = state.terminated ?? lastState?.terminated;
  const log = snapshot.logs[logKey(pod, status.name)] ?? '';
  const cannotStart = ['RunContainerError', 'CreateContainerError', 'StartError', 'ContainerCannotRun'];
  if (cannotStart.includes(waiting ?? '') || (!status.ready && cannotStart.includes(ended?.reason ?? ''))) {
    return startCause(status.image, said || (ended?.message ?? ''));
  }
  // A container that ended in peace and is ready again was asked to.
  if (ended === undefined || (ended.exitCode === 0 && status.ready)) return undefined;
  const ageMs = nowMs - Date.parse(ended.finishedAt ?? '');
  if (status.ready && !(ageMs < recentMs)) return undefined;
  if (!status.ready && state.running !== undefined && !(ageMs < recentMs)) return undefined;
  return { ...crashCause(pod, status, ended, log, snapshot), level: status.ready ? 'warning' : 'error' };
}

function configurationCause(said: string): Cause {
  const [, kind = '', name = ''] = /(secret|configmap) "([^"]+)" not found/i.exec(said) ?? [];
  const [, key, inKind = '', inName = ''] = /find key (\S+) in (Secret|ConfigMap) [^/\s]+\/(\S+)/i.exec(said) ?? [];
  if (name !== '') return { ...missing(`the ${nameOfKind(kind)} ${name} is missing`), evidence: said };
  if (key !== undefined) {
    return { ...missing(`the ${nameOfKind(inKind)} ${inName} has no key ${key}`), evidence: said };
  }
  if (/runAsNonRoot/.test(said)) {
    return {
      message: 'its image would run as root, which the manifest forbids',
      cure: cures(
        '# give the container a runAsUser in its securityContext, or its Dockerfile a numeric USER',
        './orchestrator.sh deploy',
      ),
      evidence: said,
      final: true,
    };
  }
  return { message: 'its configuration cannot be used', cure: './orchestrator.sh deploy', evidence: said, final: true };
}

/** A Secret or ConfigMap that a pod wants and the cluster does not have. */
export const missing = (message: string): Cause => ({
  message,
  cure: './orchestrator.sh deploy   # applies all that the manifests hold',
  final: true,
});

const nameOfKind = (kind: string): string => (kind.toLowerCase() === 'secret' ? 'Secret' : 'ConfigMap');

function startCause(image: string, said: string): Cause {
  if (isWrongCpu(said)) return wrongCpu(image, said);
  const message = /no such file or directory|not found in \$PATH/.test(said)
    ? `the command of its container is not in the image ${image}`
    : 'its container cannot be started';
  return { message, cure: `docker run --rm ${image}   # does the image start here?`, evidence: said, final: true };
}

const isWrongCpu = (text: string): boolean => /exec format error/i.test(text);

const wrongCpu = (image: string, evidence: string): Cause => ({
  message: `the image ${image} is made for another CPU than the node's`,
  cure: './orchestrator.sh build -- --platform linux/arm64 && ./orchestrator.sh deploy   # or linux/amd64, as the nodes are',
  evidence,
  final: true,
});

/** A container that ended by itself, or was killed. */
function crashCause(
  pod: Pod,
  { image, restartCount }: ContainerStatus,
  ended: TerminatedState,
  log: string,
  snapshot: Snapshot,
): Cause {
  const component = componentOf(pod);
  const evidence = log || (ended.message ?? '');
  if (isWrongCpu(evidence)) return wrongCpu(image, evidence);
  if (ended.reason === 'OOMKilled') {
    return {
      message: `it needed more memory than its limit and was killed (OOMKilled, ${times(restartCount)} so far)`,
      cure: cures(`grep -n -A1 limits: Manifests/${component}.yaml   # raise the limit`, './orchestrator.sh deploy'),
      evidence,
    };
  }
  const known = wordsOfPrograms(evidence);
  if (known !== undefined) return { evidence, ...known };
  const look = kubectlCommand(`logs -l app.kubernetes.io/name=${component} --prefix --tail=50`);
  const killing = eventsOf(snapshot, 'Pod', pod.metadata).find(
    ({ reason, message }) => reason === 'Killing' && /failed (liveness|startup) probe/.test(message),
  );
  if (killing !== undefined && ended.exitCode > 128) {
    const probe = /failed (\w+) probe/.exec(killing.message)?.[1] ?? '';
    const failed = eventsOf(snapshot, 'Pod', pod.metadata).find(({ message }) =>
      message.toLowerCase().startsWith(`${probe} probe failed`),
    );
    return {
      message: `it did not answer its ${probe} probe and was started again (${times(restartCount)} so far)`,
      cure: look,
      evidence: [failed?.message, log].filter(Boolean).join('\n'),
    };
  }
  return {
    message: `its program ended (${describeEnd(ended)}) and was started again (${times(restartCount)} so far)`,
    cure: look,
    evidence,
  };
}

/** Above 128 a shell's way to say which signal ended it (https://tldp.org/LDP/abs/html/exitcodes.html). */
function describeEnd({ exitCode }: Pick<TerminatedState, 'exitCode'>): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return signal === undefined ? `exit code ${exitCode}` : `exit code ${exitCode}, ${signal[0]}`;
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
