import { CommandError, run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { findProgram } from '../programs.ts';
import { notYet } from '../wait.ts';
import type { Seen } from '../wait.ts';

/** The namespace of the system. */
export const namespace = 'microservices';

/** An object of Kubernetes, as far as every object looks alike. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

export interface KubectlOptions {
  input?: string;
  /** How long the command may take, 30 s when absent: any single question is answered by then, or not at all. */
  timeoutMs?: number;
  onLine?: (line: string) => void;
}

/** kubectl on one cluster. */
export interface Kubectl {
  /** What comes before the arguments: program, kubeconfig, namespace. For commands that are shown, or run on the user's own terminal. */
  argv(args: readonly string[]): string[];
  /** @returns what it wrote to stdout @throws CommandError @throws Failure unreachable */
  run(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** Objects of these resources ("pods", "hpa,deployments"); selectors and the like are further arguments. */
  list<T extends { kind: string } = KubernetesObject>(resources: string, ...args: string[]): Promise<T[]>;
}

const questionTimeoutMs = 30_000;

/** How long one request to the API server may take before kubectl gives it up; below the limit of the command. */
const requestTimeout = '20s';

export interface KubectlTarget {
  /** Path of kubectl. */
  program: string;
  /** kubectl's own choice (KUBECONFIG, ~/.kube/config) when absent. */
  kubeconfig?: string | undefined;
  /** The kubeconfig's current context when absent. */
  context?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The command line; every command names its cluster and its namespace, whatever the user's own configuration says. */
export function kubectlArgv({ program, kubeconfig, context }: KubectlTarget, args: readonly string[]): string[] {
  const file = kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`];
  const where = context === undefined ? [] : [`--context=${context}`];
  return [program, ...file, ...where, `--namespace=${namespace}`, ...args];
}

export function openKubectl(target: KubectlTarget): Kubectl {
  const argv = (args: readonly string[]): string[] => kubectlArgv(target, args);
  const runArgs = async (args: readonly string[], options: KubectlOptions = {}): Promise<string> => {
    try {
      return await run(argv(args), { timeoutMs: questionTimeoutMs, signal: target.signal, ...options });
    } catch (error) {
      // What a program in a pod says is its own affair, and a node that is away is not the cluster.
      throw ['exec', 'logs'].includes(args[0] ?? '') ? error : (obstacle(error) ?? error);
    }
  };
  return {
    argv,
    run: runArgs,
    list: async <T extends { kind: string } = KubernetesObject>(resources: string, ...args: string[]): Promise<T[]> => {
      const text = await runArgs(['get', resources, '-o', 'json', `--request-timeout=${requestTimeout}`, ...args]);
      const answer = JSON.parse(text) as T | { items: T[] };
      return 'items' in answer ? answer.items : [answer];
    },
  };
}

export const installKubectl =
  'Install it: https://kubernetes.io/docs/tasks/tools/    macOS: brew install kubectl    Ubuntu: sudo snap install kubectl --classic';

/** @throws Failure missing-tool */
export async function requireKubectl(folders: readonly string[]): Promise<string> {
  const program = await findProgram('kubectl', folders);
  if (program !== undefined) return program;
  throw new Failure('missing-tool', 'kubectl is not on this machine.', {
    cure: installKubectl,
  });
}

/** What kubectl says before it gets to the matter, and what it means to the user: the first that fits. */
const obstacles: readonly [pattern: RegExp, message: string, cure: string][] = [
  [
    /Error in configuration: context was not found|^error: (context .* does not exist|no context exists|current-context|no configuration has been provided)|localhost:8080/im,
    'The kubeconfig does not name a cluster.',
    'kubectl config get-contexts shows which there are: --context NAME, or another file: --kubeconfig FILE',
  ],
  [
    /^error: (stat .*|error loading config file.*|invalid configuration.*|unable to (load|read).*|.*illegal base64.*)/im,
    'The kubeconfig cannot be used.',
    'Correct the file that --kubeconfig or KUBECONFIG names; kubectl config view shows what kubectl reads.',
  ],
  [
    /Unable to connect to the server: .*(x509|certificate)/i,
    'The cluster does not show the certificate that the kubeconfig expects.',
    'The cluster was made anew, or its clock is wrong: fetch its kubeconfig again.',
  ],
  [
    /^error: You must be logged in|Unauthorized\)?$|getting credentials: exec/im,
    'The cluster does not know the user of the kubeconfig.',
    'Log in again with the tool of your cluster, or fetch its kubeconfig anew.',
  ],
  [
    /\(Forbidden\): .* is forbidden: User /,
    'The user of the kubeconfig may not do this.',
    'Use a kubeconfig with the rights of an administrator (cluster-admin).',
  ],
  [
    /^(Unable to connect to the server|The connection to the server .* was refused|error: .*(connect: |i\/o timeout|TLS handshake timeout|connection refused|no such host)|Error from server \((Timeout|ServiceUnavailable|ServerTimeout)\)|error: the server doesn't have a resource type|.*(net\/http: |Client\.Timeout|context deadline exceeded|http2: client connection lost|connection reset by peer|unexpected EOF|etcdserver: ))/m,
    'The cluster does not answer.',
    'Start it (./orchestrator.sh start), or look whether its address can be reached: kubectl cluster-info',
  ],
];

/** A failed kubectl command as the user's affair, where it is one. */
function obstacle(error: unknown): Failure | undefined {
  if (!(error instanceof CommandError)) return undefined;
  const known = obstacles.find(([pattern]) => pattern.test(error.output));
  return known && new Failure('unreachable', known[1], { cure: known[2], cause: error });
}

/** A probe for `until` on a cluster that may fall silent for a moment, as a small one does under load: that is a state as well. */
export async function patiently<T>(probe: () => Promise<Seen<T>>): Promise<Seen<T>> {
  try {
    return await probe();
  } catch (error) {
    if (error instanceof Failure && error.kind === 'unreachable') return notYet(error.message);
    throw error;
  }
}
