import { container, frozen, make, neverReady, password, patch, pod } from './cluster.break.ts';
import type { ClusterBreak, Material } from './cluster.break.ts';

/** Breaks of autoscalers, volumes and Secrets. */
export const stateBreaks = ({ image }: Material): readonly ClusterBreak[] => [
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
];
