/** The system as the contract draws it, for the manifests, and for what a cluster has of them, to be compared with. */

export const NAMESPACE = 'microservices';

interface Component {
  kind: 'Deployment' | 'StatefulSet';
  /** `app.kubernetes.io/component` */
  role: 'service' | 'database' | 'broker';
  /** What its Service offers. */
  ports: readonly number[];
  /** Kept by an autoscaler between 1 and 3; all others are one. */
  autoscaled?: true;
}

export const components: Readonly<Record<string, Component>> = {
  'api-gateway': { kind: 'Deployment', role: 'service', ports: [3000], autoscaled: true },
  'inventory-app': { kind: 'Deployment', role: 'service', ports: [8080], autoscaled: true },
  'billing-app': { kind: 'StatefulSet', role: 'service', ports: [8080] },
  'inventory-database': { kind: 'StatefulSet', role: 'database', ports: [5432] },
  'billing-database': { kind: 'StatefulSet', role: 'database', ports: [5432] },
  rabbitmq: { kind: 'Deployment', role: 'broker', ports: [5672, 15_672] },
};

/** Of each service; no client reaches it. */
export const metricsPort = 9464;

/** Those that are ours. */
export const services = Object.keys(components).filter((name) => components[name]?.role === 'service');

/** Whoever is not a pod of the cluster. */
export const CLIENT = 'client';

/** Who opens connections to whom. A consumer of a queue connects to the broker, too. */
export const arrows: ReadonlyArray<readonly [from: string, to: string, port: number]> = [
  [CLIENT, 'api-gateway', 3000],
  ['api-gateway', 'inventory-app', 8080],
  ['api-gateway', 'rabbitmq', 5672],
  ['api-gateway', 'billing-app', 8080],
  ['inventory-app', 'inventory-database', 5432],
  ['billing-app', 'rabbitmq', 5672],
  ['billing-app', 'billing-database', 5432],
];

/** Which database a service finds where, and as whom. */
export const databases: ReadonlyArray<{ service: string; host: string; database: string; owner?: string }> = [
  { service: 'inventory-app', host: 'inventory-database', database: 'inventory' },
  { service: 'billing-app', host: 'billing-database', database: 'orders', owner: 'billing_user' },
];

/** The objects of each file, in the order in which they are needed. */
export const files: Readonly<Record<string, readonly string[]>> = {
  'namespace.yaml': ['Namespace'],
  'secrets.yaml': ['Secret', 'Secret', 'Secret'],
  'network-policies.yaml': Array.from({ length: 2 + arrows.length }, () => 'NetworkPolicy'),
  'postgres-config.yaml': ['ConfigMap'],
  'api-gateway.yaml': ['ServiceAccount', 'Service', 'Deployment', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'],
  'inventory-app.yaml': ['ServiceAccount', 'Service', 'Deployment', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'],
  'billing-app.yaml': ['ServiceAccount', 'Service', 'StatefulSet'],
  'inventory-database.yaml': ['ServiceAccount', 'Service', 'StatefulSet'],
  'billing-database.yaml': ['ServiceAccount', 'Service', 'StatefulSet'],
  'rabbitmq.yaml': ['ServiceAccount', 'Service', 'PersistentVolumeClaim', 'ConfigMap', 'Deployment'],
};
