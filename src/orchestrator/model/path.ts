/** Where something stands in an object: `['spec', 'ports', 0, 'port']`. */
export type Path = ReadonlyArray<string | number>;

/** `['spec', 'ports', 0]` as `spec.ports[0]`. */
export function showPath(path: Path): string {
  const parts = path.map((part) => {
    if (typeof part === 'number') return `[${part}]`;
    return /^[\w-]+$/.test(part) ? `.${part}` : `["${part}"]`;
  });
  return parts.join('').replace(/^\./, '');
}
