import { delimiter, join, resolve } from 'node:path';
import type { Context } from '../command.ts';
import { chooseWord } from '../command.ts';
import { Failure, UsageError } from '../failure.ts';
import { readIfThere } from '../files.ts';
import { createProvider } from '../providers/create.ts';
import { providerNames } from '../providers/provider.ts';
import type { Provider, Work } from '../providers/provider.ts';
import { openKubectl, requireKubectl } from './kubectl.ts';
import type { Kubectl } from './kubectl.ts';
import { kubeconfigFile, readRecord } from './record.ts';
import type { ClusterRecord } from './record.ts';

/** The options by which every command on a cluster says which one is meant, for `parseCommandLine`. */
export const whereOptions = {
  provider: { type: 'string' },
  host: { type: 'string', multiple: true },
  identity: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'load-with': { type: 'string' },
} as const;

/** The same for `--help`. */
export const whereHelp = `Where it runs (create decides, the other commands remember):
  --provider vagrant      two virtual machines on this computer (the default)
  --provider ssh          machines that you have: --host USER@ADDRESS[:PORT], the server first; --identity KEYFILE
  --provider kubeconfig   a cluster that you have: --kubeconfig FILE, --context NAME;
                          --load-with 'COMMAND' brings an image archive into its nodes ('kind load image-archive')
`;

export interface WhereValues {
  provider?: string | undefined;
  host?: string[] | undefined;
  identity?: string | undefined;
  kubeconfig?: string | undefined;
  context?: string | undefined;
  'load-with'?: string | undefined;
}

/** A cluster, and what a command needs to work on it. */
export interface Session extends Work {
  provider: Provider;
  record: ClusterRecord;
  terminal: Context['terminal'];
  /**
   * kubectl on the cluster that `create` made.
   * @param signal ends its commands; the session's own when absent
   * @throws Failure unreachable when there is none yet, missing-tool without kubectl
   */
  kubectl(signal?: AbortSignal): Promise<Kubectl>;
}

/**
 * Which cluster is meant: what the command line says, else what `create` remembered, else two machines of Vagrant.
 * Shown on the terminal, for nothing is guessed silently.
 * @throws UsageError for options that do not go together, or with the cluster that is there
 */
export async function openSession(values: WhereValues, context: Context, signal: AbortSignal): Promise<Session> {
  const { terminal, environment } = context;
  const known = await readRecord();
  const chosen = chooseWhere(values, known);
  const record = { ...(chosen.provider === 'kubeconfig' && defaultKubeconfig(environment.user)), ...chosen };
  const provider = createProvider(record);
  const origin = values.provider === undefined ? (known === undefined ? ' (the default)' : ' (as created)') : '';
  terminal.write(`provider: ${provider.name}${origin}${describe(record)}\n`);
  return {
    provider,
    record,
    terminal,
    environment,
    signal,
    say: (line) => terminal.write(`      ${line}\n`),
    kubectl: async (own = signal) => {
      if ((await readIfThere(kubeconfigFile)) === undefined) throw noCluster();
      const program = await requireKubectl(environment.folders);
      return openKubectl({ program, kubeconfig: kubeconfigFile, signal: own });
    },
  };
}

/** Where kubectl looks by itself; several files it knows how to join, and we leave that to it. */
function defaultKubeconfig({ KUBECONFIG: named, HOME: home }: NodeJS.ProcessEnv): { kubeconfig?: string } {
  if (named?.includes(delimiter)) return {};
  if (named) return { kubeconfig: resolve(named) };
  return home ? { kubeconfig: join(home, '.kube/config') } : {};
}

export function noCluster(): Failure {
  return new Failure('unreachable', `There is no cluster here: ${kubeconfigFile} does not exist.`, {
    cure: './orchestrator.sh create',
  });
}

const belongsTo = {
  host: 'ssh',
  identity: 'ssh',
  kubeconfig: 'kubeconfig',
  context: 'kubeconfig',
  'load-with': 'kubeconfig',
} as const;

/** @throws UsageError */
export function chooseWhere(values: WhereValues, known: ClusterRecord | undefined): ClusterRecord {
  const provider =
    values.provider === undefined
      ? (known?.provider ?? 'vagrant')
      : chooseWord('provider', values.provider, providerNames);
  if (known !== undefined && known.provider !== provider) {
    throw new UsageError(
      `there is a cluster of the provider ${known.provider} already: ./orchestrator.sh destroy first, or leave out --provider`,
    );
  }
  for (const [option, owner] of Object.entries(belongsTo)) {
    if (values[option as keyof typeof belongsTo] !== undefined && owner !== provider) {
      throw new UsageError(`--${option} belongs to --provider ${owner}, not to ${provider}`);
    }
  }
  const { host, identity, kubeconfig, context, 'load-with': loadWith } = values;
  const given: Partial<ClusterRecord> = {
    ...(host && { hosts: host.flatMap((hosts) => hosts.split(',')) }),
    ...(identity && { identityFile: resolve(identity) }),
    ...(kubeconfig && { kubeconfig: resolve(kubeconfig) }),
    ...(context && { context }),
    ...(loadWith && { loadWith }),
  };
  if (known !== undefined) requireSame(known, given);
  const record: ClusterRecord = { ...known, ...given, provider };
  if (provider === 'ssh' && (record.hosts?.length ?? 0) < 2) {
    throw new UsageError('--provider ssh takes two or more machines: --host user@server --host user@agent');
  }
  return record;
}

/**
 * Another cluster than the one that is there must not be meant: what is shown would not be what is changed.
 * @throws UsageError
 */
function requireSame(known: ClusterRecord, given: Partial<ClusterRecord>): void {
  for (const [field, option] of [
    ['kubeconfig', '--kubeconfig'],
    ['context', '--context'],
  ] as const) {
    if (given[field] === undefined || known[field] === undefined || given[field] === known[field]) continue;
    throw new UsageError(
      `the cluster that is there was made with ${option} ${known[field]}: ./orchestrator.sh destroy first, or leave out ${option}`,
    );
  }
  const [server] = known.hosts ?? [];
  if (given.hosts !== undefined && server !== undefined && given.hosts[0] !== server) {
    throw new UsageError(`the server of the cluster that is there is ${server}: ./orchestrator.sh destroy first`);
  }
}

function describe({ hosts, kubeconfig, context }: ClusterRecord): string {
  const parts = [hosts?.join(', '), kubeconfig, context === undefined ? undefined : `context ${context}`];
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? '' : `: ${known.join(', ')}`;
}
