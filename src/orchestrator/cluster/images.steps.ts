import { repository } from '../files.ts';
import { buildImages } from '../images/build.ts';
import { checkUser, placeholderUser } from '../images/names.ts';
import { planImages } from '../images/plan.ts';
import type { ImagePlan } from '../images/plan.ts';
import { findContainerTool, requireContainerTool } from '../images/tools.ts';
import { readVersion } from '../images/version.ts';
import type { Step } from '../steps.ts';
import { everyTwoSeconds } from '../terminal.ts';
import type { Session } from './session.ts';

/** The nodes have our images, or can pull them. */
export function imagesStep(session: Session, tag: string | undefined): Step {
  const { environment, provider, record } = session;
  const user = checkUser(environment.dockerHubUsername ?? placeholderUser);
  const pulled = environment.dockerHubUsername !== undefined;
  // Whoever has a cluster without a way to load images has brought them in already, or will be told that they are missing.
  const canLoad = provider.name !== 'kubeconfig' || record.loadWith !== undefined;
  const planOf = async (): Promise<ImagePlan> => ({
    root: repository,
    tool: await requireContainerTool(environment.folders),
    user,
    tag: tag ?? (await readVersion()),
    all: false,
    push: false,
    extra: [],
  });
  const given = pulled
    ? `the nodes pull the images of ${user}`
    : 'the images are in the nodes already, or will be missed';
  return {
    title: 'images',
    plan: async () => {
      if (pulled || !canLoad) return [given];
      if ((await findContainerTool(environment.folders)) === undefined)
        return ['build the images, with docker, podman or buildah'];
      return planImages(await planOf());
    },
    run: async (say) => {
      if (pulled || !canLoad) return say(given);
      const load = (archive: string, references: readonly string[]): Promise<void> =>
        provider.load(archive, references, { ...session, say });
      const options = { env: environment.user, say, onLine: everyTwoSeconds(say), signal: session.signal, load };
      await buildImages({ ...(await planOf()), ...options });
    },
  };
}
