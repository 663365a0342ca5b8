import type { Container, PodSpec } from './kubernetes.ts';
import type { Path } from './path.ts';

/** The containers of every sort, those that initialise and those that debug as well, and where each stands in the spec's pod. */
export function containersIn(spec: PodSpec): Array<{ container: Container; path: Path }> {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ container, path: ['spec', list, index] })),
  );
}
