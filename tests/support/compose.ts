import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '@orchestrator/orchestrator/cluster/kubectl.ts';
import { parse } from 'yaml';

type Texts = Record<string, string>;

/** What runs under a name, said the same way for Compose and for Kubernetes. */
interface Part {
  image: string;
  user: string;
  /** What is started in place of the image's own program. */
  command: string[];
  /** With what is read from files (NAME_FILE) put in its place. */
  environment: Texts;
  /** Content by path. */
  files: Texts;
  /** Where its data is. */
  data: string[];
  published: string[];
  health: string;
  memory: string;
  stopSeconds: number;
  hardened: boolean;
}

interface Probe {
  httpGet?: { path: string; port: string };
  tcpSocket?: { port: string };
  exec?: { command: string[] };
}

interface Container {
  image: string;
  command?: string[];
  env: Array<{ name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }>;
  ports: Array<{ name: string; containerPort: number }>;
  resources: { limits: { memory: string } };
  readinessProbe: Probe;
  securityContext: { allowPrivilegeEscalation: boolean; capabilities: { drop: string[] } };
  volumeMounts: Array<{ name: string; mountPath: string; subPath?: string }>;
}

interface Volume {
  name: string;
  configMap?: { name: string };
  secret?: { secretName: string; items?: Array<{ key: string }> };
  persistentVolumeClaim?: object;
}

interface Pod {
  terminationGracePeriodSeconds: number;
  securityContext: { runAsUser: number; runAsGroup: number };
  containers: [Container];
  volumes: Volume[];
}

interface WorkloadSpec {
  template: { spec: Pod };
  volumeClaimTemplates?: Array<{ metadata: { name: string } }>;
}

interface ServiceSpec {
  ports: Array<{ nodePort?: number; targetPort: string }>;
}

/** Every Deployment and StatefulSet. */
export function partsOfManifests(objects: readonly KubernetesObject[]): Map<string, Part> {
  const workloads = objects.filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind));
  return new Map(workloads.map((object) => [object.metadata.name, partOfWorkload(object, objects)]));
}

function partOfWorkload(object: KubernetesObject, objects: readonly KubernetesObject[]): Part {
  const { template, volumeClaimTemplates = [] } = object['spec'] as WorkloadSpec;
  const pod = template.spec;
  const [container] = pod.containers;
  const named = (kind: string, name: string): KubernetesObject | undefined =>
    objects.find((each) => each.kind === kind && each.metadata.name === name);
  const secret = (name: string): Texts => (named('Secret', name)?.['stringData'] ?? {}) as Texts;

  const claims = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name));
  for (const { name, persistentVolumeClaim } of pod.volumes) if (persistentVolumeClaim) claims.add(name);
  const files = container.volumeMounts.flatMap(({ name, mountPath, subPath }) => {
    const volume = pod.volumes.find((each) => each.name === name);
    const keys = volume?.secret?.items?.map(({ key }) => key);
    const texts = volume?.secret
      ? secret(volume.secret.secretName)
      : ((named('ConfigMap', volume?.configMap?.name ?? '')?.['data'] ?? {}) as Texts);
    if (subPath !== undefined) return texts[subPath] === undefined ? [] : [[mountPath, texts[subPath]]];
    return Object.entries(texts)
      .filter(([key]) => keys?.includes(key) ?? true)
      .map(([key, text]) => [`${mountPath}/${key}`, text]);
  });
  const env = container.env.map(({ name, value, valueFrom }) => {
    const reference = valueFrom?.secretKeyRef;
    return [name, reference === undefined ? value : secret(reference.name)[reference.key]];
  });
  const port = (name: string): number | undefined => container.ports.find((each) => each.name === name)?.containerPort;
  const service = named('Service', object.metadata.name)?.['spec'] as ServiceSpec | undefined;
  const published = (service?.ports ?? []).filter(({ nodePort }) => nodePort !== undefined);
  const { httpGet, tcpSocket, exec } = container.readinessProbe;
  return readFiles({
    image: container.image,
    user: `${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`,
    command: container.command ?? [],
    environment: Object.fromEntries(env) as Texts,
    files: Object.fromEntries(files) as Texts,
    data: container.volumeMounts.filter(({ name }) => claims.has(name)).map(({ mountPath }) => mountPath),
    published: published.map(({ nodePort, targetPort }) => `${nodePort}:${port(targetPort)}`),
    health: httpGet
      ? `http://127.0.0.1:${port(httpGet.port)}${httpGet.path}`
      : (exec?.command.join(' ') ?? `127.0.0.1 ${port(tcpSocket?.port ?? '')}`),
    memory: container.resources.limits.memory,
    stopSeconds: pod.terminationGracePeriodSeconds,
    hardened:
      !container.securityContext.allowPrivilegeEscalation &&
      isDeepStrictEqual(container.securityContext.capabilities.drop, ['ALL']),
  });
}

interface ComposeFile {
  services: Record<string, ComposeService>;
  configs: Record<string, { content: string }>;
  volumes: Record<string, null>;
}

interface ComposeService {
  image: string;
  user: string;
  entrypoint?: string[];
  environment: Texts;
  configs?: Array<{ source: string; target: string }>;
  volumes?: string[];
  ports?: string[];
  healthcheck: { test: string[] };
  mem_limit: string;
  stop_grace_period: string;
  cap_drop: string[];
  security_opt: string[];
}

/** Every service of compose.yaml, for somebody who has set no variable. */
export function partsOfCompose(text: string): Map<string, Part> {
  const withDefaults = text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1').replaceAll('$$', '$');
  const file = parse(withDefaults, { merge: true }) as ComposeFile;
  return new Map(Object.entries(file.services).map(([name, service]) => [name, partOfService(service, file)]));
}

function partOfService(service: ComposeService, { configs, volumes }: ComposeFile): Part {
  const files = (service.configs ?? []).map(({ source, target }) => [target, configs[source]?.content]);
  const data = (service.volumes ?? []).map((volume) => volume.split(':') as [string, string]);
  return readFiles({
    image: service.image,
    user: service.user,
    command: service.entrypoint ?? [],
    environment: service.environment,
    files: Object.fromEntries(files) as Texts,
    data: data.map(([name, path]) => (name in volumes ? path : `${name} is not declared`)),
    published: service.ports ?? [],
    health: service.healthcheck.test.slice(1).join(' '),
    memory: service.mem_limit.replace(/m$/, 'Mi'),
    stopSeconds: Number.parseInt(service.stop_grace_period, 10),
    hardened:
      isDeepStrictEqual(service.cap_drop, ['ALL']) &&
      isDeepStrictEqual(service.security_opt, ['no-new-privileges:true']),
  });
}

/** NAME_FILE, which a program reads, becomes NAME with what it finds there. */
function readFiles(part: Part): Part {
  const environment: Texts = {};
  const files = { ...part.files };
  for (const [name, value] of Object.entries(part.environment)) {
    const text = name.endsWith('_FILE') ? files[value] : undefined;
    environment[text === undefined ? name : name.slice(0, -'_FILE'.length)] = text ?? value;
    if (text !== undefined) delete files[value];
  }
  return { ...part, environment, files };
}
