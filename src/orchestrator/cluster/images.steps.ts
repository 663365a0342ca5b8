import { placeholderUser } from '../images/names.ts';
import type { Step } from '../steps.ts';
import { ownReferences } from './images.ts';
import { readManifests } from './manifests.ts';
import type { Session } from './session.ts';

/** The nodes have our images, or can pull them. */
export function imagesStep(session: Session, tag: string | undefined): Step {
  const user = session.environment.dockerHubUsername ?? placeholderUser;
  return {
    title: 'images',
    plan: async () => [`provide ${ownReferences(await readManifests(), { user, tag }).join(', ')}`],
    run: async () => undefined,
  };
}
