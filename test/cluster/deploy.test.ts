/** `kubectl apply -k deploy` and its overlays, on a server that has nothing of ours. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CUSTOM_RESOURCE_DEFINITION, DEPLOYMENT } from '../../src/kube/kinds.ts';
import { printYaml } from '../../src/lang/yaml.ts';
import { findOnPath } from './binaries.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually, withCluster } from './harness.ts';
import { kubectl, tryKubectl } from './kubectl.ts';
import { type Manifest, parseManifests, type Rule } from './rbac-audit.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const deploy = (path = ''): string => join(root, 'deploy', path);
const OVERLAYS = [
  'overlays/argo-rollouts',
  'overlays/argo-cd',
  'overlays/flux',
  'overlays/syncer',
  'overlays/hardened',
];
const CLIENT_SIDE_APPLY_LIMIT = 262_144;

withCluster('deploy', { crds: false, controllers: false }, (cluster) => {
  const build = async (path: string): Promise<Manifest[]> =>
    parseManifests(await kubectl(cluster().plane, ['kustomize', deploy(path)]));
  const named = (manifests: readonly Manifest[], kind: string, name: string): Manifest | undefined =>
    manifests.find((item) => item.kind === kind && item.metadata.name === name);

  it('installs by one client-side apply, twice the same, and its pods pass the restricted standard', async () => {
    const { plane, api } = cluster();
    const first = await kubectl(plane, ['apply', '-k', deploy()]);
    assert.match(first, /deployment.apps\/sluice-controller created/);
    await kubectl(plane, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    await kubectl(plane, ['apply', '-k', deploy()]);
    const { code, out } = await tryKubectl(plane, ['diff', '-k', deploy()]);
    assert.equal(code, 0, `a second apply would change something: ${out}`);
    await plane.startControllers();
    await eventually('two replicas', async () => {
      const deployment = await api.get(DEPLOYMENT, { namespace: 'sluice', name: 'sluice-controller' });
      return (deployment['status'] as { availableReplicas?: number }).availableReplicas === 2;
    });
  });

  it('has CRDs that client-side apply can store, and that of Application only with the syncer', async () => {
    for (const file of globSync(join(root, 'crds/**/*.yaml')))
      assert.ok(statSync(file).size < CLIENT_SIDE_APPLY_LIMIT, file);
    const has = async (path: string): Promise<boolean> =>
      named(await build(path), 'CustomResourceDefinition', 'applications.argoproj.io') !== undefined;
    for (const path of ['', 'crds', 'base', 'namespaced', 'syncer', 'overlays/argo-cd', 'overlays/flux'])
      assert.equal(await has(path), false, path);
    assert.equal(await has('overlays/syncer'), true);
  });

  it('has overlays that the server accepts', async () => {
    await kubectl(cluster().plane, ['create', 'namespace', 'argo-rollouts']);
    for (const path of [...OVERLAYS, 'namespaced', 'syncer']) {
      const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-k', deploy(path)];
      const { code, err } = await tryKubectl(cluster().plane, args);
      assert.equal(code, 0, `${path}: ${err}`);
      assert.doesNotMatch(err, /PodSecurity|deprecated/i, path);
    }
  });

  it('gives an installation in one namespace the same rules, and nothing cluster-wide', async () => {
    const namespaced = await build('namespaced');
    assert.deepEqual(
      namespaced.filter(({ kind }) => /^(Cluster|Namespace|CustomResource)/.test(kind)),
      [],
    );
    const flat = (rules: readonly Rule[] = []): string[] =>
      rules
        .flatMap(({ apiGroups, resources, verbs }) =>
          apiGroups.flatMap((group) =>
            resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}.${group}`)),
          ),
        )
        .sort();
    const base = await build('base');
    const whole = [
      ...flat(named(base, 'ClusterRole', 'sluice-controller')?.rules),
      ...flat(named(base, 'ClusterRole', 'sluice-controller-secrets')?.rules),
    ];
    const clusterOnly = ['clusteranalysistemplates', 'leases'];
    const shared = (rights: readonly string[]): string[] =>
      rights.filter((right) => !clusterOnly.some((resource) => right.includes(` ${resource}.`))).sort();
    assert.deepEqual(shared(flat(named(namespaced, 'Role', 'sluice-controller')?.rules)), shared(whole));
  });

  it('reads Secrets only in named namespaces once hardened', async () => {
    const bindings = (await build('overlays/hardened')).filter(
      ({ roleRef }) => roleRef?.name === 'sluice-controller-secrets',
    );
    assert.deepEqual(
      bindings.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`),
      ['RoleBinding default'],
    );
  });

  it('adds our kinds to view, edit and admin', async () => {
    const { plane } = cluster();
    for (const role of ['view', 'edit', 'admin'])
      await kubectl(plane, [
        'create',
        'clusterrolebinding',
        `a-${role}`,
        `--clusterrole=${role}`,
        `--user=a-${role}`,
      ]);
    const can = async (user: string, verb: string, resource: string): Promise<boolean> =>
      (await tryKubectl(plane, ['auth', 'can-i', verb, resource, '-A', `--as=${user}`])).code === 0;
    await eventually('the roles to be aggregated', () => can('a-view', 'get', 'rollouts.argoproj.io'));
    assert.equal(await can('a-view', 'patch', 'rollouts.argoproj.io'), false);
    for (const user of ['a-edit', 'a-admin']) {
      await eventually(`${user} to edit`, () => can(user, 'patch', 'rollouts.argoproj.io'));
      assert.equal(await can(user, 'create', 'analysisruns.argoproj.io'), true);
    }
    const status = ['auth', 'can-i', 'patch', 'rollouts.argoproj.io', '--subresource=status', '--as=a-edit'];
    assert.equal((await tryKubectl(plane, status)).code, 0, 'abort and promote are status patches');
  });

  it("stops at Argo CD's CRD instead of replacing it", async () => {
    const { plane, api } = cluster();
    const ours = named(
      parseManifests(readFileSync(join(root, 'crds/syncer/applications.yaml'), 'utf8')),
      'CustomResourceDefinition',
      'applications.argoproj.io',
    );
    const theirs = structuredClone(ours) as Manifest & {
      spec: { versions: { schema: object; additionalPrinterColumns?: object[] }[] };
    };
    for (const version of theirs.spec.versions) {
      version.schema = {
        openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      };
      delete version.additionalPrinterColumns;
    }
    await kubectl(plane, ['apply', '-f', '-'], { input: printYaml(theirs as never) });
    const ref = { name: 'applications.argoproj.io' };
    const before = await api.get(CUSTOM_RESOURCE_DEFINITION, ref);
    const { code, err } = await tryKubectl(plane, ['create', '-k', join(root, 'crds/syncer')]);
    assert.notEqual(code, 0);
    assert.match(err, /"applications\.argoproj\.io" already exists/);
    await kubectl(plane, ['apply', '-k', deploy('syncer')]);
    assert.deepEqual((await api.get(CUSTOM_RESOURCE_DEFINITION, ref))['spec'], before['spec']);
  });

  it('names metrics in alerts and panels that the controller has', async () => {
    const { plane, kubeconfig } = cluster();
    const controller = new ControllerProcess({
      kubeconfig,
      log: join(plane.dir, 'metrics.log'),
      args: ['--leader-elect=false', '--controllers', 'rollouts,services,analysis', '--logformat', 'json'],
      env: { POD_NAMESPACE: 'sluice' },
    });
    try {
      await controller.says(/all stores are in step/);
      const port = /"metricsPort":(\d+)/.exec(controller.log)?.[1] ?? '';
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const known = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
      const rules = parseManifests(readFileSync(deploy('monitoring/rules.yaml'), 'utf8'))[0]?.spec as {
        groups: { rules: { expr: string }[] }[];
      };
      const dashboard = JSON.parse(readFileSync(deploy('monitoring/grafana-dashboard.json'), 'utf8')) as {
        panels: { targets: { expr: string }[] }[];
      };
      const expressions = [
        ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
        ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ];
      assert.ok(expressions.length > 20);
      for (const expression of expressions) {
        const names = expression.match(/\b[a-z][a-z0-9]*(_[a-z0-9]+){1,}\b(?!\()/g) ?? [];
        for (const name of names.filter((each) => !NOT_METRICS.has(each)))
          assert.ok(known.has(name.replace(/_(bucket|sum|count)$/, '')), `${name} in ${expression}`);
      }
      await kubectl(plane, ['kustomize', deploy('monitoring')]);
      const promtool = findOnPath('promtool');
      if (promtool !== undefined) {
        const file = join(plane.dir, 'rules.json');
        writeFileSync(file, JSON.stringify(rules));
        const checked = spawnSync(promtool, ['check', 'rules', file], { encoding: 'utf8' });
        assert.equal(checked.status, 0, checked.stderr + checked.stdout);
      }
    } finally {
      await controller.end();
    }
  });
});

const NOT_METRICS = new Set(['traffic_router', 'status_code', 'group_left', 'histogram_quantile']);
