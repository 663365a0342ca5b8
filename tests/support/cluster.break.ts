import { sh } from './cluster.ts';

/** What breaks need of a cluster. */
export interface Material {
  /** An image that the nodes have, with Node in it. */
  image: string;
  /** The name of a node that can be cordoned. */
  node: string;
}

/** A way to break the system on a cluster by hand, and the lines of verify that turn red, and no others. */
export interface ClusterBreak {
  title: string;
  turnsRed: readonly [string, ...string[]];
  /** What the first of them must name. */
  names: RegExp;
  /** Command lines, as a person types them. */
  breaks: readonly string[];
  mends: readonly string[];
}

/** JSON for a shell, on one line. */
const json = (value: unknown): string => `'${JSON.stringify(value)}'`;

export const patch = (object: string, ...operations: object[]): string =>
  `kubectl patch ${object} --type=json -p ${json(operations)}`;

export const make = (object: object): string => `echo ${json(object)} | kubectl create -f -`;

/** A changed template that makes no pods: the workload is not what it should be, and everything goes on. */
export const frozen = (deployment: string, change: string, back: string): Pick<ClusterBreak, 'breaks' | 'mends'> => ({
  breaks: [`kubectl rollout pause deployment/${deployment}`, change],
  mends: [back, `kubectl rollout resume deployment/${deployment}`, `kubectl rollout status deployment/${deployment}`],
});

export const container = '/spec/template/spec/containers/0';

/** The value of a Secret's key, in a shell. */
export const password = '$(kubectl get secret billing-database -o jsonpath={.data.password} | base64 -d)';

const restricted = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
};

/** No Service sends to it. */
export const neverReady = { readinessGates: [{ conditionType: 'microservices/never' }] };

export const pod = (name: string, image: string, command: string[], labels = {}, more = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: {
    ...restricted,
    ...more,
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name,
        image,
        command,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  },
});

/** Runs command lines that must succeed, one after the other. */
export async function runAll(commands: readonly string[]): Promise<void> {
  for (const command of commands) await sh(command);
}
