import { sh } from './cluster.ts';

/** A way to break the system on a cluster by hand, and the lines of verify that turn red, and no others. */
export interface ClusterBreak {
  title: string;
  turnsRed: readonly [string, ...string[]];
  /** What the first of them must name. */
  names: RegExp;
  /** Command lines, as a person types them. */
  breaks: readonly string[];
  mends: readonly string[];
}

/** JSON for a shell, on one line. */
const json = (value: unknown): string => `'${JSON.stringify(value)}'`;

const patch = (object: string, ...operations: object[]): string =>
  `kubectl patch ${object} --type=json -p ${json(operations)}`;

const make = (object: object): string => `echo ${json(object)} | kubectl create -f -`;

/** A changed template that makes no pods: the workload is not what it should be, and everything goes on. */
const frozen = (deployment: string, change: string, back: string): Pick<ClusterBreak, 'breaks' | 'mends'> => ({
  breaks: [`kubectl rollout pause deployment/${deployment}`, change],
  mends: [back, `kubectl rollout resume deployment/${deployment}`, `kubectl rollout status deployment/${deployment}`],
});

const container = '/spec/template/spec/containers/0';

/** The value of a Secret's key, in a shell. */
const password = '$(kubectl get secret billing-database -o jsonpath={.data.password} | base64 -d)';

const restricted = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
};

/** No Service sends to it. */
const neverReady = { readinessGates: [{ conditionType: 'microservices/never' }] };

const pod = (name: string, image: string, command: string[], labels = {}, more = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: {
    ...restricted,
    ...more,
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name,
        image,
        command,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  },
});

/** @param image one that the nodes have, with Node in it; @param node the name of one that can be cordoned */
export function clusterBreaks(image: string, node: string): readonly ClusterBreak[] {
  return [
    {
      title: 'a node is cordoned',
      turnsRed: ['nodes.ready'],
      names: /SchedulingDisabled/,
      breaks: [`kubectl cordon ${node}`],
      mends: [`kubectl uncordon ${node}`],
    },
    {
      title: 'the context leads to another namespace',
      turnsRed: ['nodes.context'],
      names: /has the namespace default/,
      breaks: ['kubectl config set-context --current --namespace=default'],
      mends: ['kubectl config set-context --current --namespace=microservices'],
    },
    {
      title: 'billing-app is no StatefulSet any more',
      // A pod without an owner is not moved by a drain either.
      turnsRed: ['workloads.kinds', 'scaling.drain'],
      names: /there is no StatefulSet billing-app/,
      breaks: ['kubectl delete statefulset billing-app --cascade=orphan'],
      mends: ['./orchestrator.sh deploy'],
    },
    {
      title: 'an image of nobody',
      turnsRed: ['workloads.images', 'workloads.ready'],
      names: /inventory-app, container inventory-app: image inventory-app:0\.1\.0 must be/,
      ...frozen(
        'inventory-app',
        'kubectl set image deployment/inventory-app inventory-app=inventory-app:0.1.0',
        './orchestrator.sh deploy',
      ),
    },
    {
      title: 'a part is not probed',
      turnsRed: ['workloads.probes', 'workloads.ready'],
      names: /inventory-app: readinessProbe is missing/,
      ...frozen(
        'inventory-app',
        patch('deployment/inventory-app', { op: 'remove', path: `${container}/readinessProbe` }),
        './orchestrator.sh deploy',
      ),
    },
    {
      title: 'a container does not say what CPU it needs',
      turnsRed: ['scaling.requests', 'workloads.ready'],
      names: /inventory-app requests no cpu/,
      ...frozen(
        'inventory-app',
        patch('deployment/inventory-app', { op: 'remove', path: `${container}/resources/requests/cpu` }),
        './orchestrator.sh deploy',
      ),
    },
    {
      title: 'a Service at another port',
      turnsRed: ['services.ports'],
      names: /billing-app does not offer port 8080/,
      breaks: [patch('service/billing-app', { op: 'replace', path: '/spec/ports/0/port', value: 8081 })],
      mends: [patch('service/billing-app', { op: 'replace', path: '/spec/ports/0/port', value: 8080 })],
    },
    {
      title: 'another NodePort',
      turnsRed: ['services.entrance', 'services.node-port'],
      names: /30001 → 3000; it must be a NodePort 30000 → 3000/,
      breaks: [patch('service/api-gateway', { op: 'replace', path: '/spec/ports/0/nodePort', value: 30_001 })],
      mends: [patch('service/api-gateway', { op: 'replace', path: '/spec/ports/0/nodePort', value: 30_000 })],
    },
    {
      title: 'the broker is open to clients',
      turnsRed: ['services.entrance'],
      names: /rabbitmq is a NodePort/,
      breaks: [patch('service/rabbitmq', { op: 'replace', path: '/spec/type', value: 'NodePort' })],
      mends: [patch('service/rabbitmq', { op: 'replace', path: '/spec/type', value: 'ClusterIP' })],
    },
    {
      title: 'a Service leads to the metrics',
      turnsRed: ['services.metrics-private'],
      names: /Service metrics leads to the metrics/,
      breaks: ['kubectl create service clusterip metrics --tcp=80:9464'],
      mends: ['kubectl delete service metrics'],
    },
    {
      title: 'the Service of inventory-app is gone',
      turnsRed: ['services.inside', 'services.ports'],
      names: /inventory-app:8080\/health\/live → getaddrinfo/,
      breaks: ['kubectl delete service inventory-app'],
      mends: ['./orchestrator.sh deploy'],
    },
    {
      title: 'the metrics are somewhere else',
      turnsRed: ['services.metrics'],
      names: /9464\/metrics → connect ECONNREFUSED/,
      breaks: [
        'kubectl set env deployment/inventory-app METRICS_PORT=9465',
        'kubectl rollout status deployment/inventory-app',
      ],
      mends: [
        'kubectl set env deployment/inventory-app METRICS_PORT-',
        'kubectl rollout status deployment/inventory-app',
      ],
    },
    {
      title: 'an autoscaler with other numbers',
      turnsRed: ['scaling.autoscalers'],
      names: /api-gateway: maxReplicas is 5, and must be 3/,
      breaks: [patch('hpa/api-gateway', { op: 'replace', path: '/spec/maxReplicas', value: 5 })],
      mends: ['./orchestrator.sh deploy'],
    },
    {
      title: 'a budget that keeps a pod where it is',
      turnsRed: ['scaling.drain'],
      names: /billing-app-0/,
      breaks: ['kubectl create pdb keep --selector=app.kubernetes.io/name=billing-app --min-available=1'],
      mends: ['kubectl delete pdb keep'],
    },
    {
      title: 'an autoscaler that cannot count',
      turnsRed: ['scaling.metrics', 'kubectl.wait'],
      names: /inventory-app sees no load: .*missing request for cpu/,
      breaks: [
        make(pod('blinding', image, ['sleep', '600'], { 'app.kubernetes.io/name': 'inventory-app' }, neverReady)),
        `kubectl wait --for=jsonpath='{.status.conditions[?(@.type=="ScalingActive")].status}'=False hpa/inventory-app --timeout=180s`,
      ],
      mends: ['kubectl delete pod blinding'],
    },
    {
      title: 'a claim that waits for its volume',
      turnsRed: ['volumes.bound'],
      names: /the claim waiting is Pending/,
      breaks: [
        make({
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'waiting' },
          spec: {
            storageClassName: 'nowhere',
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '1Mi' } },
          },
        }),
      ],
      mends: ['kubectl delete pvc waiting'],
    },
    {
      title: 'a StatefulSet that takes its data with it',
      turnsRed: ['volumes.mounted'],
      names: /billing-database deletes its claim whenDeleted/,
      breaks: [
        patch('statefulset/billing-database', {
          op: 'replace',
          path: '/spec/persistentVolumeClaimRetentionPolicy/whenDeleted',
          value: 'Delete',
        }),
      ],
      mends: [
        patch('statefulset/billing-database', {
          op: 'replace',
          path: '/spec/persistentVolumeClaimRetentionPolicy/whenDeleted',
          value: 'Retain',
        }),
      ],
    },
    {
      title: 'a Secret lacks a key',
      turnsRed: ['secrets.stored'],
      names: /Secret inventory-database has no superuser-password/,
      breaks: [patch('secret/inventory-database', { op: 'remove', path: '/data/superuser-password' })],
      mends: ['./orchestrator.sh deploy'],
    },
    {
      title: 'a demonstration password, which the database does not even know',
      turnsRed: ['secrets.accepted', 'secrets.own'],
      names: /billing-database does not take the password of its Secret for postgres/,
      breaks: [
        patch('secret/billing-database', {
          op: 'replace',
          path: '/data/superuser-password',
          value: Buffer.from('postgres-demo').toString('base64'),
        }),
      ],
      mends: ['./orchestrator.sh deploy'],
    },
    {
      title: 'a password in a variable',
      turnsRed: ['secrets.literals', 'workloads.ready'],
      names: /deployment\/inventory-app, container inventory-app: DATABASE_PASSWORD is a literal/,
      ...frozen(
        'inventory-app',
        'kubectl set env deployment/inventory-app DATABASE_PASSWORD=hunter2',
        'kubectl set env deployment/inventory-app DATABASE_PASSWORD-',
      ),
    },
    {
      title: 'the value of a Secret in an annotation',
      turnsRed: ['secrets.literals'],
      names: /service\/rabbitmq metadata\.annotations\.note has the value of Secret billing-database, key password/,
      breaks: [`kubectl annotate service rabbitmq note="${password}"`],
      mends: ['kubectl annotate service rabbitmq note-'],
    },
    {
      title: 'a program logs a password',
      turnsRed: ['secrets.logs'],
      names: /container inventory-app has the value of Secret billing-database, key password/,
      breaks: [
        `printf '{"password":"%s"}\\n' "${password}" | kubectl exec -i deployment/inventory-app -- sh -c 'cat >/proc/1/fd/1'`,
      ],
      mends: [
        'kubectl delete pod -l app.kubernetes.io/name=inventory-app',
        'kubectl rollout status deployment/inventory-app',
      ],
    },
    {
      title: 'a password in the files of a container that may write them',
      turnsRed: ['secrets.images', 'security.hardened'],
      names: /has the value of Secret inventory-database, key password in \/tmp\/leak/,
      breaks: [
        patch(
          'deployment/inventory-app',
          { op: 'replace', path: `${container}/securityContext/readOnlyRootFilesystem`, value: false },
          {
            op: 'add',
            path: `${container}/command`,
            value: [
              'sh',
              '-c',
              'cp /run/secrets/inventory-database/password /tmp/leak; exec node src/inventory-app/main.ts',
            ],
          },
        ),
        'kubectl rollout status deployment/inventory-app',
      ],
      mends: [
        patch('deployment/inventory-app', { op: 'remove', path: `${container}/command` }),
        './orchestrator.sh deploy',
      ],
    },
    {
      title: 'an arrow has no policy',
      turnsRed: ['network.policies'],
      names: /api-gateway → rabbitmq:5672 \(TCP\) is shut: no policy allows it/,
      breaks: ['kubectl delete networkpolicy api-gateway-to-rabbitmq'],
      mends: ['./orchestrator.sh deploy'],
    },
    {
      title: 'nothing is denied',
      turnsRed: ['network.policies'],
      names: /is open: no policy denies it/,
      breaks: ['kubectl delete networkpolicy default-deny inventory-app-to-inventory-database'],
      mends: ['./orchestrator.sh deploy'],
    },
    {
      title: 'Pod Security is relaxed, and a pod makes use of it',
      turnsRed: ['security.enforced', 'security.restricted'],
      names: /the namespace enforces baseline/,
      breaks: [
        'kubectl label namespace microservices pod-security.kubernetes.io/enforce=baseline --overwrite',
        `kubectl run careless --image=${image} --restart=Never --command -- sleep 600`,
        'kubectl wait --for=condition=ready pod/careless --timeout=120s',
      ],
      mends: [
        'kubectl delete pod careless --grace-period=1',
        'kubectl label namespace microservices pod-security.kubernetes.io/enforce=restricted --overwrite',
      ],
    },
    {
      title: 'a finished pod stays',
      turnsRed: ['kubectl.wait'],
      names: /pod finished is finished \(Succeeded\)/,
      breaks: [
        make(pod('finished', image, ['true'])),
        `kubectl wait --for=jsonpath='{.status.phase}'=Succeeded pod/finished --timeout=120s`,
      ],
      mends: ['kubectl delete pod finished'],
    },
    {
      title: 'the gateway writes what is no JSON',
      turnsRed: ['kubectl.logs'],
      names: /a line is no JSON: hello/,
      breaks: [`echo hello | kubectl exec -i deployment/api-gateway -- sh -c 'cat >/proc/1/fd/1'`],
      mends: [
        'kubectl delete pod -l app.kubernetes.io/name=api-gateway',
        'kubectl rollout status deployment/api-gateway',
      ],
    },
    {
      title: 'a database pod without su',
      turnsRed: ['kubectl.shells'],
      names: /inventory-database-0, su - postgres/,
      breaks: [
        patch('configmap/postgres-config', { op: 'replace', path: '/data/su', value: '#!/bin/sh\nexit 0\n' }),
        'kubectl delete pod inventory-database-0',
        'kubectl rollout status statefulset/inventory-database',
      ],
      mends: [
        './orchestrator.sh deploy',
        'kubectl delete pod inventory-database-0',
        'kubectl rollout status statefulset/inventory-database',
      ],
    },
    {
      title: 'a broker whose data lies beside its volume',
      turnsRed: ['data.queue-kept-pod', 'volumes.mounted'],
      names: /is not in the queue of the new pod/,
      breaks: [
        patch('deployment/rabbitmq', { op: 'replace', path: brokerVolume, value: { name: 'data', emptyDir: {} } }),
        'kubectl rollout status deployment/rabbitmq',
      ],
      mends: [
        patch('deployment/rabbitmq', {
          op: 'replace',
          path: brokerVolume,
          value: { name: 'data', persistentVolumeClaim: { claimName: 'rabbitmq' } },
        }),
        'kubectl rollout status deployment/rabbitmq',
      ],
    },
    lostDatabase('inventory', 'deployment', 'data.movies-kept-pod'),
    lostDatabase('billing', 'statefulset', 'data.orders-kept-pod'),
  ];
}

/** Second among the volumes of Manifests/rabbitmq.yaml. */
const brokerVolume = '/spec/template/spec/volumes/1';

/** A database that has its data in a folder of its pod, and its volume somewhere else. */
function lostDatabase(name: 'inventory' | 'billing', kind: string, id: string): ClusterBreak {
  const database = `statefulset/${name}-database`;
  const service = `${kind}/${name}-app`;
  const restart = [
    `kubectl rollout status ${database}`,
    `kubectl rollout restart ${service}`,
    `kubectl rollout status ${service}`,
  ];
  return {
    title: `the database of ${name} lies beside its volume`,
    turnsRed: [id, 'volumes.mounted'],
    names: /./,
    breaks: [
      patch(
        database,
        { op: 'replace', path: `${container}/volumeMounts/0/mountPath`, value: '/mnt' },
        {
          op: 'add',
          path: `${container}/volumeMounts/-`,
          value: { name: 'lost', mountPath: '/var/lib/postgresql/data' },
        },
        { op: 'add', path: '/spec/template/spec/volumes/-', value: { name: 'lost', emptyDir: {} } },
      ),
      ...restart,
    ],
    mends: [
      patch(
        database,
        { op: 'replace', path: `${container}/volumeMounts/0/mountPath`, value: '/var/lib/postgresql/data' },
        { op: 'remove', path: `${container}/volumeMounts/9` },
        { op: 'remove', path: '/spec/template/spec/volumes/4' },
      ),
      ...restart,
    ],
  };
}

/** Runs command lines that must succeed, one after the other. */
export async function runAll(commands: readonly string[]): Promise<void> {
  for (const command of commands) await sh(command);
}
