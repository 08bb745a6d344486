/**
 * The syncer under the rights of `deploy/overlays/syncer`: a repository becomes objects, which are changed, healed, pruned
 * and deleted, all of it as the ServiceAccount of their namespace. The audit log shows who acted as whom.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { APPLICATION, CONFIG_MAP, DEPLOYMENT, ROLLOUT, SERVICE_ACCOUNT } from '../../src/kube/kinds.ts';
import { readAudit } from './audit.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually, withCluster } from './harness.ts';
import { kubectl, tryKubectl } from './kubectl.ts';
import {
  auditRights,
  deployedArgs,
  type Manifest,
  parseManifests,
  printEntry,
  rightsOf,
} from './rbac-audit.ts';
import { serviceAccountKubeconfig, serviceAccountUser } from './service-account.ts';
import { podTemplate, User } from './user.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const NAME = 'sluice-syncer';
const SELF = serviceAccountUser('sluice', NAME);
const APPLIER = serviceAccountUser('shop', 'sluice-applier');
const binding = (role: string, namespace: string, account: object): Manifest => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: role, namespace },
  roleRef: { kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'ServiceAccount', name: 'sluice-applier', namespace, ...account }],
});
/** What docs/install.md has somebody do in a namespace. */
const bindings = (namespace: string): Manifest[] => [
  binding('sluice-syncer-apply', namespace, {}),
  binding('sluice-syncer-impersonate', namespace, { name: NAME, namespace: 'sluice' }),
];
/** Impersonation is asked of RBAC with each request and is no request of its own; the other user shows it. */
const ASKED_BY_IMPERSONATION = new Set(['sluice-syncer-impersonate: impersonate serviceaccounts']);
/** More than fit into a status, so that the inventory becomes a ConfigMap. */
const MANY = 501;

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
      const manifest = { metadata: { name: 'shop', labels: { release: label } }, ...object };
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

  const account = async (namespace: string, name = 'sluice-applier'): Promise<void> => {
    await cluster().api.create(SERVICE_ACCOUNT, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace },
    });
  };
  const bind = async (manifests: readonly Manifest[]): Promise<void> => {
    const input = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
    await kubectl(cluster().plane, ['apply', '-f', '-'], { input });
  };
  const start = async (): Promise<ControllerProcess> => {
    const { plane } = cluster();
    const manifests = parseManifests(await kubectl(plane, ['kustomize', join(root, 'deploy/syncer')]));
    const args = deployedArgs(manifests, NAME);
    assert.ok(args.includes('--default-service-account=sluice-applier'));
    const process = new ControllerProcess({
      kubeconfig: await serviceAccountKubeconfig(plane, 'sluice', NAME),
      log: join(plane.dir, 'syncer.log'),
      args: [...args, '--allow-file-repos', '--qps', '400', '--burst', '800'],
      env: { POD_NAMESPACE: 'sluice' },
    });
    await process.says(/all stores are in step/);
    return process;
  };
  const application = async (
    name: string,
    namespace: string,
    path: string,
    rest: object = {},
  ): Promise<void> => {
    await new User(cluster().api, 'sluice').create(APPLICATION, name, {
      metadata: {
        labels: { 'sluice.dev/syncer': 'sluice' },
        finalizers: ['resources-finalizer.argocd.argoproj.io'],
        ...rest,
      },
      spec: {
        project: 'default',
        source: { repoURL: `file://${folder}`, targetRevision: 'main', path },
        destination: { server: 'https://kubernetes.default.svc', namespace },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
      },
    });
  };
  interface View {
    readonly sync?: { readonly status?: string };
    readonly conditions?: readonly { readonly type: string; readonly message: string }[];
    readonly sluice?: { readonly inventoryConfigMap?: string };
  }
  const viewOf = async (name: string): Promise<View> =>
    ((await new User(cluster().api, 'sluice').get(APPLICATION, name))?.['status'] ?? {}) as View;

  it('is exactly what it needs; with what Applications hold it deals as the account of their namespace', async () => {
    const { plane, api } = cluster();
    const shop = await User.inNamespace(api, 'shop');
    await account('shop');
    await bind(bindings('shop'));
    syncer = await start();

    commit(OBJECTS, 'first');
    await application('shop', 'shop', 'app');
    const applications = new User(api, 'sluice');
    const isSynced = async (label: string): Promise<boolean> => {
      const object = await shop.get(CONFIG_MAP, 'shop');
      return (
        object?.metadata.labels?.['release'] === label && (await viewOf('shop')).sync?.status === 'Synced'
      );
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

    const many = Object.fromEntries(
      Array.from({ length: MANY }, (_, i) => [
        `m${i}`,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `m${i}` }, data: { i: String(i) } },
      ]),
    );
    commit({ list: { apiVersion: 'v1', kind: 'List', items: Object.values(many) } }, 'many');
    await application('many', 'shop', 'app');
    await eventually(
      'the long inventory',
      async () => {
        const { sync, sluice } = await viewOf('many');
        return sync?.status === 'Synced' && sluice?.inventoryConfigMap === 'sluice-inventory-many';
      },
      90_000,
    ).catch(async (error: unknown) => {
      throw new Error(JSON.stringify((await viewOf('many')).conditions), { cause: error });
    });
    await syncer.end();
    // Another process knows of it only what stands in the ConfigMap.
    syncer = await start();
    const created = (verb: string): boolean =>
      readAudit(plane.auditLog, SELF).some(
        (entry) => entry.verb === verb && entry.name === 'sluice-inventory-many',
      );
    await eventually('the inventory to be read again', () => Promise.resolve(created('get')));
    await syncer.end();

    const manifests = [
      ...parseManifests(await kubectl(plane, ['kustomize', join(root, 'deploy/overlays/syncer')])),
      ...bindings('shop'),
    ];
    const own = auditRights(
      rightsOf(manifests, SELF),
      readAudit(plane.auditLog, SELF),
      ASKED_BY_IMPERSONATION,
    );
    assert.deepEqual(own.refused, [], 'requests that were refused');
    assert.deepEqual(own.unused, [], 'rights that no scenario used: remove them, or add a scenario');
    const acted = readAudit(plane.auditLog, APPLIER);
    const report = auditRights(rightsOf(manifests, APPLIER), acted);
    assert.deepEqual(report.refused, [], 'requests that were refused');
    assert.deepEqual(report.unused, [], 'rights that no scenario used: remove them, or add a scenario');
    assert.ok(acted.length > 500);
    assert.deepEqual(
      [...new Set(acted.map(({ impersonator }) => impersonator))],
      [SELF],
      'by impersonation only',
    );
    const strayed = readAudit(plane.auditLog, SELF).filter(
      ({ namespace, resource }) => namespace === 'shop' && resource !== 'serviceaccounts',
    );
    assert.deepEqual(strayed.map(printEntry), [], 'by its own rights it did nothing there');
  });

  it('says on the Application which account or right is missing', async () => {
    const { api } = cluster();
    syncer = await start();
    commit({ configmap: OBJECTS['configmap'] ?? {} }, 'third');
    const annotated = (name: string): object => ({ annotations: { 'sluice.dev/service-account': name } });
    const says = async (name: string, message: RegExp): Promise<void> => {
      let text = '';
      await eventually(`${name} to say ${message}`, async () => {
        text = JSON.stringify((await viewOf(name)).conditions ?? []);
        return message.test(text);
      }).catch((error: unknown) => {
        throw new Error(text, { cause: error });
      });
    };
    const tenant = await User.inNamespace(api, 'tenant');
    // Named in no role of the syncer.
    await account('tenant', 'stranger');
    await application('stranger', 'tenant', 'app', annotated('stranger'));
    await says(
      'stranger',
      /cannot impersonate resource \\"serviceaccounts\\" .* in the namespace \\"tenant\\".*ComparisonError/,
    );
    // Usable, and not there.
    await bind(bindings('tenant').slice(1));
    await application('missing', 'tenant', 'app');
    await says(
      'missing',
      /the ServiceAccount tenant\/sluice-applier, as which this Application acts, does not exist/,
    );
    // There, and without a right.
    await account('tenant');
    await says(
      'missing',
      /configmaps is forbidden: User \\"system:serviceaccount:tenant:sluice-applier\\" cannot list/,
    );
    assert.equal(await tenant.get(CONFIG_MAP, 'shop'), undefined);
    await bind(bindings('tenant'));
    await eventually('the sync', async () => (await tenant.get(CONFIG_MAP, 'shop')) !== undefined, 60_000);
    await syncer.end();
  });

  it('can touch nothing by itself, and as an account nothing that gives rights', async () => {
    const { plane } = cluster();
    const can = async (user: string, verb: string, resource: string, namespace: string): Promise<boolean> =>
      (await tryKubectl(plane, ['auth', 'can-i', verb, resource, '-n', namespace, `--as=${user}`])).code ===
      0;
    assert.equal(await can(APPLIER, 'patch', 'configmaps', 'shop'), true);
    assert.equal(await can(APPLIER, 'patch', 'configmaps', 'default'), false);
    assert.equal(await can(SELF, 'patch', 'configmaps', 'shop'), false);
    assert.equal(await can(SELF, 'impersonate', 'serviceaccounts/sluice-applier', 'shop'), true);
    for (const what of ['serviceaccounts/default', 'serviceaccounts', 'users', 'groups'])
      assert.equal(await can(SELF, 'impersonate', what, 'shop'), false, what);
    assert.equal(await can(SELF, 'impersonate', 'serviceaccounts/sluice-applier', 'default'), false);
    for (const resource of ['roles', 'rolebindings', 'secrets', 'serviceaccounts', 'pods'])
      for (const verb of ['create', 'patch', 'get'])
        for (const user of [SELF, APPLIER])
          assert.equal(await can(user, verb, resource, 'shop'), false, `${verb} ${resource}`);
    assert.equal(await can(SELF, 'get', 'secrets', 'sluice'), false, 'credentials are listed by label only');
  });
});
