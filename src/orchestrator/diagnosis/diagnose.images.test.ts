import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, testCauses, theCause } from './diagnose.cases.ts';
import { crashed, event, logOf, pod, pulling, waiting } from './diagnose.fixtures.ts';

const gateway = 'api-gateway';

testCauses([
  [
    'the placeholder is left in an image name',
    {
      pods: [
        pod(gateway, { status: { ...pulling('x', 'pull access denied'), image: 'yourusername/api-gateway:0.1.0' } }),
      ],
    },
    'error api-gateway: the image name still has the placeholder yourusername',
    true,
  ],
  [
    'the repository does not exist or is private',
    {
      pods: [
        pod(gateway, {
          status: pulling(
            'me/api-gateway',
            'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
          ),
        }),
      ],
    },
    'error api-gateway: the registry has no docker.io/me/api-gateway, or it is private',
    true,
  ],
  [
    'the tag does not exist',
    {
      pods: [
        pod(gateway, {
          status: waiting(
            'ErrImagePull',
            'failed to resolve reference "docker.io/me/api-gateway:0.1.0": docker.io/me/api-gateway:0.1.0: not found',
          ),
        }),
      ],
    },
    'error api-gateway: the registry has no docker.io/me/api-gateway:0.1.0',
    true,
  ],
  [
    'Docker Hub limits downloads',
    {
      pods: [
        pod(gateway, {
          status: pulling(
            'me/x',
            'unexpected status code 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit',
          ),
        }),
      ],
    },
    'error api-gateway: Docker Hub refuses more downloads from this address for now (its rate limit)',
    false,
  ],
  [
    'the nodes reach no registry',
    {
      pods: [
        pod(gateway, {
          status: pulling(
            'me/x',
            'failed to do request: Head "https://registry-1.docker.io/v2/me/x/manifests/1": dial tcp: lookup registry-1.docker.io on 10.0.2.3:53: read udp 10.0.2.15:38693->10.0.2.3:53: i/o timeout',
          ),
        }),
      ],
    },
    'error api-gateway: the nodes do not reach the registry',
    false,
  ],
  [
    'an older Kubernetes gives the reason in the events only',
    {
      pods: [pod(gateway, { status: waiting('ImagePullBackOff', 'Back-off pulling image "me/x:1"') })],
      events: [
        event('Pod/api-gateway-6bb9d67b86-kbvx6', 'Failed', 'Error: ImagePullBackOff'),
        event(
          'Pod/api-gateway-6bb9d67b86-kbvx6',
          'Failed',
          'Failed to pull image "me/x:1": no match for platform in manifest: not found',
        ),
      ],
    },
    'error api-gateway: there is no docker.io/me/api-gateway:0.1.0 for the CPU of the node',
    true,
  ],
  [
    'the image name is none',
    {
      pods: [
        pod(gateway, {
          status: {
            ...waiting('InvalidImageName', 'Failed to apply default image tag "Me/x:1": couldn\'t parse image name'),
            image: 'Me/x:1',
          },
        }),
      ],
    },
    'error api-gateway: Me/x:1 is not the name of an image',
    true,
  ],
  [
    'the image is not on the node and must not be fetched',
    {
      pods: [
        pod(gateway, {
          status: {
            ...waiting('ErrImageNeverPull', 'Container image "me/x:1" is not present with pull policy of Never'),
            image: 'me/x:1',
          },
        }),
      ],
    },
    'error api-gateway: the image me/x:1 is not on the node, and its pull policy forbids to fetch it',
    true,
  ],
  [
    'the image is for another CPU',
    {
      pods: [pod(gateway, { status: crashed(255) })],
      ...logOf('api-gateway', 'exec /usr/local/bin/node: exec format error'),
    },
    "error api-gateway: the image docker.io/me/api-gateway:0.1.0 is made for another CPU than the node's",
    true,
  ],
  [
    'the command is not in the image',
    {
      pods: [
        pod(gateway, {
          status: {
            ...waiting(
              'RunContainerError',
              'OCI runtime create failed: exec: "nosuch": executable file not found in $PATH: unknown',
            ),
            restartCount: 2,
          },
        }),
      ],
    },
    'error api-gateway: the command of its container is not in the image docker.io/me/api-gateway:0.1.0',
    true,
  ],
]);

test('the evidence is what the kubelet said', () => {
  const change = { pods: [pod(gateway, { status: pulling('me/x:1', 'denied: no') })] };
  assert.equal(theCause(change).evidence, 'ErrImagePull: failed to pull and unpack image: denied: no');
});

test('pods with the same cause are one finding', () => {
  const status = pulling('x', 'pull access denied');
  const change = {
    pods: ['api-gateway', 'inventory-app', 'billing-app'].map((name) =>
      pod(name, { status: { ...status, image: `yourusername/${name}:0.1.0` } }),
    ),
  };
  assert.deepEqual(found(change), [
    'error api-gateway, inventory-app, billing-app: the image name still has the placeholder yourusername',
  ]);
});
