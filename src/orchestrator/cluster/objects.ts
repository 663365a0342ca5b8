import type { KubernetesObject } from './kubectl.ts';

export interface Container {
  name: string;
  image: string;
  [field: string]: unknown;
}

/** What a Deployment or a StatefulSet makes pods from. */
export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: {
    containers: Container[];
    securityContext?: object;
    volumes?: { configMap?: { name: string }; secret?: { secretName: string } }[];
  };
}

/** A Deployment or a StatefulSet. */
export interface Workload extends KubernetesObject {
  kind: 'Deployment' | 'StatefulSet';
  spec: { replicas?: number; template: PodTemplate; [field: string]: unknown };
}

export const isWorkload = (object: KubernetesObject): object is Workload =>
  object.kind === 'Deployment' || object.kind === 'StatefulSet';

export interface Secret extends KubernetesObject {
  kind: 'Secret';
  /** As it is written in a manifest. */
  stringData?: Record<string, string>;
  /** As the cluster has it: base64. */
  data?: Record<string, string>;
}

export const isSecret = (object: KubernetesObject): object is Secret => object.kind === 'Secret';

/** How people and kubectl name an object: statefulset/billing-app. */
export const nameOf = ({ kind, metadata }: { kind: string; metadata: { name: string } }): string =>
  `${kind.toLowerCase()}/${metadata.name}`;
