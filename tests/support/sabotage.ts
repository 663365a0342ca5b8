import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './readme.ts';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';

/** One place of the sources that is changed: `from` stands in the file exactly once. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

/** What services are made of. */
const packages = ['contracts', 'kit', 'api-gateway', 'inventory-app', 'billing-app'];

/** The services as they are, copied where they can be broken: a change counts from the next start of a service on. */
export interface ServicesCopy {
  /** The folder with a folder for each service. */
  folder: string;
  sabotage: (edits: readonly Edit[]) => Promise<void>;
  /** Makes all of it as it was. */
  repair: () => Promise<void>;
}

export async function copyServices(scope: Scope): Promise<ServicesCopy> {
  const copy = await mkdtemp(join(tmpdir(), 'orchestrator-services-'));
  testOf(scope).after(() => rm(copy, { recursive: true, force: true }));
  const folder = join(copy, 'src');
  for (const name of packages) await cp(`${root}src/${name}`, join(folder, name), { recursive: true });
  // The libraries are those of the repository; our own packages are those of the copy.
  const modules = join(copy, 'node_modules');
  await mkdir(join(modules, '@orchestrator'), { recursive: true });
  for (const name of await readdir(`${root}node_modules`))
    if (name !== '@orchestrator') await symlink(`${root}node_modules/${name}`, join(modules, name));
  for (const name of packages) await symlink(join(folder, name), join(modules, '@orchestrator', name));
  const changed = new Set<string>();
  return {
    folder,
    sabotage: async (edits) => {
      for (const { file, from, to } of edits) {
        const path = join(folder, file);
        const source = await readFile(path, 'utf8');
        assert.equal(source.split(from).length, 2, `${file} has this not exactly once: ${from}`);
        changed.add(file);
        await writeFile(
          path,
          source.replace(from, () => to),
        );
      }
    },
    repair: async () => {
      for (const file of changed) await cp(`${root}src/${file}`, join(folder, file));
      changed.clear();
    },
  };
}

/** The breaks that such systems have most often, each in the one service that it needs. */
export const sabotages = {
  acknowledgesBeforeCommit: {
    service: 'billing-app',
    edits: [
      {
        file: 'billing-app/orders.amqp.ts',
        from: 'const verdicts = await this.#hold(',
        to: 'this.#acknowledge(batch); const verdicts = await this.#hold(',
      },
      { file: 'billing-app/orders.amqp.ts', from: 'this.#acknowledge(settled);', to: '' },
    ],
  },
  answersWithoutConfirm: {
    service: 'api-gateway',
    edits: [
      {
        file: 'api-gateway/orders.amqp.ts',
        from: 'const settled = await outcome;',
        to: "const settled = 'confirmed' as Outcome; void outcome;",
      },
    ],
  },
  sendsTransientMessages: {
    service: 'api-gateway',
    edits: [{ file: 'api-gateway/orders.frames.ts', from: 'const PERSISTENT = 2;', to: 'const PERSISTENT = 1;' }],
  },
  insertsWithoutUniqueKey: {
    service: 'billing-app',
    edits: [
      {
        file: 'billing-app/orders.postgres.ts',
        from: 'ON CONFLICT (tracking_id) DO NOTHING\n        RETURNING',
        to: 'RETURNING',
      },
    ],
  },
} as const satisfies Record<string, { service: 'api-gateway' | 'billing-app'; edits: readonly Edit[] }>;
