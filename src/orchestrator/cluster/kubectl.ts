import { CommandError, run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { findProgram } from '../programs.ts';

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
  /** @returns what it wrote to stdout @throws CommandError */
  run(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** Objects of these resources ("pods", "hpa,deployments"); selectors and the like are further arguments. */
  list<T extends KubernetesObject>(resources: string, ...args: string[]): Promise<T[]>;
}

const questionTimeoutMs = 30_000;

/** How long one request to the API server may take before kubectl gives it up; below the limit of the command. */
const requestTimeout = '20s';

export interface KubectlTarget {
  /** Path of kubectl. */
  program: string;
  kubeconfig: string;
  /** The kubeconfig's current context when absent. */
  context?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The command line; every command names its cluster and its namespace, whatever the user's own configuration says. */
export function kubectlArgv({ program, kubeconfig, context }: KubectlTarget, args: readonly string[]): string[] {
  const where = context === undefined ? [] : [`--context=${context}`];
  return [program, `--kubeconfig=${kubeconfig}`, ...where, `--namespace=${namespace}`, ...args];
}

export function openKubectl(target: KubectlTarget): Kubectl {
  const argv = (args: readonly string[]): string[] => kubectlArgv(target, args);
  const runArgs = (args: readonly string[], options: KubectlOptions = {}): Promise<string> =>
    run(argv(args), { timeoutMs: questionTimeoutMs, signal: target.signal, ...options });
  return {
    argv,
    run: runArgs,
    list: async <T extends KubernetesObject>(resources: string, ...args: string[]): Promise<T[]> => {
      const text = await runArgs(['get', resources, '-o', 'json', `--request-timeout=${requestTimeout}`, ...args]);
      const answer = JSON.parse(text) as T | { items: T[] };
      return 'items' in answer ? (answer.items as T[]) : [answer];
    },
  };
}

/** @throws Failure missing-tool */
export async function requireKubectl(folders: readonly string[]): Promise<string> {
  const program = await findProgram('kubectl', folders);
  if (program !== undefined) return program;
  throw new Failure('missing-tool', 'kubectl is not on this machine.', {
    cure: 'Install it: https://kubernetes.io/docs/tasks/tools/    macOS: brew install kubectl    Ubuntu: sudo snap install kubectl --classic',
  });
}

/** What kubectl says when nobody answers, or somebody else than a Kubernetes API server, or one that does not know us. */
const unreachable =
  /connection refused|was refused|no route to host|i\/o timeout|TLS handshake timeout|no such host|Client\.Timeout|deadline exceeded|network is unreachable|Unable to connect|the server could not find the requested resource|Unauthorized|You must be logged in|x509|connection reset|EOF$/im;

/** Whether the command failed because the cluster cannot be reached or does not let us in. */
export function isUnreachable(error: unknown): error is CommandError {
  return error instanceof CommandError && unreachable.test(error.output);
}
