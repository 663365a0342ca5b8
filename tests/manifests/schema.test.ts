import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showPath } from '@orchestrator/orchestrator/model/path.ts';
import { parseManifests } from './manifest.ts';
import { enums } from './schema.enums.ts';
import { formats } from './schema.formats.ts';
import { schemaBreaches, types } from './schema.ts';

/** What a file with this text breaks, as `line:column path: message`. */
function breachesOf(text: string): string[] {
  const { manifests, breaches } = parseManifests('x.yaml', text);
  return [...breaches, ...manifests.flatMap(schemaBreaches)].map(({ at, path, message }) => {
    const { line, column } = at.position(path);
    return `${line}:${column} ${showPath(path)}: ${message}`;
  });
}

test('the table is whole: each of its types is in it or is a simple one', () => {
  const simple = ['string', 'boolean', 'int32', 'int64', 'double', 'byte', 'date-time', 'int-or-string', 'any'];
  for (const [type, fields] of types) {
    assert.ok(fields.size > 0 && !fields.has(''), type);
    for (const [name, field] of fields) {
      const item = field.type.replace(/^map\((.*)\)$/, '$1').replace(/(\[\])*$/, '');
      assert.ok(types.has(item) || simple.includes(item), `${type}.${name}: ${field.type}`);
    }
  }
});

test('every enumerated or formatted field is one that Kubernetes has', () => {
  for (const field of [...Object.keys(enums), ...Object.keys(formats)]) {
    const [type = '', name = ''] = field.split('.');
    assert.ok(types.get(type)?.has(name), field);
  }
  for (const field of Object.keys(enums)) {
    const [type = '', name = ''] = field.split('.');
    assert.match(types.get(type)?.get(name)?.type ?? '', /^string(\[\])?$/, field);
  }
});

/** Types of volumes that a restricted pod may not have, and names of things that each cluster has of its own. */
const open = [
  /^V1(AzureDisk|ScaleIO)/,
  /\.fsType$/,
  /^V1(Secret|SELinuxOptions|PodFailurePolicyOnPodConditionsPattern)\.type$/,
  /^V1PodCertificateProjection\.keyType$/,
  /^V1PodReadinessGate\.conditionType$/,
  /^V1Lifecycle\.stopSignal$/,
];

test('every field that sounds like one of few values has them listed', () => {
  const sound =
    /(Policy|Policies|Mode|Modes|[tT]ype|Types|operator|protocol|effect|scheme|Propagation|Families|Signal)$/;
  for (const [type, fields] of types) {
    for (const [name, field] of fields) {
      const id = `${type}.${name}`;
      if (!/^string(\[\])?$/.test(field.type) || !sound.test(name) || open.some((each) => each.test(id))) continue;
      assert.ok(id in enums, `${id} has no values in schema.enums.ts`);
    }
  }
});

test('objects of other kinds that Kubernetes takes are taken', () => {
  const good = `# A comment of its own.
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: data, annotations: { example.org/note: 'any text: at all' } }
spec:
  capacity: { storage: 2Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  local: { path: /srv/data }
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions: [{ key: kubernetes.io/hostname, operator: In, values: [agent] }]
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: 0 3 * * *
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
            - name: main
              image: registry.example.org:5000/team/main@sha256:${'0'.repeat(64)}
              resources: { limits: { cpu: 1, memory: 1.5Gi } }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: readers }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: reader }]
---
`;
  assert.deepEqual(breachesOf(good), []);
});

test('a finding says where it is and what was meant', () => {
  const bad = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports:
    - port: 80
      targetport: http
    - 443
`;
  assert.deepEqual(breachesOf(bad), [
    '8:7 spec.ports[0].targetport: unknown field, did you mean "targetPort"?',
    '9:7 spec.ports[1]: must be an object, not 443',
  ]);
});
