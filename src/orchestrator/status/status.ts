import type { Finding } from '../findings.ts';
import { Failure } from '../failure.ts';
import { CommandError } from '../exec.ts';
import type { Machine } from '../providers/provider.ts';
import { diagnose } from '../diagnosis/diagnose.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import type { Session } from '../cluster/session.ts';
import { takeSnapshot } from '../diagnosis/snapshot.ts';
import type { Snapshot } from '../diagnosis/snapshot.ts';
import { askGateway, findDemonstrationSecrets, readQueues } from './probes.ts';
import type { GatewayAnswer, Queue } from './probes.ts';
import { credentialFindings, gatewayFindings, machineFindings, queueFindings } from './findings.ts';
import { autoscalerLines, eventLines, nodeLines, podLines, volumeLines } from './lines.ts';
import type { AutoscalerLine, EventLine, NodeLine, PodLine, VolumeLine } from './lines.ts';

/** What `status -o json` prints. Without an answer of the cluster, everything but machines and findings is empty. */
export interface ClusterStatus {
  provider: string;
  /** Whether the cluster answered. */
  reachable: boolean;
  /** Whether no finding is an error. */
  healthy: boolean;
  machines: Machine[];
  nodes: NodeLine[];
  pods: PodLine[];
  autoscalers: AutoscalerLine[];
  volumes: VolumeLine[];
  /** Absent while the broker is away. */
  queues?: Queue[];
  /** The gateway's port on each node, asked from this machine. */
  gateway: GatewayAnswer[];
  /** Secrets that still have values of Manifests/secrets.yaml. */
  demonstrationSecrets: string[];
  /** The last warnings of the namespace, the newest first. */
  events: EventLine[];
  /** What is wrong, the cause that others follow from first. */
  findings: Finding[];
}

/** Looks at machines, cluster and system, once. A cluster that does not answer is a finding. */
export async function readStatus(session: Session): Promise<ClusterStatus> {
  const [machines, seen] = await Promise.all([readMachines(session), lookAtCluster(session)]);
  const snapshot = 'snapshot' in seen ? seen.snapshot : undefined;
  const fromMachines = machineFindings(machines.machines, snapshot);
  const obstacle = 'obstacle' in seen && fromMachines.length === 0 ? [seen.obstacle] : [];
  const common = { provider: session.provider.name, machines: machines.machines };
  const first = [...machines.findings, ...fromMachines, ...obstacle];
  if (!('snapshot' in seen)) return { ...unseen, ...common, findings: first };
  const system = await lookAtSystem(seen.kubectl, seen.snapshot, machines.machines.length > 0);
  const findings = [...first, ...system.findings];
  return { ...common, reachable: true, ...system, findings, healthy: findings.every(({ level }) => level !== 'error') };
}

const unseen = {
  reachable: false,
  healthy: false,
  nodes: [],
  pods: [],
  autoscalers: [],
  volumes: [],
  gateway: [],
  demonstrationSecrets: [],
  events: [],
};

async function readMachines(session: Session): Promise<{ machines: Machine[]; findings: Finding[] }> {
  try {
    return { machines: await session.provider.machines(session), findings: [] };
  } catch (error) {
    session.signal.throwIfAborted();
    if (!(error instanceof Failure || error instanceof CommandError)) throw error;
    const cure = (error instanceof Failure ? error.cure : undefined) ?? './orchestrator.sh doctor';
    return { machines: [], findings: [{ level: 'warning', subject: 'machines', message: error.message, cure }] };
  }
}

type Seen = { kubectl: Kubectl; snapshot: Snapshot } | { obstacle: Finding };

async function lookAtCluster(session: Session): Promise<Seen> {
  try {
    const kubectl = await session.kubectl();
    return { kubectl, snapshot: await takeSnapshot(kubectl) };
  } catch (error) {
    session.signal.throwIfAborted();
    if (!(error instanceof Failure && error.kind === 'unreachable')) throw error;
    const { message, cure = './orchestrator.sh doctor' } = error;
    return { obstacle: { level: 'error', subject: 'cluster', message, cure } };
  }
}

async function lookAtSystem(kubectl: Kubectl, snapshot: Snapshot, ours: boolean) {
  const [queues, gateway, demonstrationSecrets] = await Promise.all([
    readQueues(kubectl, snapshot),
    askGateway(snapshot),
    findDemonstrationSecrets(kubectl),
  ]);
  const now = Date.now();
  const findings: Finding[] = [
    ...diagnose(snapshot, now),
    ...queueFindings(queues, snapshot),
    ...gatewayFindings(gateway, ours),
    ...credentialFindings(demonstrationSecrets),
  ];
  return {
    nodes: nodeLines(snapshot, now),
    pods: podLines(snapshot, now),
    autoscalers: autoscalerLines(snapshot),
    volumes: volumeLines(snapshot),
    ...(queues !== undefined && { queues }),
    gateway,
    demonstrationSecrets,
    events: eventLines(snapshot, now),
    findings,
  };
}
