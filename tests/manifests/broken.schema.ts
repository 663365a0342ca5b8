import { append, set, swap } from './spoil.ts';
import type { Spoil } from './spoil.ts';

/** Copies that Kubernetes would refuse or misunderstand, and what must be said of each. */
export const notTaken: ReadonlyArray<readonly [said: RegExp, file: string, spoil: Spoil]> = [
  // Not YAML, or not what it looks like.
  [/Map keys must be unique/, 'api-gateway', swap('minReplicas: 1', 'minReplicas: 1\n  minReplicas: 2')],
  [/^api-gateway\.yaml:\d+:\d+ .*same column/, 'api-gateway', swap('  minReplicas: 1', '   minReplicas: 1')],
  [/data\.flag: must be a string, not true/, 'postgres-config', swap('\ndata:\n', '\ndata:\n  flag: yes\n')],
  [/emptyDir: is empty/, 'billing-database', swap('emptyDir: {}', 'emptyDir:')],
  [/is no object of Kubernetes/, 'namespace', append('just text')],
  // Unknown fields, at every depth.
  [/spec\.behaviour: unknown field, did you mean "behavior"\?/, 'api-gateway', swap('behavior:', 'behaviour:')],
  [
    /metrics\[0\]\.resource\.target\.averageUtilisation: .*"averageUtilization"/,
    'api-gateway',
    swap('averageUtilization', 'averageUtilisation'),
  ],
  [/spec\.minReplica: unknown field, did you mean "minReplicas"/, 'inventory-app', swap('minReplicas', 'minReplica')],
  [/containers\[0\]\.volumeMount: .*"volumeMounts"/, 'rabbitmq', swap('volumeMounts:', 'volumeMount:')],
  [
    /readinessProbe\.timeout: unknown field/,
    'rabbitmq',
    set('Deployment', 'spec.template.spec.containers.0.readinessProbe.timeout', 5),
  ],
  [
    /spec\.template\.spec\.replicas: unknown field/,
    'billing-app',
    set('StatefulSet', 'spec.template.spec.replicas', 1),
  ],
  [/status: unknown field/, 'rabbitmq', set('Deployment', 'status', { replicas: 1 })],
  [/stringdata: .*"stringData"/, 'secrets', swap('stringData:', 'stringdata:')],
  // Types.
  [
    /containerPort: must be a whole number, not the string "3000"/,
    'api-gateway',
    swap('containerPort: 3000', "containerPort: '3000'"),
  ],
  [/readOnly: must be true or false, not the string "true"/, 'api-gateway', swap('readOnly: true', "readOnly: 'true'")],
  [
    /env\[0\]\.value: must be a string, not 8080/,
    'api-gateway',
    swap('value: http://inventory-app:8080', 'value: 8080'),
  ],
  [/replicas: must be a whole number, not 1\.5/, 'billing-app', swap('replicas: 1', 'replicas: 1.5')],
  [/ports: must be a list, not an object/, 'billing-app', set('Service', 'spec.ports', { port: 8080 })],
  [/selector: must be an object, not the string/, 'billing-app', set('Service', 'spec.selector', 'billing-app')],
  [/data\.password: must be base64/, 'secrets', set('Secret', 'data', { password: 'not base64' })],
  // Values.
  [/"Nodeport" is none of .*, did you mean "NodePort"\?/, 'api-gateway', swap('type: NodePort', 'type: Nodeport')],
  [/"Utilisation" is none of/, 'api-gateway', swap('type: Utilization', 'type: Utilisation')],
  [/"Recreated" is none of/, 'rabbitmq', swap('type: Recreate', 'type: Recreated')],
  [/policyTypes\[1\]: "egress" is none of/, 'network-policies', swap('[Ingress, Egress]', '[Ingress, egress]')],
  [/"IfNotPresented" is none of/, 'rabbitmq', swap('IfNotPresent', 'IfNotPresented')],
  [/operator: "exists" is none of/, 'rabbitmq', swap('operator: Exists', 'operator: exists')],
  [/requests\.cpu: must be a quantity .* not "100 m"/, 'api-gateway', swap('cpu: 100m', 'cpu: 100 m')],
  [/storage: must be a quantity .* not "2GB"/, 'billing-database', swap('storage: 2Gi', 'storage: 2GB')],
  [/nodePort: must be a node port from 30000 to 32767/, 'api-gateway', swap('nodePort: 30000', 'nodePort: 3000')],
  [
    /containerPort: must be a port from 1 to 65535/,
    'api-gateway',
    swap('containerPort: 3000', 'containerPort: 300000'),
  ],
  [/metadata\.name: must be a DNS name/, 'api-gateway', swap('name: api-gateway', 'name: api_gateway')],
  [
    /name: must be a port name/,
    'rabbitmq',
    set('Deployment', 'spec.template.spec.containers.0.ports.1.name', 'management-page-of-rabbitmq'),
  ],
  [/must be a label/, 'billing-app', swap('part-of: microservices', 'part-of: the microservices')],
  [/defaultMode: must be a file mode/, 'billing-app', swap('defaultMode: 0440', 'defaultMode: 640')],
  [/maxSurge: must be a number of pods or a percentage/, 'api-gateway', swap('maxSurge: 1', 'maxSurge: one')],
  [/periodSeconds: must be at least 1/, 'api-gateway', swap('periodSeconds: 1', 'periodSeconds: 0')],
  [/image: must be an image name/, 'api-gateway', swap('yourusername/api-gateway', 'YourUserName/api-gateway')],
  [/drop\[0\]: must be a capability/, 'rabbitmq', swap('drop: [ALL]', 'drop: [all]')],
  // What is missing.
  [/spec: required field "maxReplicas" is missing/, 'api-gateway', swap('maxReplicas: 3', '')],
  [/spec: required field "selector" is missing/, 'billing-app', set('StatefulSet', 'spec.selector')],
  [
    /containers\[0\]: required field "name" is missing/,
    'rabbitmq',
    set('Deployment', 'spec.template.spec.containers.0.name'),
  ],
  [/metadata: required field "name" is missing/, 'namespace', set('Namespace', 'metadata.name')],
  // Kinds and API versions.
  [
    /no HorizontalPodAutoscaler in autoscaling\/v2beta2, use autoscaling\/v2/,
    'api-gateway',
    swap('autoscaling/v2', 'autoscaling/v2beta2'),
  ],
  [/no PodDisruptionBudget in policy\/v1beta1, use policy\/v1/, 'api-gateway', swap('policy/v1', 'policy/v1beta1')],
  [/no Deployment in v1, use apps\/v1/, 'rabbitmq', swap('apps/v1', 'v1')],
  [
    /unknown kind "Statefulset", did you mean "StatefulSet"/,
    'billing-app',
    swap('kind: StatefulSet', 'kind: Statefulset'),
  ],
  [/unknown kind/, 'namespace', append('kind: Widget\nmetadata: { name: x }')],
];
