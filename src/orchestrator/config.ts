import type { Environment } from './environment.ts';
import { usualFolders } from './programs.ts';

/** Those of the user's variables that are also the services' affair. */
const forServices = ['LOG_LEVEL', 'NODE_COMPILE_CACHE'];

export function readEnvironment(): Environment {
  const user = process.env;
  const path = (user['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return {
    folders: [...new Set([...path, ...usualFolders])],
    services: Object.fromEntries(forServices.flatMap((name) => (user[name] === undefined ? [] : [[name, user[name]]]))),
    user,
    dockerHubUsername: user['DOCKER_HUB_USERNAME'] || undefined,
    unattended: (user['CI'] ?? '') !== '' || user['TERM'] === 'dumb',
  };
}
