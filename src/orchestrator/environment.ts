/** What the orchestrator knows of the environment that it was started in. */
export interface Environment {
  /** The folders in which programs are looked for. */
  folders: readonly string[];
  /** What the services may know of it. */
  services: Readonly<Record<string, string>>;
  /** All of it, for a program that the user works with, such as psql. */
  user: NodeJS.ProcessEnv;
  /** Whose images are built, pushed and deployed (DOCKER_HUB_USERNAME); undefined when nothing is pushed. */
  dockerHubUsername: string | undefined;
  /** Whether this runs where nobody watches, so that nothing is redrawn or asked. */
  unattended: boolean;
}
