import { UsageError } from '../failure.ts';

/** The images that are built here, in this order; each has a folder in Dockerfiles. */
export const ownImages = ['api-gateway', 'inventory-app', 'billing-app'] as const;

/** The images that the system uses as they are. */
export const foreignImages = ['postgres:15-alpine', 'rabbitmq:3-management-alpine'] as const;

/** What stands in the manifests in place of a user. */
export const placeholderUser = 'yourusername';

const dockerHub = 'docker.io';

/**
 * The full name of an image, which means the same to every tool and to a node: docker.io/user/app:1. Short names do not:
 * buildah makes localhost/user/app of user/app.
 * @param user of Docker Hub; or another registry with a path: ghcr.io/user, localhost:5000/user
 */
export function fullName(user: string, image: string): string {
  return hasRegistry(user) ? `${user}/${image}` : `${dockerHub}/${user}/${image}`;
}

/** Where one logs in to push the images of this user. */
export function registryOf(user: string): string {
  return hasRegistry(user) ? user.slice(0, user.indexOf('/')) : dockerHub;
}

/** As docker decides it: only the name of a host has a dot or a port, but for localhost. */
function hasRegistry(user: string): boolean {
  return user.includes('/') && /^(localhost|[^/]*[.:][^/]*)\//.test(user);
}

/** @throws UsageError when the name cannot be one of Docker Hub or a registry with a path */
export function checkUser(user: string): string {
  if (/^([a-z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._/-][a-z0-9]+)*$/.test(user)) return user;
  throw new UsageError(`DOCKER_HUB_USERNAME is "${user}", which is no name that an image can have (lower case only)`);
}

/** @throws UsageError; https://pkg.go.dev/github.com/distribution/reference has the grammar of a tag */
export function checkTag(tag: string): string {
  if (/^\w[\w.-]{0,127}$/.test(tag)) return tag;
  throw new UsageError(`"${tag}" is no tag: letters, digits, and . _ - after the first, 128 at the most`);
}
