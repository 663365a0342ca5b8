import { readFileSync } from 'node:fs';

/** Reads one variable: returns its value or throws an Error whose message completes the sentence "NAME …". */
interface Variable<T> {
  name: string;
  parse: (text: string) => T;
  fallback?: T;
  secret?: boolean;
}

type Config<S extends Record<string, Variable<unknown>>> = {
  [K in keyof S]: S[K] extends Variable<infer T> ? T : never;
};

export function text(name: string, fallback?: string): Variable<string> {
  return { name, parse: (value) => value, ...given(fallback) };
}

/** A password: taken from NAME, or from the file that NAME_FILE names (a mounted Secret). */
export function secret(name: string): Variable<string> {
  return { name, parse: (value) => value, secret: true };
}

export function integer(name: string, range: { min: number; max: number; fallback?: number }): Variable<number> {
  const parse = (value: string): number => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= range.min && number <= range.max) return number;
    throw new Error(`must be a whole number from ${range.min} to ${range.max}, not "${value}"`);
  };
  return { name, parse, ...given(range.fallback) };
}

export function port(name: string, fallback: number): Variable<number> {
  return integer(name, { min: 1, max: 65_535, fallback });
}

export function oneOf<const T extends string>(name: string, allowed: readonly T[], fallback: T): Variable<T> {
  const parse = (value: string): T => {
    const match = allowed.find((option) => option === value);
    if (match !== undefined) return match;
    throw new Error(`must be one of ${allowed.join(', ')}, not "${value}"`);
  };
  return { name, parse, fallback };
}

/** The origin of an HTTP server, such as http://upstream:8080. */
export function httpOrigin(name: string, fallback: string): Variable<string> {
  const parse = (value: string): string => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url?.protocol === 'http:' && url.href === `${url.origin}/`) return url.origin;
    throw new Error(`must be an address like ${fallback}, not "${value}"`);
  };
  return { name, parse, fallback };
}

/** All that is wrong with the environment, one line each. */
export class ConfigError extends Error {
  constructor(faults: string[]) {
    super(`The configuration is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Reads and checks all variables at once. Throws ConfigError that lists every fault. An empty variable counts as unset. */
export function readConfig<S extends Record<string, Variable<unknown>>>(spec: S, env = process.env): Config<S> {
  const faults: string[] = [];
  const entries = Object.entries(spec).map(([key, variable]) => {
    try {
      return [key, readVariable(variable, env)];
    } catch (error) {
      faults.push(`${variable.name} ${error instanceof Error ? error.message : String(error)}`);
      return [key, undefined];
    }
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.fromEntries(entries) as Config<S>;
}

/** `readConfig` for `main.ts`: prints what is wrong and ends the program with exit code 1. */
export function readConfigOrExit<S extends Record<string, Variable<unknown>>>(spec: S): Config<S> {
  try {
    return readConfig(spec);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(1);
  }
}

function readVariable<T>(variable: Variable<T>, env: NodeJS.ProcessEnv): T {
  const value = env[variable.name] || (variable.secret ? readSecretFile(env[`${variable.name}_FILE`]) : undefined);
  if (value) return variable.parse(value);
  if (variable.fallback !== undefined) return variable.fallback;
  throw new Error(
    `is not set${variable.secret ? ` (nor ${variable.name}_FILE, the path of a file that holds it)` : ''}`,
  );
}

function readSecretFile(path: string | undefined): string | undefined {
  if (!path) return undefined;
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (error) {
    throw new Error(`cannot be read from ${path}`, { cause: error });
  }
}

function given<T>(fallback: T | undefined): { fallback?: T } {
  return fallback === undefined ? {} : { fallback };
}
