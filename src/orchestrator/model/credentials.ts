import type { Path } from './path.ts';

/** Names of what must not be known. */
export const SECRET_NAME = /pass(word|wd|phrase)?\b|secret|token|credential|cookie|api_?key|private_?key/i;

/** `password = x`, `"password": "x"`, `PASSWORD=x`; but not where a shell or SQL puts it in. */
export function givesPassword(line: string): boolean {
  const [, value = ''] = /pass(?:word|wd)?(?:\s*=\s*|["']\s*:\s*|:\s+)["']?([^\s"',]*)/i.exec(line) ?? [];
  return value !== '' && !/^[$:`]/.test(value) && !line.trimStart().startsWith('#');
}

/** Every text in an object, with its path. */
export function textsIn(value: unknown, path: Path = []): Array<[Path, string]> {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  const entries: Array<[string | number, unknown]> = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([key, each]) => textsIn(each, [...path, key]));
}
