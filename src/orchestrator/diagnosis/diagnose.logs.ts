import type { Diagnosis } from './diagnosis.ts';
import { cures } from './diagnosis.ts';

type Known = Pick<Diagnosis, 'message' | 'cure' | 'final'> & { evidence?: string };

interface Words {
  pattern: RegExp;
  cause: Known;
}

/** What our programs, PostgreSQL and RabbitMQ say before they end, and what it means; the first that fits. */
const knownWords: readonly Words[] = [
  {
    pattern: /data directory .* has (group or world access|wrong ownership|invalid permissions)/,
    cause: {
      message: "the folder of its volume does not belong to PostgreSQL's user",
      cure: '# on the node of the volume, in its folder: chown -R 70:70 pgdata && chmod 700 pgdata',
    },
  },
  {
    pattern: /\.erlang\.cookie must be accessible by owner only/,
    cause: {
      message: "RabbitMQ's cookie can be read by others, which it refuses",
      cure: './orchestrator.sh deploy   # the manifest keeps the cookie in memory, with the right mode',
    },
  },
  {
    pattern: /No space left on device/i,
    cause: {
      message: 'the disk of its node is full',
      cure: cures(
        '# on the node: df -h; make room',
        '# then: sudo k3s crictl rmi --prune   (images that nothing uses)',
      ),
    },
  },
  {
    pattern: /password authentication failed|ACCESS_REFUSED|invalid credentials/i,
    cause: {
      message: 'its password is not the one that the other side knows',
      cure: './orchestrator.sh secrets rotate   # gives both sides a new one',
    },
  },
  {
    pattern: /the database has schema version \d+, this program knows/,
    cause: {
      message: 'it is older than the schema of its database, and refuses to touch it',
      cure: './orchestrator.sh deploy   # with the newer version',
      final: true,
    },
  },
];

/** The list that our services print when a variable is missing or wrong. */
const configurationList = /The configuration is not usable:\n(?:\s+- .*\n?)+/;

/** What a program's last words mean; undefined when nobody knows. */
export function wordsOfPrograms(log: string): Known | undefined {
  const list = configurationList.exec(log);
  if (list !== null) {
    const faults = [...list[0].matchAll(/- (.*)/g)].map(([, fault]) => fault);
    return {
      message: `its configuration is not usable: ${faults.join('; ')}`,
      cure: './orchestrator.sh deploy   # sets all that the services need',
      evidence: list[0].trimEnd(),
      final: true,
    };
  }
  return knownWords.find(({ pattern }) => pattern.test(log))?.cause;
}
