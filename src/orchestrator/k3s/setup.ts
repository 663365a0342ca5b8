import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { explainFailure } from '../providers/known-issues.ts';
import type { Work } from '../providers/provider.ts';
import { obtain } from './download.ts';
import { k3sProgram, nodePasswordFile, unitOf } from './node.ts';
import type { Node, Nodes } from './node.ts';
import { architectureOf, readPins, setupScript } from './pins.ts';
import type { Architecture, Pins } from './pins.ts';
import { agentToken, nodePassword, openSecrets, serverToken } from './secrets.ts';

export interface SetupFiles {
  /** Folder of what belongs to this cluster on this machine: its secrets. */
  state: string;
  /** Folder that keeps what was downloaded. */
  cache: string;
  /** Scripts/setup-cluster.sh when absent. */
  script?: string | undefined;
}

/** Longer than all deadlines of the script together, which says what it waits for when one is reached. */
const setupMs = 1_800_000;

/**
 * Makes the machines a cluster, the server first: what each lacks is brought there, then the script does the rest. What is
 * as it should be stays untouched.
 * @throws Failure machine-failed
 */
export async function setUpNodes(nodes: Nodes, files: SetupFiles, work: Work): Promise<void> {
  const script = files.script ?? setupScript;
  const pins = await readPins(script);
  const [server] = nodes;
  const folders = new Map<Node, string>();
  try {
    for (const node of nodes) {
      const found = await inspect(node);
      const folder = await node.remote.upload([
        script,
        ...(await openSecrets(files.state, secretsOf(node))),
        ...(await downloads(found, pins, files.cache, work)),
      ]);
      folders.set(node, folder);
      const home = folders.get(server) ?? folder;
      if (node.role === 'agent' && !found.hasJoined) await runScript(server, home, ['forget', node.name], work);
      await runScript(node, folder, setupWords(node, server), work);
    }
  } finally {
    for (const [node, folder] of folders) await node.remote.discard(folder);
  }
}

/** The arguments of Scripts/setup-cluster.sh that make this machine what it shall be. */
export function setupWords(node: Node, server: Node): string[] {
  const { role, name, address, otherName } = node;
  if (role === 'agent') return [role, name, address, server.address];
  return otherName === undefined || otherName === address ? [role, name, address] : [role, name, address, otherName];
}

const secretsOf = ({ role, name }: Node): string[] =>
  role === 'server' ? [serverToken, agentToken] : [agentToken, nodePassword(name)];

/** What a machine is and has. */
export interface Inspection {
  architecture: Architecture;
  /** Sum of the K3s on it. */
  sha256: string | undefined;
  /** Whether it ever was a node: by its password the server knows it. */
  hasJoined: boolean;
}

const inspection = `uname -m; sha256sum ${k3sProgram} 2>/dev/null || echo none; test -e ${nodePasswordFile} && echo joined || echo new`;

async function inspect({ name, remote }: Node): Promise<Inspection> {
  const text = await remote.run(['sh', '-c', inspection]);
  const found = parseInspection(text);
  if (found !== undefined) return found;
  throw new Failure(
    'machine-failed',
    `The machine ${name} has a processor that there is no K3s for: ${text.split('\n')[0]}.`,
    {
      cure: 'Take a machine with an amd64 or arm64 processor.',
    },
  );
}

/** The three lines of the inspection; undefined for a processor that we have no K3s for. */
export function parseInspection(text: string): Inspection | undefined {
  const [machine = '', sum = '', joined = ''] = text.trim().split('\n');
  const architecture = architectureOf(machine);
  if (architecture === undefined) return undefined;
  return { architecture, sha256: /^[0-9a-f]{64}/.exec(sum)?.[0], hasJoined: joined === 'joined' };
}

/** A machine that has this K3s needs nothing; nor does this one then need a network. */
async function downloads(found: Inspection, pins: Pins, cache: string, work: Work): Promise<string[]> {
  const binary = pins.binary[found.architecture];
  if (found.sha256 === binary.sha256 && found.hasJoined) return [];
  const folder = join(cache, 'k3s', pins.version);
  const paths: string[] = [];
  for (const [pin, path] of [
    [binary, join(folder, found.architecture, binary.name)],
    [pins.installer, join(folder, pins.installer.name)],
  ] as const) {
    await obtain(pin, path, work);
    paths.push(path);
  }
  return paths;
}

async function runScript(node: Node, folder: string, words: readonly string[], work: Work): Promise<void> {
  const script = `${folder}/setup-cluster.sh`;
  const onLine = (line: string): void => work.say(`${node.name}: ${line}`);
  try {
    await node.remote.run(['sh', script, ...words], { timeoutMs: setupMs, onLine });
  } catch (error) {
    throw explainFailure(`K3s could not be set up on ${node.name}`, error, {
      kind: 'machine-failed',
      cure: `Look at its log there: sudo journalctl -u ${unitOf(node)} -n 100. Then run again: it goes on where it stopped.`,
    });
  }
}
