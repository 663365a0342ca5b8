import { fullName, placeholderUser } from '../images/names.ts';
import type { ImageRecord } from '../images/record.ts';
import type { KubernetesObject } from './kubectl.ts';
import { isWorkload } from './manifest.objects.ts';
import type { Workload } from './manifest.objects.ts';

export interface ImageChoice {
  user: string;
  /** Instead of the version that stands in the manifests. */
  tag?: string | undefined;
  /** What `build` made on this machine. */
  record: ImageRecord;
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
    if (!isOwn(container.image)) return container;
    const path = pathOf(container.image, choice);
    const image = `${choice.user}/${path}`;
    const built = choice.record[fullName(choice.user, path)];
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

const isOwn = (image: string): boolean => image.startsWith(`${placeholderUser}/`);

/** What comes behind the user: api-gateway:0.1.0 */
function pathOf(image: string, { tag }: Pick<ImageChoice, 'tag'>): string {
  const path = image.slice(placeholderUser.length + 1);
  return tag === undefined ? path : path.replace(/:.*$/, `:${tag}`);
}
