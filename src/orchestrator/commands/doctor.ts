import { findingLines } from '../status/table.ts';
import { openSession, whereHelp, whereOptions } from '../cluster/session.ts';
import type { Command } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { checkClusterWay } from '../doctor/cluster.checks.ts';
import { checkImages } from '../doctor/images.checks.ts';
import { checkLocal } from '../doctor/local.checks.ts';
import { checkRepository } from '../doctor/repository.checks.ts';
import { exitCodes } from '../failure.ts';
import type { Finding } from '../findings.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { openTerminal } from '../terminal.ts';

const groupNames = ['local', 'images', 'cluster', 'repository'] as const;
type GroupName = (typeof groupNames)[number];

const titles = {
  local: 'the system on this machine: ./orchestrator.sh local',
  images: 'the images: ./orchestrator.sh build',
  cluster: 'the cluster: ./orchestrator.sh create',
  repository: 'what earlier commands left here',
} as const satisfies Record<GroupName, string>;

const help = `./orchestrator.sh doctor [GROUP…] [-o table|json]

Looks whether this machine has what each way of running the system needs, and changes nothing. GROUP is one or more of
  local       the system on this machine without Kubernetes: RabbitMQ, PostgreSQL, ports, disk
  images      building images: docker, podman or buildah, names
  cluster     kubectl, and what the provider in use needs
  repository  leftovers of earlier commands, files that others can read
Without GROUP all of them.

  -o json     {"healthy", "groups": [{"name", "findings": [{"level", "subject", "message", "cure"}]}]}

Exit code 0 when no finding is an error, ${exitCodes.unhealthy.code} otherwise.

${whereHelp}`;

export const doctor: Command = {
  summary: 'check what each way of running needs on this machine; every finding with its cure',
  help,
  words: groupNames,
  run: async (argv, context) => {
    const options = { ...whereOptions, output: { type: 'string', short: 'o', default: 'table' } } as const;
    const { values, positionals } = parseCommandLine({ args: [...argv], options, allowPositionals: true });
    const format = chooseWord('output format', values.output, ['table', 'json']);
    const words = positionals.map((word) => chooseWord('group', word, groupNames));
    const names = words.length === 0 ? groupNames : groupNames.filter((name) => words.includes(name));
    using interruption = listenForInterrupt('./orchestrator.sh doctor', () => undefined);
    const checks: Record<GroupName, () => Promise<Finding[]>> = {
      local: () => checkLocal(context.environment),
      images: () => checkImages(context.environment),
      cluster: async () => checkClusterWay(await openSession(values, context, interruption.signal)),
      repository: () => checkRepository(),
    };
    const groups = await Promise.all(names.map(async (name) => ({ name, findings: await checks[name]() })));
    interruption.signal.throwIfAborted();
    const healthy = groups.every(({ findings }) => findings.every(({ level }) => level !== 'error'));
    if (format === 'json') process.stdout.write(`${JSON.stringify({ healthy, groups }, undefined, 2)}\n`);
    else {
      const screen = openTerminal(process.stdout, context.environment);
      const lines = groups.flatMap(({ name, findings }) => [titles[name], ...findingLines(findings, screen), '']);
      process.stdout.write(lines.join('\n'));
    }
    return exitCodes[healthy ? 'ok' : 'unhealthy'].code;
  },
};
