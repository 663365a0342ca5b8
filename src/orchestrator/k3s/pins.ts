import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What makes a machine a node: this very script, and in its head what is installed. */
export const setupScript = fileURLToPath(new URL('../../../Scripts/setup-cluster.sh', import.meta.url));

/** A file of the network that is used only with this content. */
export interface Pin {
  /** The name under which Scripts/setup-cluster.sh looks for it. */
  name: string;
  url: string;
  sha256: string;
}

export type Architecture = 'amd64' | 'arm64';

export interface Pins {
  version: string;
  binary: Record<Architecture, Pin>;
  installer: Pin;
}

/** The pins in the head of Scripts/setup-cluster.sh, their only home. */
export function parsePins(script: string): Pins {
  const get = (name: string): string => {
    const value = new RegExp(`^${name}=(\\S+)$`, 'm').exec(script)?.[1];
    if (value === undefined) throw new Error(`Scripts/setup-cluster.sh has no line ${name}=…`);
    return value;
  };
  const version = get('k3s_version');
  const binary = (asset: string, architecture: Architecture): Pin => ({
    name: 'k3s',
    url: `https://github.com/k3s-io/k3s/releases/download/${version}/${asset}`,
    sha256: get(`k3s_sha256_${architecture}`),
  });
  return {
    version,
    binary: { amd64: binary('k3s', 'amd64'), arm64: binary('k3s-arm64', 'arm64') },
    installer: {
      name: 'install.sh',
      url: `https://raw.githubusercontent.com/k3s-io/k3s/${get('install_commit')}/install.sh`,
      sha256: get('install_sha256'),
    },
  };
}

export const readPins = async (script: string): Promise<Pins> => parsePins(await readFile(script, 'utf8'));

/** What `uname -m` calls the processors that there is a K3s for. */
export function architectureOf(machine: string): Architecture | undefined {
  if (machine === 'x86_64' || machine === 'amd64') return 'amd64';
  return machine === 'aarch64' || machine === 'arm64' ? 'arm64' : undefined;
}
