import type { Finding } from '../findings.ts';
import type { Environment } from '../environment.ts';

/** Where a cluster can run. The first is the default. */
export const providerNames = ['vagrant', 'ssh', 'kubeconfig'] as const;
export type ProviderName = (typeof providerNames)[number];

/** What a provider needs to work: whom to tell, and when to stop. */
export interface Work {
  environment: Environment;
  /** Tells the user what is being done, a line at a time. */
  say: (line: string) => void;
  /** Fires at Ctrl-C. */
  signal: AbortSignal;
}

export interface Machine {
  name: string;
  role: 'server' | 'agent';
  state: 'running' | 'stopped' | 'absent' | 'unknown';
  /** IPv4 address by which the machines reach each other; undefined as long as there is none. */
  address?: string | undefined;
  /** What is worth knowing beyond the state: the provider's own word for it, a cause. */
  detail?: string | undefined;
}

/** A kind of place where the cluster runs. Every method can be called again: it goes on where an interrupted call stopped. */
export interface Provider {
  readonly name: ProviderName;
  /** Looks at this machine, and what it reaches, for what the provider needs. Changes nothing. */
  check(work: Work): Promise<Finding[]>;
  /** What `up`, `halt` and `remove` would do now, a line each; for --dry-run. */
  plan(action: 'up' | 'halt' | 'remove', work: Work): Promise<string[]>;
  /**
   * Machines exist and run, Kubernetes on them answers, every node is Ready.
   * @returns a kubeconfig (YAML) with an address of the API server that this machine reaches, and one context
   * @throws Failure machine-failed, missing-tool, unreachable
   */
  up(work: Work): Promise<string>;
  /** Stops the machines in order; the data stays. Nothing to do where the machines are not ours. */
  halt(work: Work): Promise<void>;
  /** Removes all that `up` made. */
  remove(work: Work): Promise<void>;
  /** The machines as they are now; none where the cluster's nodes are all that is known. */
  machines(work: Work): Promise<Machine[]>;
  /**
   * Brings an image archive (as `docker save` writes it) into the image store of every node, and checks that it arrived.
   * @param references the images in the archive, by their full names: docker.io/user/app:1
   * @throws Failure image-failed
   */
  load(archive: string, references: readonly string[], work: Work): Promise<void>;
}
