import { posix } from 'node:path';

export interface Violation {
  path: string;
  rule: string;
  found: string;
}

/** A module as the rules see it: `/src/billing-app/orders.http.ts` has package `billing-app` and file `orders.http.ts`. */
interface Module {
  path: string;
  package: string;
  file: string;
  source: string;
  /** Own modules as paths from the root, libraries and `node:` modules by name. */
  imports: string[];
}

interface Rule {
  name: string;
  /** What of this module breaks the rule; empty when it keeps to it. */
  breaches: (module: Module) => string[];
}

const SERVICES = ['api-gateway', 'inventory-app', 'billing-app'];
const SCOPE = '@orchestrator/';
const ADAPTER = /\.(http|amqp|postgres|proxy)\.ts$/;
const DRIVERS = ['pg', 'amqplib', 'fastify'];
const SCHEMA_LIBRARY = 'json-schema-to-ts';
/** Test files and their support may reach everywhere. */
const TEST = /\.test\.ts$/;
/** Declarations for a library that has none: types, no code. */
const DECLARATION = /\.d\.ts$/;

const isService = (module: Module): boolean => SERVICES.includes(module.package);
const isOwn = (target: string): boolean => target.startsWith('src/');
const inPackage = (target: string, name: string): boolean => target.startsWith(`src/${name}/`);
const isAdapter = (path: string): boolean => ADAPTER.test(path);
/** `movies.ts` beside `movies.http.ts`: a file with neither a technology nor a role in its name. */
const isDomain = (module: Module): boolean =>
  isService(module) && !isAdapter(module.file) && !['main.ts', 'config.ts', 'app.ts'].includes(module.file);

/** Each sentence of "Who may import whom" in ARCHITECTURE.md. */
const rules: Rule[] = [
  {
    name: 'contracts import nothing',
    breaches: (module) =>
      module.package === 'contracts'
        ? module.imports.filter((target) => !inPackage(target, 'contracts') && target !== SCHEMA_LIBRARY)
        : [],
  },
  {
    name: 'kit knows no domain',
    breaches: (module) =>
      module.package === 'kit'
        ? module.imports.filter(
            (target) =>
              isOwn(target) &&
              !inPackage(target, 'kit') &&
              !['src/contracts/problem.ts', 'src/contracts/json.ts'].includes(target),
          )
        : [],
  },
  {
    name: 'kit has no domain word',
    breaches: (module) =>
      module.package === 'kit' ? (module.source.match(/\b(movies?|orders|billing|inventory)\b/gi) ?? []) : [],
  },
  {
    name: 'services are strangers',
    breaches: (module) =>
      isService(module)
        ? module.imports.filter(
            (target) => isOwn(target) && ![module.package, 'kit', 'contracts'].some((name) => inPackage(target, name)),
          )
        : [],
  },
  {
    name: 'the orchestrator acts from outside',
    breaches: (module) =>
      module.package === 'orchestrator'
        ? module.imports.filter(
            (target) => isOwn(target) && !['orchestrator', 'contracts'].some((name) => inPackage(target, name)),
          )
        : [],
  },
  {
    name: 'the console sees contracts only',
    breaches: (module) =>
      module.package === 'console'
        ? module.imports.filter(
            (target) => isOwn(target) && !['console', 'contracts'].some((name) => inPackage(target, name)),
          )
        : [],
  },
  {
    name: 'adapters never meet',
    breaches: (module) =>
      isService(module) && isAdapter(module.file)
        ? module.imports.filter((target) => isOwn(target) && isAdapterOfService(target))
        : [],
  },
  {
    name: 'the domain knows no adapter',
    breaches: (module) => (isDomain(module) ? module.imports.filter(isAdapterOfService) : []),
  },
  {
    name: 'the domain knows no technology',
    breaches: (module) => (isDomain(module) ? module.imports.filter((target) => DRIVERS.includes(target)) : []),
  },
  {
    name: 'only main reads config',
    breaches: (module) =>
      module.file === 'main.ts'
        ? []
        : module.imports.filter((target) => isOwn(target) && target.endsWith('/config.ts')),
  },
  {
    name: 'only config and kit/env read the environment',
    breaches: (module) =>
      module.file === 'config.ts' || module.path === 'src/kit/env.ts'
        ? []
        : (module.source.match(/process\.env|process\[['"]env/g) ?? []),
  },
  {
    name: 'only exec spawns',
    breaches: (module) =>
      module.path === 'src/orchestrator/exec.ts'
        ? []
        : module.imports.filter((target) => /^(node:)?(child_process|cluster)$/.test(target)),
  },
];

function isAdapterOfService(target: string): boolean {
  return SERVICES.some((name) => inPackage(target, name)) && isAdapter(target);
}

/** All breaches of the import rules. `modules` maps paths from the repository's root to their source text. */
export function findViolations(modules: ReadonlyMap<string, string>): Violation[] {
  return [...modules]
    .filter(([path]) => !TEST.test(path) && !DECLARATION.test(path))
    .map(([path, source]) => toModule(path, source))
    .flatMap((module) =>
      rules.flatMap(({ name, breaches }) =>
        breaches(module).map((found) => ({ path: module.path, rule: name, found })),
      ),
    );
}

function toModule(path: string, source: string): Module {
  const specifiers = [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map(
    (match) => match[1] ?? '',
  );
  const [, name = ''] = path.split('/');
  return {
    path,
    package: name,
    file: posix.basename(path),
    source,
    imports: specifiers.map((each) => resolve(path, each)),
  };
}

function resolve(path: string, specifier: string): string {
  if (specifier.startsWith(SCOPE)) return `src/${specifier.slice(SCOPE.length)}`;
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
}
