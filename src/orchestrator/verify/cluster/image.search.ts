/** Runs in a container: no imports. */

export interface ImageFindings {
  files: number;
  /** Which of the values stand in which file of the image. */
  found: { path: string; value: number }[];
  /** Which of them are in the environment of the first process. */
  inEnvironment: number[];
  /** The names of its variables that are not empty. */
  variables: string[];
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
  const inEnvironment = [...values.keys()].filter((index) =>
    environment.some((one) => one.includes(values[index] ?? '')),
  );
  const variables = environment.filter((one) => /=./.test(one)).map((one) => one.slice(0, one.indexOf('=')));
  return { files, found, inEnvironment, variables };
}
