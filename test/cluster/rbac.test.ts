/**
 * The controller under the rights that `kubectl apply -k deploy` gives it, and no others: nothing is refused, and no
 * right is left over.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '../../src/kube/api.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { LEASE } from '../../src/kube/kinds.ts';
import { LeaderElection, leaseSpecOf } from '../../src/kube/lease.ts';
import { ARGO_ROLLOUTS_LEASE } from '../../src/kube/other-controller.ts';
import { type AuditEntry, readAudit } from './audit.ts';
import { ControllerProcess } from './controller-process.ts';
import { type Cluster, eventually, withCluster } from './harness.ts';
import { kubectl, tryKubectl } from './kubectl.ts';
import { auditRights, deployedArgs, parseManifests, printEntry, rightsOf } from './rbac-audit.ts';
import {
  analysis,
  basicCanary,
  busyNeighbours,
  jobsThatDoNotEnd,
  MetricServer,
  migration,
  nginxCanary,
  takenReplicaSet,
  takenRun,
} from './scenarios.ts';
import { serviceAccountKubeconfig, serviceAccountUser } from './service-account.ts';
import { User } from './user.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const NAME = 'sluice-controller';

/** Asked of RBAC by the admission plugin, so that no request of the controller shows it; proven below. */
const ASKED_BY_ADMISSION = new Set(
  ['rollouts/finalizers', 'analysisruns/finalizers'].map(
    (resource) => `${NAME}: update ${resource}.argoproj.io`,
  ),
);

/** As its Deployment would start it, but for the ports. */
async function startAsDeployed(
  { plane }: Cluster,
  namespace: string,
  manifests: ReturnType<typeof parseManifests>,
  more: readonly string[] = [],
): Promise<ControllerProcess> {
  const controller = new ControllerProcess({
    kubeconfig: await serviceAccountKubeconfig(plane, namespace, NAME),
    log: join(plane.dir, `controller-${namespace}.log`),
    args: [...deployedArgs(manifests, NAME), ...more],
    env: { POD_NAMESPACE: namespace },
  });
  await controller.says(/all stores are in step/);
  return controller;
}

const options = { crds: false, controllers: false, admission: ['OwnerReferencesPermissionEnforcement'] };
withCluster('least privilege', options, (cluster) => {
  let metrics: MetricServer;
  let running: ControllerProcess | undefined;
  const user = serviceAccountUser('sluice', NAME);
  before(async () => {
    const { plane } = cluster();
    metrics = await MetricServer.start();
    await kubectl(plane, ['apply', '-k', join(root, 'deploy')]);
    await kubectl(plane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    await plane.startControllers();
  });
  after(async () => {
    await running?.end();
    await metrics?.stop();
  });

  it('is exactly what the controller needs in the whole cluster', async () => {
    const { plane, api } = cluster();
    const manifests = parseManifests(await kubectl(plane, ['kustomize', join(root, 'deploy')]));
    // Argo Rollouts was here.
    const reference = await User.inNamespace(api, 'argo-rollouts');
    await reference.create(LEASE, ARGO_ROLLOUTS_LEASE, {
      spec: { holderIdentity: '', leaseDurationSeconds: 1 },
    });
    running = await startAsDeployed(cluster(), 'sluice', manifests);
    const inNamespace = (name: string): Promise<User> => User.inNamespace(api, name);
    const saw = (verb: string, resource: string): boolean =>
      readAudit(plane.auditLog, user).some((entry) => entry.verb === verb && entry.resource === resource);
    const gate = await inNamespace('gate');
    await Promise.all([
      inNamespace('basic').then(basicCanary),
      inNamespace('nginx').then(nginxCanary),
      inNamespace('migration').then(migration),
      inNamespace('jobs').then(jobsThatDoNotEnd),
      analysis(gate, metrics.url, true),
    ]);
    assert.ok(metrics.tokens.has('let-me-in'), 'the token of the Secret arrived');
    // The same names in another namespace: they depend on the template and the revision only.
    const audit = readAudit(plane.auditLog, user);
    const created = (resource: string): string =>
      audit.find(
        ({ verb, namespace, ...entry }) =>
          verb === 'create' && namespace === 'gate' && entry.resource === resource,
      )?.name ?? '';
    await Promise.all([
      inNamespace('taken-set').then((taken) => takenReplicaSet(taken, created('replicasets'))),
      inNamespace('taken-run').then((taken) => takenRun(taken, created('analysisruns'), metrics.url)),
    ]);
    await busyNeighbours(await inNamespace('busy'), () => saw('get', 'services') && saw('get', 'ingresses'));
    await eventually('the last Events', () => Promise.resolve(saw('patch', 'events')));
    const lease = await reference.get(LEASE, ARGO_ROLLOUTS_LEASE);
    assert.match(leaseSpecOf(lease as KubeObject).holderIdentity ?? '', /^sluice_/, 'it is kept passive');
    await running.end();

    const report = auditRights(
      rightsOf(manifests, user),
      readAudit(plane.auditLog, user),
      ASKED_BY_ADMISSION,
    );
    assert.deepEqual(report.refused, [], 'requests that were refused');
    assert.deepEqual(report.unused, [], 'rights that no scenario used: remove them, or add a scenario');
    assert.ok(report.used.length > 30);
  });

  it('is enough in one namespace without cluster-wide rights', async () => {
    const { plane, api } = cluster();
    await kubectl(plane, ['apply', '-k', join(root, 'deploy/namespaced')]);
    const manifests = parseManifests(await kubectl(plane, ['kustomize', join(root, 'deploy/namespaced')]));
    running = await startAsDeployed(cluster(), 'default', manifests);
    const here = new User(api, 'default');
    await analysis(here, metrics.url, false);
    const outside = await User.inNamespace(api, 'outside');
    await outside.rollout('demo', { replicas: 1, strategy: { canary: {} } });
    await nginxCanary(here, 'web');
    assert.equal((await outside.replicaSets()).length, 0, 'acts in its own namespace only');
    await running.end();
    const mine = serviceAccountUser('default', NAME);
    const report = auditRights(rightsOf(manifests, mine), readAudit(plane.auditLog, mine));
    assert.deepEqual(report.refused, []);
  });

  it('keeps an Argo Rollouts that never led passive too, with a right in its namespace, and lets go of it', async () => {
    const { plane, api } = cluster();
    const reference = new User(api, 'argo-rollouts');
    const holder = async (): Promise<string | undefined> => {
      const lease = await reference.get(LEASE, ARGO_ROLLOUTS_LEASE);
      return lease === undefined ? undefined : leaseSpecOf(lease).holderIdentity;
    };
    const since = Date.now();
    const mine = (): AuditEntry[] => readAudit(plane.auditLog, user).filter(({ at }) => at >= since);
    const manifests = parseManifests(await kubectl(plane, ['kustomize', join(root, 'deploy')]));
    const times = ['lease-duration=4s', 'renew-deadline=3s', 'retry-period=1s'].map(
      (time) => `--leader-election-${time}`,
    );
    await reference.delete(LEASE, ARGO_ROLLOUTS_LEASE);
    running = await startAsDeployed(cluster(), 'sluice', manifests, times);
    await eventually('it to look', () =>
      Promise.resolve(mine().some(({ resource }) => resource === 'selfsubjectaccessreviews')),
    );
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    assert.equal(await holder(), undefined, 'without the right it makes none');
    await running.end();

    const overlay = ['kustomize', join(root, 'deploy/overlays/argo-rollouts')];
    const whole = parseManifests(await kubectl(plane, overlay));
    await kubectl(plane, ['apply', '-k', join(root, 'deploy/overlays/argo-rollouts')]);
    running = await startAsDeployed(cluster(), 'sluice', whole, times);
    await eventually('the lease to be held', async () => (await holder())?.startsWith('sluice_') === true);
    // As Argo Rollouts takes part in the election: any client of the same lease.
    const other = new LeaderElection({
      api,
      clock: systemClock,
      random: Math.random,
      lock: { namespace: 'argo-rollouts', name: ARGO_ROLLOUTS_LEASE },
      identity: 'argo-rollouts-7d_1',
    });
    const over = new AbortController();
    let leads = false;
    const election = other.acquire(over.signal).then(
      () => (leads = true),
      () => {},
    );
    try {
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      assert.equal(leads, false, 'longer than the lease: it is passive');
      const ended = performance.now();
      await running.end();
      await eventually('Argo Rollouts to lead', () => Promise.resolve(leads), 12_000);
      assert.ok(performance.now() - ended < 10_000);
    } finally {
      over.abort();
      await election;
    }
    const refusing = new ControllerProcess({
      kubeconfig: await serviceAccountKubeconfig(plane, 'sluice', NAME),
      log: join(plane.dir, 'refusing.log'),
      args: deployedArgs(manifests, NAME),
      env: { POD_NAMESPACE: 'sluice' },
    });
    running = refusing;
    await eventually('it to refuse', () => Promise.resolve(refusing.child.exitCode === 1));
    assert.match(refusing.log, /an Argo Rollouts controller \(argo-rollouts-7d_1\) holds the lease/);
    assert.deepEqual(
      mine()
        .filter(({ forbidden }) => forbidden)
        .map(printEntry),
      [],
      'nothing was refused',
    );
    await reference.delete(LEASE, ARGO_ROLLOUTS_LEASE);
    await kubectl(plane, ['apply', '-k', join(root, 'deploy')]);
  });

  it('needs the finalizers rights where a cluster checks owner references', async () => {
    const { plane } = cluster();
    const as = `--as=${user}`;
    const owner = JSON.parse(
      await kubectl(plane, ['get', 'rollout', 'demo', '-n', 'basic', '-o', 'json']),
    ) as { metadata: { uid: string } };
    const set = (name: string): string =>
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: {
          name,
          namespace: 'basic',
          ownerReferences: [
            {
              apiVersion: 'argoproj.io/v1alpha1',
              kind: 'Rollout',
              name: 'demo',
              uid: owner.metadata.uid,
              blockOwnerDeletion: true,
            },
          ],
        },
        spec: { replicas: 0, selector: { matchLabels: { x: name } }, template: podTemplateOf(name) },
      });
    assert.equal((await tryKubectl(plane, ['create', as, '-f', '-'], { input: set('allowed') })).code, 0);
    const rule = { op: 'remove', path: '/rules/4' };
    const patch = ['patch', 'clusterrole', NAME, '--type=json', '-p', JSON.stringify([rule])];
    await kubectl(plane, patch);
    await eventually('the right to be gone', async () => {
      const { err } = await tryKubectl(plane, ['create', as, '-f', '-'], { input: set('refused') });
      return err.includes('cannot set blockOwnerDeletion');
    });
    await kubectl(plane, ['apply', '-k', join(root, 'deploy')]);
  });
});

const podTemplateOf = (name: string): object => ({
  metadata: { labels: { x: name } },
  spec: { containers: [{ name: 'app', image: 'example/app:v1' }] },
});
