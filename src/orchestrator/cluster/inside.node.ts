import type { Kubectl } from './kubectl.ts';

/** Starting Node on a busy node, and whatever the program does there. */
const insideTimeoutMs = 60_000;

/**
 * Runs a function in a pod that has Node. It is sent as text, so it knows nothing but its argument and what Node has built in
 * (`process.getBuiltinModule`); what it returns comes back as JSON.
 * @param pod as kubectl takes it: a pod's name, or deployment/api-gateway
 * @param where further options of kubectl: another namespace
 * @throws CommandError when it throws there
 */
export async function runInside<A, R>(
  kubectl: Kubectl,
  pod: string,
  program: (argument: A) => R | Promise<R>,
  argument: A,
  where: readonly string[] = [],
): Promise<R> {
  const source = `Promise.resolve((${program.toString()})(${JSON.stringify(argument)}))
    .then((result) => process.stdout.write(JSON.stringify(result), () => process.exit()));`;
  // On stdin, for everybody on the node sees arguments.
  const text = await kubectl.run(['exec', '-i', ...where, pod, '--', 'node', '-'], {
    input: source,
    timeoutMs: insideTimeoutMs,
  });
  return JSON.parse(text) as R;
}
