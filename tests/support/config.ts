import { execFile } from 'node:child_process';
import { root } from './readme.ts';

interface Reading {
  /** The variables that the service asks for. */
  names: string[];
  /** What it makes of them; absent when something is wrong. */
  config?: unknown;
  /** What it says is wrong, one line each. */
  faults: string[];
}

/** Lets a service's own `readConfig` read an environment of these variables alone. */
export async function readConfig(service: string, env: Record<string, string>): Promise<Reading> {
  const script = `
    const names = new Set();
    const note = (env, name) => (names.add(name), env[name]);
    process.env = new Proxy(${JSON.stringify(env)}, { get: note });
    const { readConfig } = await import(${JSON.stringify(`${root}src/${service}/config.ts`)});
    names.clear();
    let config;
    process.on('exit', () => console.log(JSON.stringify({ names: [...names], config })));
    config = readConfig();`;
  const { promise, resolve, reject } = Promise.withResolvers<Reading>();
  execFile(process.execPath, ['--input-type=module', '--eval', script], (error, stdout, stderr) => {
    const faults = [...stderr.matchAll(/^ {2}- (.+)$/gm)].map(([, fault = '']) => fault);
    if (error && faults.length === 0) reject(error);
    else resolve({ ...(JSON.parse(stdout) as Pick<Reading, 'names' | 'config'>), faults });
  });
  return promise;
}
