/** Runs in a container: no imports. */

export interface ImageFindings {
  files: number;
  /** Which of the values stand in which file of the image. */
  found: { path: string; value: number }[];
  /** The variables of the first process that are not empty, and which of the values stand in each. */
  variables: { name: string; values: number[] }[];
}

/**
 * Looks for values in all files that the container has from its image: those of its root file system, not what is mounted
 * into it.
 */
export async function searchImage(values: readonly string[]): Promise<ImageFindings> {
  const { lstatSync, readdirSync, readFileSync } = process.getBuiltinModule('node:fs');
  const device = lstatSync('/').dev;
  const needles = values.map((value) => Buffer.from(value));
  const found: ImageFindings['found'] = [];
  let files = 0;
  const folders = ['/'];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch {
      return undefined; // root's own
    }
  };
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of attempt(() => readdirSync(folder)) ?? []) {
      const path = `${folder === '/' ? '' : folder}/${name}`;
      const stat = attempt(() => lstatSync(path));
      if (stat?.dev !== device) continue;
      if (stat.isDirectory()) folders.push(path);
      if (!stat.isFile()) continue;
      const content = attempt(() => readFileSync(path));
      if (content === undefined) continue;
      files += 1;
      for (const [value, needle] of needles.entries()) if (content.includes(needle)) found.push({ path, value });
    }
  }
  const environment = readFileSync('/proc/1/environ', 'utf8').split('\0');
  const variables = environment
    .filter((one) => /=./.test(one))
    .map((one) => ({
      name: one.slice(0, one.indexOf('=')),
      values: [...values.keys()].filter((index) => one.includes(values[index] ?? '')),
    }));
  return { files, found, variables };
}
