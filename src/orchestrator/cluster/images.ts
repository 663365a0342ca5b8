import { fullName, ownImages, placeholderUser } from '../images/names.ts';
import type { ImageRecord } from '../images/record.ts';
import type { KubernetesObject } from './kubectl.ts';
import { isWorkload } from './objects.ts';
import type { Workload } from './objects.ts';

export interface ImageChoice {
  /** Under whose name our images are; the one that stands in the manifests when undefined. */
  user?: string | undefined;
  /** Instead of the version that stands in the manifests. */
  tag?: string | undefined;
  /** What `build` made on this machine. */
  record: ImageRecord;
}

/** Under whose name our images stand in these objects: the placeholder, or what somebody put in its place. */
export function userInManifests(objects: readonly KubernetesObject[]): string {
  const images = objects.filter(isWorkload).flatMap(({ spec }) => spec.template.spec.containers);
  return images.map(({ image }) => ownImage(image)?.user).find((user) => user !== undefined) ?? placeholderUser;
}

/**
 * The same objects with the user's images. What was built and published here is named by its digest; what was only loaded
 * into the nodes leaves its id in an annotation: either way, a new image under an old tag makes new pods.
 */
export function nameImages(objects: readonly KubernetesObject[], choice: ImageChoice): KubernetesObject[] {
  return objects.map((object) => (isWorkload(object) ? nameImagesOf(object, choice) : object));
}

function nameImagesOf(workload: Workload, choice: ImageChoice): Workload {
  const { template } = workload.spec;
  const ids: string[] = [];
  const containers = template.spec.containers.map((container) => {
    const own = ownImage(container.image);
    if (own === undefined) return container;
    const user = choice.user ?? own.user;
    const path = `${own.name}:${choice.tag ?? own.tag}`;
    const image = `${user}/${path}`;
    const built = choice.record[fullName(user, path)];
    if (built?.digest !== undefined) return { ...container, image: `${image}@${built.digest}` };
    if (built !== undefined) ids.push(built.id);
    return { ...container, image };
  });
  const annotated = ids.length === 0 ? template : annotate(template, 'microservices/image-id', ids.join(','));
  return {
    ...workload,
    spec: { ...workload.spec, template: { ...annotated, spec: { ...template.spec, containers } } },
  };
}

export function annotate(
  template: Workload['spec']['template'],
  key: string,
  value: string,
): Workload['spec']['template'] {
  const annotations = { ...template.metadata.annotations, [key]: value };
  return { ...template, metadata: { ...template.metadata, annotations } };
}

const ownPattern = new RegExp(`^(?<user>.+)/(?<name>${ownImages.join('|')}):(?<tag>[^:/@]+)$`);

function ownImage(image: string): { user: string; name: string; tag: string } | undefined {
  const { user = '', name = '', tag = '' } = ownPattern.exec(image)?.groups ?? {};
  return user === '' ? undefined : { user, name, tag };
}
