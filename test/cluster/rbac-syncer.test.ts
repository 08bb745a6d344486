/**
 * The syncer under its own ServiceAccount: a repository becomes objects in the one namespace where its role is bound,
 * is changed, pruned, healed and deleted. It has no right on Rollouts' status, on Secrets elsewhere, or on roles.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { APPLICATION, CONFIG_MAP, DEPLOYMENT, ROLLOUT } from '../../src/kube/kinds.ts';
import { readAudit } from './audit.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually, withCluster } from './harness.ts';
import { kubectl, tryKubectl } from './kubectl.ts';
import { auditRights, parseManifests, rightsOf } from './rbac-audit.ts';
import { serviceAccountKubeconfig, serviceAccountUser } from './service-account.ts';
import { podTemplate, User } from './user.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const NAME = 'sluice-syncer';
const BINDING = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'sluice-syncer-apply', namespace: 'shop' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'sluice-syncer-apply' },
  subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: 'sluice' }],
};

/** One object of each kind that the role names. */
const OBJECTS: Record<string, object> = {
  configmap: { apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } },
  service: { apiVersion: 'v1', kind: 'Service', spec: { selector: { app: 'shop' }, ports: [{ port: 80 }] } },
  rollout: {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'shop' } },
      template: podTemplate('shop', 'v1'),
      strategy: { canary: {} },
    },
  },
  template: {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    spec: { metrics: [{ name: 'web', provider: { web: { url: 'http://127.0.0.1:1' } } }] },
  },
  deployment: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'helper' } },
      template: podTemplate('helper', 'v1'),
    },
  },
  ingress: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    spec: { defaultBackend: { service: { name: 'shop', port: { number: 80 } } } },
  },
  autoscaler: {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    spec: {
      maxReplicas: 2,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
    },
  },
  budget: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'shop' } } },
  },
};

withCluster('least privilege of the syncer', { crds: false, controllers: false }, (cluster) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-repository-'));
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      stdio: 'pipe',
    });
  };
  const commit = (objects: Record<string, object>, label: string): void => {
    rmSync(join(folder, 'app'), { recursive: true, force: true });
    mkdirSync(join(folder, 'app'));
    for (const [file, object] of Object.entries(objects)) {
      const manifest = { ...object, metadata: { name: 'shop', labels: { release: label } } };
      writeFileSync(join(folder, 'app', `${file}.json`), JSON.stringify(manifest));
    }
    git('add', '-A');
    git('commit', '-q', '-m', label);
  };
  let syncer: ControllerProcess | undefined;
  before(async () => {
    git('init', '-q', '-b', 'main');
    const { plane } = cluster();
    for (const path of ['deploy', 'deploy/overlays/syncer'])
      await kubectl(plane, ['apply', '-k', join(root, path)]);
    await kubectl(plane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    await plane.startControllers();
  });
  after(async () => {
    await syncer?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is exactly what it needs, and what the role bound in a namespace gives it there', async () => {
    const { plane, api } = cluster();
    const shop = await User.inNamespace(api, 'shop');
    await kubectl(plane, ['apply', '-f', '-'], { input: JSON.stringify(BINDING) });
    syncer = new ControllerProcess({
      kubeconfig: await serviceAccountKubeconfig(plane, 'sluice', NAME),
      log: join(plane.dir, 'syncer.log'),
      args: ['--controllers', 'sync', '--allow-file-repos'],
      env: { POD_NAMESPACE: 'sluice' },
    });
    await syncer.says(/all stores are in step/);

    commit(OBJECTS, 'first');
    await new User(api, 'sluice').create(APPLICATION, 'shop', {
      metadata: {
        labels: { 'sluice.dev/syncer': 'sluice' },
        finalizers: ['resources-finalizer.argocd.argoproj.io'],
      },
      spec: {
        project: 'default',
        source: { repoURL: `file://${folder}`, targetRevision: 'main', path: 'app' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
      },
    });
    const applications = new User(api, 'sluice');
    const isSynced = async (label: string): Promise<boolean> => {
      const object = await shop.get(CONFIG_MAP, 'shop');
      const status = (await applications.get(APPLICATION, 'shop'))?.['status'] as {
        sync?: { status?: string };
      };
      return object?.metadata.labels?.['release'] === label && status?.sync?.status === 'Synced';
    };
    await eventually('the first sync', () => isSynced('first'), 45_000).catch(async (error: unknown) => {
      const application = await applications.get(APPLICATION, 'shop');
      throw new Error(JSON.stringify(application?.['status']), { cause: error });
    });
    assert.ok(await shop.get(ROLLOUT, 'shop'));

    await shop.patch(CONFIG_MAP, 'shop', { data: { a: 'drifted' } });
    await eventually('the drift to be healed', async () => {
      const object = await shop.get(CONFIG_MAP, 'shop');
      return (object?.['data'] as { a?: string } | undefined)?.a === '1';
    });

    commit({ configmap: OBJECTS['configmap'] ?? {} }, 'second');
    const refresh = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };
    await applications.patch(APPLICATION, 'shop', refresh);
    await eventually('the second sync', () => isSynced('second'));
    await eventually('the rest to be pruned', async () => (await shop.get(DEPLOYMENT, 'shop')) === undefined);

    await applications.delete(APPLICATION, 'shop');
    await eventually(
      'the Application to be gone with what it owned',
      async () =>
        (await applications.get(APPLICATION, 'shop')) === undefined &&
        (await shop.get(CONFIG_MAP, 'shop')) === undefined,
    );
    await syncer.end();

    const manifests = [
      ...parseManifests(await kubectl(plane, ['kustomize', join(root, 'deploy/overlays/syncer')])),
      BINDING,
    ];
    const user = serviceAccountUser('sluice', NAME);
    const report = auditRights(rightsOf(manifests, user), readAudit(plane.auditLog, user));
    assert.deepEqual(report.refused, [], 'requests that were refused');
    assert.deepEqual(report.unused, [], 'rights that no scenario used: remove them, or add a scenario');
  });

  it('can touch nothing that gives rights, and nothing where its role is not bound', async () => {
    const { plane } = cluster();
    const can = async (verb: string, resource: string, namespace: string): Promise<boolean> =>
      (
        await tryKubectl(
          plane,
          ['auth', 'can-i', verb, resource, '-n', namespace].concat(
            `--as=${serviceAccountUser('sluice', NAME)}`,
          ),
        )
      ).code === 0;
    assert.equal(await can('patch', 'configmaps', 'shop'), true);
    assert.equal(await can('patch', 'configmaps', 'default'), false);
    for (const resource of ['roles', 'rolebindings', 'secrets', 'serviceaccounts', 'pods'])
      for (const verb of ['create', 'patch', 'get'])
        assert.equal(await can(verb, resource, 'shop'), false, `${verb} ${resource}`);
    assert.equal(await can('get', 'secrets', 'sluice'), false, 'credentials are listed by label only');
  });
});
