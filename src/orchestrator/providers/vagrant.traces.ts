import { glob } from 'node:fs/promises';

/** A machine that Vagrant made in this project, by its file .vagrant/machines/NAME/PROVIDER/id. */
export interface Trace {
  name: string;
  provider: string;
  path: string;
}

/** The machines that Vagrant made here and has not destroyed, whether Vagrant itself is still there or not. */
export async function leftBehind(project: string): Promise<Trace[]> {
  const traces: Trace[] = [];
  for await (const path of glob('.vagrant/machines/*/*/id', { cwd: project })) {
    const [, , name = '', provider = ''] = path.split('/');
    traces.push({ name, provider, path });
  }
  return traces;
}
