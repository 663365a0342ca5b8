import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifests } from './manifest.ts';
import { podSecurityRules } from './rules.pod-security.ts';

const pod = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations: { container.apparmor.security.beta.kubernetes.io/main: runtime/default }
    spec:
      securityContext:
        appArmorProfile: { type: RuntimeDefault }
        seLinuxOptions: { type: container_t, level: 's0:c1' }
        sysctls: [{ name: net.ipv4.ip_unprivileged_port_start, value: '0' }]
      initContainers:
        - name: first
          image: example.org/first:1
          securityContext: &restricted
            allowPrivilegeEscalation: false
            capabilities: { drop: [ALL], add: [NET_BIND_SERVICE] }
            procMount: Default
            runAsNonRoot: true
            runAsUser: 1000
            seccompProfile: { type: Localhost, localhostProfile: web.json }
      containers:
        - name: main
          image: example.org/main:1
          ports: [{ containerPort: 80, hostPort: 0 }]
          livenessProbe: { httpGet: { path: /, port: 80 } }
          securityContext: *restricted
      volumes:
        - { name: a, projected: { sources: [] } }
        - { name: b, csi: { driver: example.org } }
        - { name: c, ephemeral: {} }
        - { name: d, image: { reference: example.org/files:1 } }
        - { name: e, downwardAPI: {} }
`;

function brokenChecks(text: string): string[] {
  const { manifests } = parseManifests('web.yaml', text);
  const system = { manifests, facts: undefined as never };
  return podSecurityRules.filter(({ check }) => [...check(system)].length > 0).map(({ name }) => name);
}

test('a pod may do all that "restricted" allows', () => {
  assert.deepEqual(brokenChecks(pod), []);
});

test('AppArmor must not be switched off the old way either', () => {
  assert.deepEqual(brokenChecks(pod.replace('runtime/default', 'unconfined')), ['Pod Security: appArmorProfile']);
});

test('containers that come first must be restricted, too', () => {
  assert.equal(brokenChecks(pod.replace('securityContext: &restricted', 'x: &restricted')).length, 4);
});
