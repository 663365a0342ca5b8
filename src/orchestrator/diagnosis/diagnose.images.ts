import { placeholderUser } from '../images/names.ts';
import type { Diagnosis } from './diagnosis.ts';
import { cures } from './diagnosis.ts';

/** What a kubelet calls an image that it cannot run. */
const imageReasons = [
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
];

export const isImageProblem = (reason: string | undefined): boolean => imageReasons.includes(reason ?? '');

type ImageCause = Pick<Diagnosis, 'message' | 'cure' | 'final'>;

/**
 * Why an image does not come.
 * @param image as the pod names it
 * @param text all that the kubelet said about it
 */
export function imageCause(image: string, text: string): ImageCause {
  if (image.includes(`${placeholderUser}/`)) {
    return {
      message: `the image name still has the placeholder ${placeholderUser}`,
      cure: cures(
        'DOCKER_HUB_USERNAME=you ./orchestrator.sh deploy   # your images on Docker Hub',
        './orchestrator.sh build && ./orchestrator.sh deploy   # without a registry: loads them into the nodes',
      ),
      final: true,
    };
  }
  const known = obstacles.find(({ pattern }) => pattern.test(text));
  return known === undefined
    ? { message: `the image ${image} cannot be had`, cure: `docker pull ${image}   # what does it say here?` }
    : { message: known.message(image), cure: known.cure(image), final: known.final };
}

interface Obstacle {
  pattern: RegExp;
  message: (image: string) => string;
  cure: (image: string) => string;
  final: boolean;
}

const nameOf = (image: string): string => image.replace(/[:@][^/]*$/, '');

/** The words of containerd and the kubelet; the first that fits. */
const obstacles: readonly Obstacle[] = [
  {
    pattern: /InvalidImageName|couldn't parse image|invalid reference format/i,
    message: (image) => `${image} is not the name of an image`,
    cure: () => cures('grep -n image: Manifests/*.yaml   # look for an empty name or tag', './orchestrator.sh deploy'),
    final: true,
  },
  {
    pattern: /ErrImageNeverPull|not present with pull policy of Never/,
    message: (image) => `the image ${image} is not on the node, and its pull policy forbids to fetch it`,
    cure: () => './orchestrator.sh build   # loads the images into every node',
    final: true,
  },
  {
    pattern: /toomanyrequests|too many requests|\b429\b|rate limit/i,
    message: () => 'Docker Hub refuses more downloads from this address for now (its rate limit)',
    cure: () =>
      cures(
        './orchestrator.sh build --all   # loads every image from this machine instead',
        '# or wait: the limit is lifted after some hours; a login raises it',
      ),
    final: false,
  },
  {
    pattern: /no match for platform|does not match the specified platform|no matching manifest/i,
    message: (image) => `there is no ${image} for the CPU of the node`,
    cure: () => './orchestrator.sh build -- --platform linux/arm64   # or linux/amd64, as the nodes are',
    final: true,
  },
  {
    pattern: /x509|certificate/i,
    message: (image) => `the node does not trust the registry of ${image}`,
    cure: () =>
      '# on the node: is its clock right (date)? Does a proxy stand in between? Its certificate belongs into /etc/ssl/certs',
    final: false,
  },
  {
    pattern: /pull access denied|insufficient_scope|authorization failed|unauthorized|403 Forbidden|denied:/i,
    message: (image) => `the registry has no ${nameOf(image)}, or it is private`,
    cure: (image) =>
      cures(
        `docker manifest inspect ${image}   # does it exist? Is the user name right?`,
        'DOCKER_HUB_USERNAME=you ./orchestrator.sh build && DOCKER_HUB_USERNAME=you ./orchestrator.sh deploy',
        '# a private repository: make it public at https://hub.docker.com',
      ),
    final: true,
  },
  {
    pattern: /not found|manifest unknown|NotFound/,
    message: (image) => `the registry has no ${image}`,
    cure: (image) =>
      cures(
        `docker manifest inspect ${image}   # does this tag exist?`,
        'DOCKER_HUB_USERNAME=you ./orchestrator.sh build && DOCKER_HUB_USERNAME=you ./orchestrator.sh deploy',
      ),
    final: true,
  },
  {
    pattern:
      /no such host|dial tcp|i\/o timeout|connection refused|handshake timeout|unreachable|server misbehaving|EOF|deadline exceeded/i,
    message: () => 'the nodes do not reach the registry',
    cure: () =>
      cures(
        '# on a node: getent hosts registry-1.docker.io; curl -sS https://registry-1.docker.io/v2/',
        './orchestrator.sh build --all   # without a registry: loads every image from this machine',
      ),
    final: false,
  },
];
