import { nearestWord } from '@orchestrator/orchestrator/spelling.ts';
import { rabbitmqConf } from '@orchestrator/orchestrator/local/rabbitmq.config.ts';
import type { ConfigMap } from '@orchestrator/orchestrator/model/kubernetes.ts';
import { environmentOf } from './references.ts';
import { databases } from '@orchestrator/orchestrator/model/picture.ts';
import { quantity } from '@orchestrator/orchestrator/model/quantity.ts';
import { mostReplicas } from './rules.scaling.ts';
import { breach, named, ofKind, podTemplates } from './system.ts';
import type { PodTemplate, Rule, System } from './system.ts';

/** https://www.postgresql.org/docs/15/runtime-config-connection.html: by default, of which three are for superusers. */
const MAX_CONNECTIONS = 100;
const RESERVED_CONNECTIONS = 3;

/** RabbitMQ needs memory beyond its watermark: https://www.rabbitmq.com/docs/memory */
const WATERMARK_SHARE = 0.6;

const find = (system: System, name: string): PodTemplate | undefined =>
  podTemplates(system).find((pod) => pod.name === name);

/** What the programs in the pods are told. */
export const programRules: readonly Rule[] = [
  {
    name: 'services are given the variables that they read',
    *check(system) {
      for (const pod of podTemplates(system)) {
        const service = system.facts.services[pod.name];
        if (!service) continue;
        const { variables, required } = service;
        const path = [...pod.path, 'containers', 0, 'env'];
        const given = (pod.spec.containers[0]?.env ?? []).map(({ name }) => name);
        for (const [index, name] of given.entries()) {
          if (variables.includes(name)) continue;
          const near = nearestWord(name, variables);
          yield breach(
            pod.at,
            [...path, index, 'name'],
            `the program reads no ${name}${near ? `, did you mean ${near}?` : ''}`,
          );
        }
        for (const name of required)
          if (!given.includes(name) && !given.includes(`${name}_FILE`))
            yield breach(pod.at, path, `${name} is missing`);
      }
    },
  },
  {
    name: 'databases and roles are those of the contract',
    *check(system) {
      for (const { service, host, database, owner } of databases) {
        const [client, server] = [find(system, service), find(system, host)];
        if (!client || !server) continue;
        const asked = environmentOf(system, client.spec.containers[0]);
        const made = environmentOf(system, server.spec.containers[0]);
        const path = ['spec', 'template', 'spec', 'containers', 0, 'env'];
        if (asked.get('DATABASE_HOST') !== host) yield breach(client.at, path, `DATABASE_HOST must be ${host}`);
        for (const [pod, env] of [
          [client, asked],
          [server, made],
        ] as const)
          if (env.get('DATABASE_NAME') !== database) yield breach(pod.at, path, `DATABASE_NAME must be ${database}`);
        const user = asked.get('DATABASE_USER');
        if (user === undefined || user !== made.get('DATABASE_OWNER'))
          yield breach(client.at, path, `DATABASE_USER must be the owner that ${host} makes`);
        if (owner !== undefined && user !== owner) yield breach(client.at, path, `DATABASE_USER must be ${owner}`);
      }
    },
  },
  {
    name: 'both databases are set up alike',
    *check(system) {
      const specs = databases.flatMap(({ host, database }) => {
        const server = find(system, host);
        if (!server) return [];
        const text = JSON.stringify(server.at.object.spec).replaceAll(`"${host}"`, '"HOST"');
        return [{ at: server.at, text: text.replaceAll(`"${database}"`, '"DATABASE"') }];
      });
      const [first, ...others] = specs;
      for (const { at, text } of others)
        if (text !== first?.text)
          yield breach(at, ['spec'], `differs from that in ${first?.at.file} by more than names`);
    },
  },
  {
    name: 'PostgreSQL has connections for every pod',
    *check(system) {
      for (const { service, host } of databases) {
        const [client, server] = [find(system, service), find(system, host)];
        if (!client || !server) continue;
        const scripts = ofKind<ConfigMap>(system, 'ConfigMap').flatMap(({ object }) =>
          Object.values(object.data ?? {}),
        );
        const told = [JSON.stringify(server.spec.containers[0]), ...scripts].join('\n');
        const most = Number(/max_connections ?= ?(\d+)/.exec(told)?.[1] ?? MAX_CONNECTIONS) - RESERVED_CONNECTIONS;
        // A rollout has one more.
        const needed = (mostReplicas(client) + 1) * system.facts.connections;
        if (needed > most)
          yield breach(server.at, server.path, `${service} may open ${needed} connections, ${most} are there`);
      }
    },
  },
  {
    name: 'the broker lets its services use the queues that they have',
    *check(system) {
      const broker = brokerConfig(system);
      const script = broker?.object.data?.['start.sh'] ?? '';
      for (const queue of system.facts.queues)
        if (broker && !script.includes(queue.replace('.', '\\\\.')))
          yield breach(broker, ['data', 'start.sh'], `${queue} is not in it`);
    },
  },
  {
    name: 'the broker is set up as on a machine without Kubernetes',
    *check(system) {
      const broker = brokerConfig(system);
      const here = settings(Object.values(broker?.object.data ?? {}).join('\n'));
      const local = settings(rabbitmqConf({ amqp: '', management: undefined }, ''));
      for (const [name, value] of local) {
        if (['listeners.tcp.1', 'load_definitions', 'vm_memory_high_watermark.relative'].includes(name)) continue;
        if (name.startsWith('log.')) continue;
        if (broker && here.get(name) !== value) yield breach(broker, ['data'], `${name} must be ${value}`);
      }
    },
  },
  {
    name: 'the broker blocks publishers before it runs out of memory',
    *check(system) {
      const broker = brokerConfig(system);
      const pod = find(system, 'rabbitmq');
      if (!broker || !pod) return;
      const limit = quantity(pod.spec.containers[0]?.resources?.limits?.['memory']);
      const watermark = settings(Object.values(broker.object.data ?? {}).join('\n')).get(
        'vm_memory_high_watermark.absolute',
      );
      const bytes = quantity(watermark?.replace(/B$/, ''));
      if (!(bytes > 0 && bytes <= WATERMARK_SHARE * limit))
        yield breach(
          broker,
          ['data'],
          `vm_memory_high_watermark.absolute must be ${WATERMARK_SHARE} of the limit at the most`,
        );
    },
  },
];

const brokerConfig = (system: System) => named<ConfigMap>(system, 'ConfigMap', 'rabbitmq');

/** `name = value` lines of a rabbitmq.conf. */
function settings(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^([a-z][\w.]*) = (.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}
