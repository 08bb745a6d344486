/**
 * The controller under the rights that `kubectl apply -k deploy` gives it, and no others: nothing is refused, and no
 * right is left over.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readAudit } from './audit.ts';
import { ControllerProcess } from './controller-process.ts';
import { type Cluster, eventually, withCluster } from './harness.ts';
import { kubectl, tryKubectl } from './kubectl.ts';
import { auditRights, deployedArgs, parseManifests, rightsOf } from './rbac-audit.ts';
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
): Promise<ControllerProcess> {
  const controller = new ControllerProcess({
    kubeconfig: await serviceAccountKubeconfig(plane, namespace, NAME),
    log: join(plane.dir, `controller-${namespace}.log`),
    args: deployedArgs(manifests, NAME),
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
