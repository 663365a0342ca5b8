import { nodePort } from '../cluster/answers.ts';
import { namespace } from '../cluster/kubectl.ts';
import type { Kubectl, KubernetesObject } from '../cluster/kubectl.ts';
import { Failure } from '../failure.ts';
import type { Finding } from '../findings.ts';

interface Node extends KubernetesObject {
  status: { conditions: { type: string; status: string; message?: string }[] };
}

interface Service extends KubernetesObject {
  spec: { ports?: { nodePort?: number }[] };
}

/** The manifests use what came with 1.30: the preStop sleep. */
const oldestMinor = 30;

/** Why the system cannot run on this cluster yet; undefined when it can. Asks only what is quick to answer. */
export async function readyProblem(kubectl: Kubectl): Promise<Failure | undefined> {
  const findings = await checkCluster(kubectl);
  const errors = findings.filter(({ level }) => level === 'error');
  if (errors.length === 0) return undefined;
  return new Failure('unreachable', errors.map(({ message }) => message).join('\n'), {
    cure: errors.flatMap(({ cure }) => cure ?? []).join('\n  '),
  });
}

/**
 * What the system needs of a cluster that somebody else made.
 * @throws Failure unreachable
 */
export async function checkCluster(kubectl: Kubectl): Promise<Finding[]> {
  return [await version(kubectl), ...(await nodes(kubectl)), ...(await parts(kubectl))];
}

async function version(kubectl: Kubectl): Promise<Finding> {
  const { serverVersion } = JSON.parse(await kubectl.run(['version', '-o', 'json', '--request-timeout=10s'])) as {
    serverVersion: { gitVersion: string; minor: string };
  };
  const subject = 'Kubernetes';
  const message = `the API server is ${serverVersion.gitVersion}`;
  if (Number.parseInt(serverVersion.minor, 10) >= oldestMinor) return { level: 'ok', subject, message };
  return { level: 'error', subject, message: `${message}; 1.${oldestMinor} is needed`, cure: 'Upgrade the cluster.' };
}

async function nodes(kubectl: Kubectl): Promise<Finding[]> {
  return (await kubectl.list<Node>('nodes')).map((node) => {
    const ready = node.status.conditions.find(({ type }) => type === 'Ready');
    const subject = `node ${node.metadata.name}`;
    if (ready?.status === 'True') return { level: 'ok', subject, message: 'Ready' };
    const cure = `kubectl describe node ${node.metadata.name}; look at its kubelet, start the machine again`;
    return {
      level: 'error',
      subject,
      message: `${subject} is not Ready: ${ready?.message ?? 'it says nothing'}`,
      cure,
    };
  });
}

async function parts(kubectl: Kubectl): Promise<Finding[]> {
  const [classes, services, metrics] = await Promise.all([
    kubectl.list('storageclasses'),
    kubectl.list<Service>('services', '--all-namespaces'),
    kubectl.run(['get', '--raw', '/apis/metrics.k8s.io/v1beta1/nodes', '--request-timeout=10s']).then(
      () => true,
      () => false,
    ),
  ]);
  const findings: Finding[] = [];
  const isDefault = classes.some(
    ({ metadata }) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
  );
  findings.push(
    isDefault
      ? { level: 'ok', subject: 'storage', message: 'there is a default StorageClass' }
      : {
          level: 'error',
          subject: 'storage',
          message: 'the cluster has no default StorageClass: the databases would get no volumes',
          cure: `kubectl patch storageclass NAME -p '{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}'`,
        },
    metrics
      ? { level: 'ok', subject: 'metrics', message: 'the metrics API answers' }
      : {
          level: 'error',
          subject: 'metrics',
          message: 'the cluster has no metrics API: the autoscalers would be blind',
          cure: 'Install metrics-server (https://github.com/kubernetes-sigs/metrics-server), or wait a minute on a fresh cluster.',
        },
  );
  const holder = services.find(
    ({ metadata, spec }) =>
      !(metadata.namespace === namespace && metadata.name === 'api-gateway') &&
      spec.ports?.some((port) => port.nodePort === nodePort),
  );
  if (holder !== undefined) {
    const name = `${holder.metadata.namespace}/${holder.metadata.name}`;
    findings.push({
      level: 'error',
      subject: `port ${nodePort}`,
      message: `NodePort ${nodePort} is taken by the Service ${name}`,
      cure: `kubectl delete service ${holder.metadata.name} -n ${holder.metadata.namespace}, or give it another nodePort`,
    });
  }
  return findings;
}
