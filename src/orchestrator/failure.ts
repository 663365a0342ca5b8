/**
 * The exit codes of every command. Documented here, shown by `--help`; nothing else exits with a number of its own.
 * 64 to 113 are free for programs (https://tldp.org/LDP/abs/html/exitcodes.html).
 */
export const exitCodes = {
  ok: { code: 0, means: 'done' },
  bug: { code: 1, means: 'an error that should not be: please report it' },
  usage: { code: 2, means: 'wrong command line' },
  'not-running': { code: 64, means: 'the system does not run' },
  'already-running': { code: 65, means: 'the system runs already' },
  'port-in-use': { code: 66, means: 'a port is taken by another program' },
  'missing-tool': { code: 67, means: 'something is missing on this machine and could not be installed' },
  'start-failed': { code: 68, means: 'a component did not start, or not in time' },
  'not-writable': { code: 69, means: 'a folder cannot be written' },
  unreachable: { code: 70, means: 'the cluster does not answer, or there is none' },
  'machine-failed': { code: 71, means: 'a machine, or Kubernetes on it, could not be made to run' },
  'image-failed': { code: 72, means: 'an image could not be built, published or loaded into the nodes' },
  'rollout-failed': { code: 73, means: 'the cluster took the system, and it does not work' },
  busy: { code: 74, means: 'another command of the orchestrator is at work on the cluster' },
  unhealthy: { code: 75, means: 'status or doctor found something wrong' },
  declined: { code: 76, means: 'the question was not answered with yes; nothing was changed' },
  'bad-manifest': { code: 77, means: 'a file of Manifests/ cannot be used' },
  'promise-broken': { code: 78, means: 'verify, drill or load found a promise broken' },
  interrupted: { code: 130, means: 'stopped by Ctrl-C before it was done' },
} as const;

export type FailureKind = Exclude<keyof typeof exitCodes, 'ok' | 'bug' | 'usage'>;

/** Something that the user can do something about: what happened and why, then what to do now. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly cure: string | undefined;

  constructor(kind: FailureKind, message: string, options: { cure?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.cure = options.cure;
  }
}

/** A wrong command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
