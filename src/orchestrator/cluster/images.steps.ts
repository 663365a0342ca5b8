import { repository } from '../files.ts';
import { buildImages } from '../images/build.ts';
import { checkUser, placeholderUser } from '../images/names.ts';
import { planImages } from '../images/plan.ts';
import type { ImagePlan } from '../images/plan.ts';
import { findContainerTool, requireContainerTool } from '../images/tools.ts';
import { readVersion } from '../images/version.ts';
import type { Step } from '../steps.ts';
import { everyTwoSeconds } from '../terminal.ts';
import { userInManifests } from './images.ts';
import { readManifests } from './manifests.ts';
import { canLoadImages } from './record.ts';
import type { Session } from './session.ts';

/** The nodes have our images, or can pull them. */
export function imagesStep(session: Session, tag: string | undefined): Step {
  const { environment, provider, record } = session;
  /** Why nothing has to be built here; undefined when it has to. */
  const given = async (): Promise<string | undefined> => {
    const user = environment.dockerHubUsername ?? userInManifests(await readManifests());
    if (checkUser(user) !== placeholderUser) return `the nodes pull the images of ${user}`;
    // Whoever has a cluster without a way to load images has brought them in already, or will be told that they are missing.
    return canLoadImages(record) ? undefined : 'the images are in the nodes already, or will be missed';
  };
  const planOf = async (): Promise<ImagePlan> => ({
    root: repository,
    tool: await requireContainerTool(environment.folders),
    user: placeholderUser,
    tag: tag ?? (await readVersion()),
    all: false,
    push: false,
    extra: [],
  });
  return {
    title: 'images',
    plan: async () => {
      const reason = await given();
      if (reason !== undefined) return [reason];
      if ((await findContainerTool(environment.folders)) === undefined) {
        return [
          'build the images with docker, podman or buildah, none of which answers here',
          'load them into the nodes',
        ];
      }
      return [...(await planImages(await planOf())), 'load them into the nodes'];
    },
    run: async (say) => {
      const reason = await given();
      if (reason !== undefined) return say(reason);
      const load = (archive: string, references: readonly string[]): Promise<void> =>
        provider.load(archive, references, { ...session, say });
      const options = { env: environment.user, say, onLine: everyTwoSeconds(say), signal: session.signal, load };
      await buildImages({ ...(await planOf()), ...options });
    },
  };
}
