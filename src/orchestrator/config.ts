/** The one place of the orchestrator that reads the environment. */

/** Those of the named variables that are set: what a program that we start may know of the user's environment. */
export function inherited(...names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** The folders in which programs are looked for: PATH, then where packages put what is not in an ordinary user's PATH. */
export function programFolders(): string[] {
  const usual = [
    '/usr/local/sbin',
    '/usr/local/bin',
    '/usr/sbin',
    '/usr/bin',
    '/opt/homebrew/sbin',
    '/opt/homebrew/bin',
  ];
  return [...new Set([...(process.env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/')), ...usual])];
}

/** The user's environment with additions, for a program that the user works with, such as psql. */
export function userEnvironment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...additions };
}

/** Whether this runs where nobody watches, so that nothing is redrawn or asked. */
export function inCi(): boolean {
  return (process.env['CI'] ?? '') !== '' || process.env['TERM'] === 'dumb';
}
