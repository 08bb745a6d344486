/**
 * What Sluice relies on in a Kubernetes API server, as one table of tests. It is run against a real kube-apiserver
 * (test/cluster) and against the sandbox (test/sandbox): where the two differ, the sandbox is wrong.
 *
 * The server must have our CRDs and no controllers besides the garbage collector and namespaces (those tests say so).
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  ApiError,
  type KubeApi,
  type KubeObject,
  type ManagedFieldsEntry,
  type ResourceType,
  type WatchEvent,
} from '../../src/kube/api.ts';
import {
  ANALYSIS_RUN,
  CONFIG_MAP,
  INGRESS,
  NAMESPACE,
  POD,
  REPLICA_SET,
  ROLLOUT,
  SECRET,
  SERVICE,
} from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';

export interface Server {
  api: KubeApi;
  /** Lets time pass until `test` holds (a real server just waits, the sandbox advances its clock). */
  eventually: (what: string, test: () => Promise<boolean>) => Promise<void>;
  /** Whether the garbage collector and the namespace controller run. */
  controllers: boolean;
  close: () => Promise<void>;
}

let counter = 0;
const uniqueName = (prefix: string): string =>
  `${prefix}-${(counter += 1)}-${Math.floor(Math.random() * 1e6)}`;

const object = (
  type: ResourceType,
  meta: JsonObject & { name?: string },
  rest: JsonObject = {},
): KubeObject =>
  ({
    apiVersion: type.group === '' ? type.version : `${type.group}/${type.version}`,
    kind: type.kind,
    metadata: meta,
    ...rest,
  }) as unknown as KubeObject;

const podTemplate = (image = 'example.com/app:v1'): JsonObject => ({
  metadata: { labels: { app: 'demo' } },
  spec: { containers: [{ name: 'app', image }] },
});

const rollout = (name: string, spec: JsonObject = {}): KubeObject =>
  object(
    ROLLOUT,
    { name },
    {
      spec: {
        selector: { matchLabels: { app: 'demo' } },
        template: podTemplate(),
        strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } },
        ...spec,
      },
    },
  );

async function refused(promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ApiError, `expected an ApiError, got ${String(error)}`);
    return error;
  }
  assert.fail('expected the server to refuse');
}

const at = (value: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);

const managers = (entries: ManagedFieldsEntry[] | undefined): string[] =>
  (entries ?? [])
    .map(({ manager, operation, subresource }) => [manager, operation, subresource].filter(Boolean).join('/'))
    .sort();

export function contract(label: string, connect: () => Promise<Server>): void {
  describe(`contract: ${label}`, () => {
    let server: Server;
    let api: KubeApi;
    let ns = '';

    before(async () => {
      server = await connect();
      api = server.api;
      ns = uniqueName('contract');
      await api.create(NAMESPACE, object(NAMESPACE, { name: ns }));
    });
    after(async () => {
      await server?.close();
    });

    const make = async (type: ResourceType, body: KubeObject, manager?: string): Promise<KubeObject> =>
      await api.create(
        type,
        { ...body, metadata: { ...body.metadata, namespace: ns } },
        manager === undefined ? {} : { fieldManager: manager },
      );
    const ref = (name: string): { namespace: string; name: string } => ({ namespace: ns, name });
    const configMap = (name: string, data: JsonObject = { a: '1' }): KubeObject =>
      object(CONFIG_MAP, { name }, { data });

    describe('create', () => {
      it('fills uid, resourceVersion, creationTimestamp and generation', async () => {
        const created = await make(ROLLOUT, rollout(uniqueName('fill')));
        assert.match(created.metadata.uid ?? '', /^[0-9a-f-]{36}$/);
        assert.match(created.metadata.resourceVersion ?? '', /^\d+$/);
        assert.match(created.metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        assert.equal(created.metadata.generation, 1);
        assert.equal(created.kind, 'Rollout');
      });
      it('answers 409 AlreadyExists for a name that is taken', async () => {
        const name = uniqueName('twice');
        await make(CONFIG_MAP, configMap(name));
        const error = await refused(make(CONFIG_MAP, configMap(name)));
        assert.deepEqual(
          [error.code, error.reason, error.message],
          [409, 'AlreadyExists', `configmaps "${name}" already exists`],
        );
      });
      it('generates names', async () => {
        const created = await make(CONFIG_MAP, object(CONFIG_MAP, { generateName: 'gen-' }));
        assert.match(created.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      });
      it('refuses a namespace that does not exist', async () => {
        const error = await refused(
          api.create(CONFIG_MAP, object(CONFIG_MAP, { name: 'x', namespace: 'no-such-namespace' })),
        );
        assert.deepEqual([error.code, error.message], [404, 'namespaces "no-such-namespace" not found']);
      });
      it('refuses a bad name with 422 Invalid', async () => {
        const error = await refused(make(CONFIG_MAP, configMap('Not_A_Name')));
        assert.deepEqual([error.code, error.reason], [422, 'Invalid']);
        assert.match(
          error.message,
          /^ConfigMap "Not_A_Name" is invalid: metadata\.name: Invalid value: "Not_A_Name": /,
        );
      });
      it('ignores status of a kind with a status subresource', async () => {
        const created = await make(ROLLOUT, { ...rollout(uniqueName('st')), status: { phase: 'Healthy' } });
        assert.equal(created['status'], undefined);
      });
      it('keeps status of a kind without one', async () => {
        const created = await make(
          ANALYSIS_RUN,
          object(
            ANALYSIS_RUN,
            { name: uniqueName('ar') },
            { spec: { metrics: [] }, status: { phase: 'Running' } },
          ),
        );
        assert.deepEqual(at(created, 'status', 'phase'), 'Running');
      });
      it('writes nothing under dryRun', async () => {
        const name = uniqueName('dry');
        const answer = await api.create(CONFIG_MAP, object(CONFIG_MAP, { name, namespace: ns }), {
          dryRun: true,
        });
        assert.equal(answer.metadata.name, name);
        assert.equal((await refused(api.get(CONFIG_MAP, ref(name)))).code, 404);
      });
    });

    describe('schemas of custom resources', () => {
      it('prunes fields that the schema does not know, but not inside pod templates', async () => {
        const template = podTemplate();
        (template['spec'] as JsonObject)['aNewerField'] = { x: 1 };
        const created = await make(ROLLOUT, rollout(uniqueName('prune'), { bogus: 1, template }));
        assert.equal(at(created, 'spec', 'bogus'), undefined);
        assert.deepEqual(at(created, 'spec', 'template', 'spec', 'aNewerField'), { x: 1 });
      });
      it('fills replicas with 1', async () => {
        assert.equal(at(await make(ROLLOUT, rollout(uniqueName('def'))), 'spec', 'replicas'), 1);
      });
      it('refuses a wrong type and names the field', async () => {
        const error = await refused(make(ROLLOUT, rollout(uniqueName('type'), { replicas: 'three' })));
        assert.equal(error.code, 422);
        assert.match(
          error.message,
          /spec\.replicas: Invalid value: "string": spec\.replicas in body must be of type integer: "string"/,
        );
      });
      it('stores what only the controller calls invalid', async () => {
        const created = await make(
          ROLLOUT,
          rollout(uniqueName('inv'), {
            strategy: {
              blueGreen: { activeService: '' },
              canary: { steps: [{ setWeight: 120 }, { pause: { duration: '1x' } }] },
            },
          }),
        );
        assert.equal(at(created, 'spec', 'strategy', 'canary', 'steps', 0, 'setWeight'), 120);
      });
      it('refuses a change of the selector', async () => {
        const name = uniqueName('sel');
        await make(ROLLOUT, rollout(name));
        const error = await refused(
          api.patch(ROLLOUT, ref(name), {
            type: 'merge',
            body: { spec: { selector: { matchLabels: { app: 'other' } } } },
          }),
        );
        assert.equal(error.code, 422);
        assert.match(error.message, /\.spec\.selector is immutable/);
      });
      it('reports unknown fields under strict validation and stores nothing', async () => {
        const name = uniqueName('strict');
        const error = await refused(
          api.create(
            ROLLOUT,
            { ...rollout(name, { bogus: 1 }), metadata: { name, namespace: ns } },
            { fieldValidation: 'Strict' },
          ),
        );
        assert.deepEqual([error.code, error.reason], [400, 'BadRequest']);
        assert.match(error.message, /strict decoding error: unknown field "spec\.bogus"/);
        assert.equal((await refused(api.get(ROLLOUT, ref(name)))).code, 404);
      });
      it('warns of unknown fields under Warn', async () => {
        const warnings: string[] = [];
        const name = uniqueName('warn');
        await api.create(
          ROLLOUT,
          { ...rollout(name, { bogus: 1 }), metadata: { name, namespace: ns } },
          { fieldValidation: 'Warn', onWarning: (text) => warnings.push(text) },
        );
        assert.deepEqual(warnings, ['unknown field "spec.bogus"']);
      });
    });

    describe('update', () => {
      it('demands the resourceVersion it names', async () => {
        const name = uniqueName('occ');
        const first = await make(CONFIG_MAP, configMap(name));
        await api.patch(CONFIG_MAP, ref(name), { type: 'merge', body: { data: { b: '2' } } });
        const error = await refused(api.replace(CONFIG_MAP, { ...first, data: { c: '3' } }));
        assert.deepEqual([error.code, error.reason], [409, 'Conflict']);
        assert.match(
          error.message,
          /the object has been modified; please apply your changes to the latest version and try again$/,
        );
      });
      it('a write that changes nothing keeps the resourceVersion', async () => {
        const name = uniqueName('noop');
        const first = await make(CONFIG_MAP, configMap(name));
        const again = await api.patch(CONFIG_MAP, ref(name), { type: 'merge', body: { data: { a: '1' } } });
        assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
      });
      it('generation counts changes of the spec, not of metadata or status', async () => {
        const name = uniqueName('gen');
        await make(ROLLOUT, rollout(name));
        const labelled = await api.patch(ROLLOUT, ref(name), {
          type: 'merge',
          body: { metadata: { labels: { x: 'y' } } },
        });
        const status = await api.patch(
          ROLLOUT,
          ref(name),
          { type: 'merge', body: { status: { phase: 'Healthy' } } },
          { subresource: 'status' },
        );
        const changed = await api.patch(ROLLOUT, ref(name), {
          type: 'merge',
          body: { spec: { replicas: 5 } },
        });
        assert.deepEqual(
          [labelled, status, changed].map((answer) => answer.metadata.generation),
          [1, 1, 2],
        );
        assert.equal(at(changed, 'status', 'phase'), 'Healthy');
      });
      it('generation of a kind without status subresource counts status, too', async () => {
        const name = uniqueName('arg');
        await make(ANALYSIS_RUN, object(ANALYSIS_RUN, { name }, { spec: { metrics: [] } }));
        const patched = await api.patch(ANALYSIS_RUN, ref(name), {
          type: 'merge',
          body: { status: { phase: 'Running' } },
        });
        assert.equal(patched.metadata.generation, 2);
      });
      it('separates status and spec', async () => {
        const name = uniqueName('sep');
        await make(ROLLOUT, rollout(name));
        const viaStatus = await api.patch(
          ROLLOUT,
          ref(name),
          { type: 'merge', body: { spec: { replicas: 9 }, status: { phase: 'Paused' } } },
          { subresource: 'status' },
        );
        assert.deepEqual(
          [at(viaStatus, 'spec', 'replicas'), at(viaStatus, 'status', 'phase')],
          [1, 'Paused'],
        );
        const viaMain = await api.patch(ROLLOUT, ref(name), {
          type: 'merge',
          body: { status: { phase: 'Healthy' } },
        });
        assert.equal(at(viaMain, 'status', 'phase'), 'Paused');
      });
      it('has no status subresource where the CRD has none', async () => {
        const name = uniqueName('nost');
        await make(ANALYSIS_RUN, object(ANALYSIS_RUN, { name }, { spec: { metrics: [] } }));
        const error = await refused(
          api.patch(
            ANALYSIS_RUN,
            ref(name),
            { type: 'merge', body: { status: {} } },
            { subresource: 'status' },
          ),
        );
        assert.equal(error.code, 404);
      });
      it('takes a resourceVersion in a merge patch as a precondition', async () => {
        const name = uniqueName('pre');
        const first = await make(CONFIG_MAP, configMap(name));
        await api.patch(CONFIG_MAP, ref(name), { type: 'merge', body: { data: { b: '2' } } });
        const error = await refused(
          api.patch(CONFIG_MAP, ref(name), {
            type: 'merge',
            body: { metadata: { resourceVersion: first.metadata.resourceVersion }, data: { c: '3' } },
          }),
        );
        assert.deepEqual([error.code, error.reason], [409, 'Conflict']);
      });
      it('refuses another uid in a merge patch, as a change of an immutable field', async () => {
        const name = uniqueName('uid');
        await make(CONFIG_MAP, configMap(name));
        const error = await refused(
          api.patch(CONFIG_MAP, ref(name), {
            type: 'merge',
            body: { metadata: { uid: '00000000-0000-0000-0000-000000000000' }, data: { c: '3' } },
          }),
        );
        assert.deepEqual([error.code, error.reason], [422, 'Invalid']);
      });
      it('answers 404 with the text that kubectl shows', async () => {
        const error = await refused(api.get(ROLLOUT, ref('nobody')));
        assert.deepEqual(
          [error.code, error.reason, error.message],
          [404, 'NotFound', 'rollouts.argoproj.io "nobody" not found'],
        );
      });
    });

    describe('patches', () => {
      it('merge: null removes, lists are replaced whole', async () => {
        const name = uniqueName('merge');
        await make(ROLLOUT, rollout(name, { minReadySeconds: 3 }));
        const patched = await api.patch(ROLLOUT, ref(name), {
          type: 'merge',
          body: { spec: { minReadySeconds: null, strategy: { canary: { steps: [{ pause: {} }] } } } },
        });
        assert.equal(at(patched, 'spec', 'minReadySeconds'), undefined);
        assert.deepEqual(at(patched, 'spec', 'strategy', 'canary', 'steps'), [{ pause: {} }]);
      });
      it('json: test guards, a failed test changes nothing', async () => {
        const name = uniqueName('json');
        await make(CONFIG_MAP, configMap(name));
        const error = await refused(
          api.patch(CONFIG_MAP, ref(name), {
            type: 'json',
            body: [
              { op: 'replace', path: '/data/a', value: '2' },
              { op: 'test', path: '/data/a', value: '1' },
            ],
          }),
        );
        assert.equal(error.code, 422);
        assert.equal(at(await api.get(CONFIG_MAP, ref(name)), 'data', 'a'), '1');
      });
      it('json: removing what is not there is refused', async () => {
        const name = uniqueName('jsonr');
        await make(CONFIG_MAP, configMap(name));
        assert.equal(
          (
            await refused(
              api.patch(CONFIG_MAP, ref(name), { type: 'json', body: [{ op: 'remove', path: '/data/zz' }] }),
            )
          ).code,
          422,
        );
      });
      it('strategic: lists merge by key on built-in kinds', async () => {
        const name = uniqueName('smp');
        await make(
          SERVICE,
          object(
            SERVICE,
            { name },
            {
              spec: {
                selector: { app: 'a' },
                ports: [
                  { name: 'http', port: 80 },
                  { name: 'x', port: 81 },
                ],
              },
            },
          ),
        );
        const patched = await api.patch(SERVICE, ref(name), {
          type: 'strategic',
          body: { spec: { selector: { hash: 'h' }, ports: [{ port: 81, targetPort: 8081 }] } },
        });
        assert.deepEqual(at(patched, 'spec', 'selector'), { app: 'a', hash: 'h' });
        assert.deepEqual(
          (at(patched, 'spec', 'ports') as { port: number; targetPort: number }[])
            .map(({ port, targetPort }) => [port, targetPort])
            .sort(),
          [
            [80, 80],
            [81, 8081],
          ],
        );
      });
      it('strategic: refused with 415 on custom resources', async () => {
        const name = uniqueName('smpcr');
        await make(ROLLOUT, rollout(name));
        assert.equal(
          (
            await refused(
              api.patch(ROLLOUT, ref(name), { type: 'strategic', body: { spec: { replicas: 2 } } }),
            )
          ).code,
          415,
        );
      });
    });

    describe('server-side apply', () => {
      const apply = async (
        type: ResourceType,
        name: string,
        manager: string,
        body: JsonObject,
        force = false,
      ): Promise<KubeObject> =>
        await api.patch(
          type,
          ref(name),
          {
            type: 'apply',
            force,
            body: {
              apiVersion: type.group === '' ? type.version : `${type.group}/${type.version}`,
              kind: type.kind,
              metadata: { name, namespace: ns },
              ...body,
            },
          },
          { fieldManager: manager },
        );

      it('creates, and applying the same again writes nothing', async () => {
        const name = uniqueName('ssa');
        const first = await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
        const again = await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
        assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
        assert.deepEqual(managers(first.metadata.managedFields), ['m1/Apply']);
      });
      it('removes what its manager no longer applies', async () => {
        const name = uniqueName('ssarm');
        await apply(CONFIG_MAP, name, 'm1', { data: { a: '1', b: '2' } });
        assert.deepEqual((await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } }))['data'], { a: '1' });
      });
      it('keeps what another manager owns', async () => {
        const name = uniqueName('ssakeep');
        await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
        await apply(CONFIG_MAP, name, 'm2', { data: { b: '2' } });
        assert.deepEqual((await apply(CONFIG_MAP, name, 'm1', { data: { a: '9' } }))['data'], {
          a: '9',
          b: '2',
        });
      });
      it('conflicts name the manager and the field, and force takes over', async () => {
        const name = uniqueName('ssacon');
        await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
        const error = await refused(apply(CONFIG_MAP, name, 'm2', { data: { a: '2' } }));
        assert.deepEqual([error.code, error.reason], [409, 'Conflict']);
        assert.match(error.message, /Apply failed with 1 conflict: conflict with "m1": \.data\.a/);
        const forced = await apply(CONFIG_MAP, name, 'm2', { data: { a: '2' } }, true);
        assert.deepEqual(managers(forced.metadata.managedFields), ['m2/Apply']);
      });
      it('the same value is shared without a conflict', async () => {
        const name = uniqueName('ssashare');
        await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
        const shared = await apply(CONFIG_MAP, name, 'm2', { data: { a: '1' } });
        assert.deepEqual(managers(shared.metadata.managedFields), ['m1/Apply', 'm2/Apply']);
        assert.deepEqual((await apply(CONFIG_MAP, name, 'm2', { data: { b: '1' } }))['data'], {
          a: '1',
          b: '1',
        });
      });
      it('sees fields written by other verbs as owned', async () => {
        const name = uniqueName('ssaupd');
        await make(CONFIG_MAP, configMap(name), 'creator');
        const error = await refused(apply(CONFIG_MAP, name, 'm1', { data: { a: '2' } }));
        assert.match(error.message, /conflict with "creator"( using v1)?.*: \.data\.a/);
      });
      it('a Service selector is one atomic field', async () => {
        const name = uniqueName('ssasel');
        await apply(SERVICE, name, 'git', { spec: { selector: { app: 'a' }, ports: [{ port: 80 }] } });
        await api.patch(
          SERVICE,
          ref(name),
          { type: 'merge', body: { spec: { selector: { 'rollouts-pod-template-hash': 'h' } } } },
          { fieldManager: 'controller' },
        );
        const again = await apply(
          SERVICE,
          name,
          'git',
          { spec: { selector: { app: 'a' }, ports: [{ port: 80 }] } },
          true,
        );
        assert.deepEqual(at(again, 'spec', 'selector'), { app: 'a' });
      });
      it('a selector that Git leaves out stays untouched by the applier', async () => {
        const name = uniqueName('ssaomit');
        await apply(SERVICE, name, 'git', { spec: { ports: [{ port: 80 }] } });
        await api.patch(
          SERVICE,
          ref(name),
          { type: 'merge', body: { spec: { selector: { app: 'a', 'rollouts-pod-template-hash': 'h' } } } },
          { fieldManager: 'controller' },
        );
        const again = await apply(SERVICE, name, 'git', { spec: { ports: [{ port: 80 }] } }, true);
        assert.deepEqual(at(again, 'spec', 'selector'), { app: 'a', 'rollouts-pod-template-hash': 'h' });
      });
      it('the default of replicas gives no difference when Git leaves it out', async () => {
        const name = uniqueName('ssadef');
        const body = { spec: (rollout(name) as unknown as { spec: JsonObject }).spec };
        const first = await apply(ROLLOUT, name, 'git', body);
        assert.equal(at(first, 'spec', 'replicas'), 1);
        const again = await apply(ROLLOUT, name, 'git', body);
        assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
        await api.patch(
          ROLLOUT,
          ref(name),
          { type: 'merge', body: { spec: { replicas: 4 } } },
          { fieldManager: 'hpa' },
        );
        assert.equal(at(await apply(ROLLOUT, name, 'git', body, true), 'spec', 'replicas'), 4);
      });
      it('lists of custom resources are atomic', async () => {
        const name = uniqueName('ssalist');
        const spec = (steps: JsonObject[]): JsonObject => ({
          spec: {
            ...(rollout(name) as unknown as { spec: JsonObject }).spec,
            strategy: { canary: { steps } },
          },
        });
        await apply(ROLLOUT, name, 'git', spec([{ setWeight: 10 }, { pause: {} }]));
        const again = await apply(ROLLOUT, name, 'git', spec([{ setWeight: 30 }]));
        assert.deepEqual(at(again, 'spec', 'strategy', 'canary', 'steps'), [{ setWeight: 30 }]);
      });
      it('container lists of built-in kinds merge by name', async () => {
        const name = uniqueName('ssactr');
        const spec = (template: JsonObject): JsonObject => ({
          spec: { replicas: 0, selector: { matchLabels: { app: 'demo' } }, template },
        });
        await apply(REPLICA_SET, name, 'one', spec(podTemplate()));
        const two = await apply(REPLICA_SET, name, 'two', {
          spec: { template: { spec: { containers: [{ name: 'side', image: 'example.com/side:v1' }] } } },
        });
        assert.deepEqual(
          (at(two, 'spec', 'template', 'spec', 'containers') as { name: string }[])
            .map((container) => container.name)
            .sort(),
          ['app', 'side'],
        );
      });
      it('needs a field manager', async () => {
        const name = uniqueName('ssanomgr');
        await assert.rejects(
          api.patch(CONFIG_MAP, ref(name), {
            type: 'apply',
            body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
          }),
          /fieldManager/,
        );
      });
      it('dry run answers with the result and writes nothing', async () => {
        const name = uniqueName('ssadry');
        const first = await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
        const dry = await api.patch(
          CONFIG_MAP,
          ref(name),
          {
            type: 'apply',
            force: true,
            body: {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name, namespace: ns },
              data: { a: '2' },
            },
          },
          { fieldManager: 'm1', dryRun: true },
        );
        assert.deepEqual(dry['data'], { a: '2' });
        const live = await api.get(CONFIG_MAP, ref(name));
        assert.deepEqual(
          [live['data'], live.metadata.resourceVersion],
          [{ a: '1' }, first.metadata.resourceVersion],
        );
      });
    });

    describe('list', () => {
      it('pages with limit and continue, in a stable order', async () => {
        const label = uniqueName('page');
        for (let i = 0; i < 5; i++) {
          await make(CONFIG_MAP, object(CONFIG_MAP, { name: `${label}-${i}`, labels: { page: label } }));
        }
        const names: string[] = [];
        let token: string | undefined;
        let pages = 0;
        do {
          const page = await api.list(CONFIG_MAP, {
            namespace: ns,
            labelSelector: `page=${label}`,
            limit: 2,
            ...(token === undefined ? {} : { continue: token }),
          });
          names.push(...page.items.map((item) => item.metadata.name));
          token = page.continue;
          pages += 1;
        } while (token !== undefined && token !== '');
        assert.deepEqual(
          names,
          [0, 1, 2, 3, 4].map((i) => `${label}-${i}`),
        );
        assert.equal(pages, 3);
      });
      it('selects by labels', async () => {
        const tag = uniqueName('lab');
        await make(CONFIG_MAP, object(CONFIG_MAP, { name: `${tag}-a`, labels: { tag, tier: 'web' } }));
        await make(CONFIG_MAP, object(CONFIG_MAP, { name: `${tag}-b`, labels: { tag, tier: 'db' } }));
        await make(CONFIG_MAP, object(CONFIG_MAP, { name: `${tag}-c`, labels: { tag } }));
        const count = async (selector: string): Promise<number> =>
          (await api.list(CONFIG_MAP, { namespace: ns, labelSelector: `tag=${tag},${selector}` })).items
            .length;
        assert.deepEqual(
          [
            await count('tier=web'),
            await count('tier!=web'),
            await count('tier in (web,db)'),
            await count('tier'),
            await count('!tier'),
          ],
          [1, 2, 2, 2, 1],
        );
      });
      it('selects by metadata.name', async () => {
        const name = uniqueName('field');
        await make(ROLLOUT, rollout(name));
        const list = await api.list(ROLLOUT, { namespace: ns, fieldSelector: `metadata.name=${name}` });
        assert.deepEqual(
          list.items.map((item) => item.metadata.name),
          [name],
        );
      });
      it('refuses a field selector that it does not have', async () => {
        assert.equal(
          (await refused(api.list(ROLLOUT, { namespace: ns, fieldSelector: 'spec.replicas=1' }))).code,
          400,
        );
      });
    });

    describe('watch', () => {
      const collect = async (
        type: ResourceType,
        from: string,
        enough: (events: WatchEvent[]) => boolean,
        act: () => Promise<void>,
        labelSelector?: string,
      ): Promise<WatchEvent[]> => {
        const stop = new AbortController();
        const events: WatchEvent[] = [];
        const stream = (async () => {
          try {
            for await (const event of api.watch(type, {
              namespace: ns,
              resourceVersion: from,
              signal: stop.signal,
              ...(labelSelector === undefined ? {} : { labelSelector }),
            })) {
              if (event.type !== 'BOOKMARK') events.push(event);
              if (enough(events)) return;
            }
          } catch (error) {
            if (!stop.signal.aborted) throw error;
          }
        })();
        await act();
        await server.eventually('the watch to deliver', async () => await Promise.resolve(enough(events)));
        stop.abort(new Error('enough'));
        await stream;
        return events;
      };

      it('delivers every write after the resourceVersion, in order', async () => {
        const name = uniqueName('watch');
        const { resourceVersion } = await api.list(CONFIG_MAP, { namespace: ns });
        const events = await collect(
          CONFIG_MAP,
          resourceVersion,
          (seen) => seen.length >= 3,
          async () => {
            await make(CONFIG_MAP, configMap(name));
            await api.patch(CONFIG_MAP, ref(name), { type: 'merge', body: { data: { a: '2' } } });
            await api.delete(CONFIG_MAP, ref(name));
          },
        );
        assert.deepEqual(
          events.map((event) => [event.type, event.object.metadata.name, at(event.object, 'data', 'a')]),
          [
            ['ADDED', name, '1'],
            ['MODIFIED', name, '2'],
            ['DELETED', name, '2'],
          ],
        );
        const versions = events.map((event) => Number(event.object.metadata.resourceVersion));
        assert.deepEqual(
          versions,
          [...versions].sort((a, b) => a - b),
        );
      });
      it('turns a label that no longer matches into DELETED', async () => {
        const name = uniqueName('leave');
        const { resourceVersion } = await api.list(CONFIG_MAP, { namespace: ns });
        const events = await collect(
          CONFIG_MAP,
          resourceVersion,
          (seen) => seen.length >= 2,
          async () => {
            await make(CONFIG_MAP, object(CONFIG_MAP, { name, labels: { in: name } }));
            await api.patch(CONFIG_MAP, ref(name), {
              type: 'merge',
              body: { metadata: { labels: { in: 'out' } } },
            });
          },
          `in=${name}`,
        );
        assert.deepEqual(
          events.map((event) => event.type),
          ['ADDED', 'DELETED'],
        );
      });
      it('starts with the present objects when no resourceVersion is given', async () => {
        const name = uniqueName('now');
        await make(CONFIG_MAP, object(CONFIG_MAP, { name, labels: { now: name } }));
        const events = await collect(
          CONFIG_MAP,
          '',
          (seen) => seen.length >= 1,
          async () => {},
          `now=${name}`,
        );
        assert.deepEqual(
          events.map((event) => [event.type, event.object.metadata.name]),
          [['ADDED', name]],
        );
      });
    });

    describe('delete', () => {
      it('waits for finalizers', async () => {
        const name = uniqueName('fin');
        await make(CONFIG_MAP, object(CONFIG_MAP, { name, finalizers: ['example.com/hold'] }));
        await api.delete(CONFIG_MAP, ref(name));
        const held = await api.get(CONFIG_MAP, ref(name));
        assert.match(held.metadata.deletionTimestamp ?? '', /Z$/);
        await api.patch(CONFIG_MAP, ref(name), { type: 'merge', body: { metadata: { finalizers: null } } });
        assert.equal((await refused(api.get(CONFIG_MAP, ref(name)))).code, 404);
      });
      it('checks uid and resourceVersion preconditions', async () => {
        const name = uniqueName('delpre');
        const created = await make(CONFIG_MAP, configMap(name));
        const wrong = await refused(
          api.delete(CONFIG_MAP, ref(name), {
            preconditions: { uid: '00000000-0000-0000-0000-000000000000' },
          }),
        );
        assert.equal(wrong.code, 409);
        await api.delete(CONFIG_MAP, ref(name), { preconditions: { uid: created.metadata.uid } });
        assert.equal((await refused(api.get(CONFIG_MAP, ref(name)))).code, 404);
      });
      it('a second delete answers 404', async () => {
        const name = uniqueName('del2');
        await make(CONFIG_MAP, configMap(name));
        await api.delete(CONFIG_MAP, ref(name));
        assert.equal((await refused(api.delete(CONFIG_MAP, ref(name)))).code, 404);
      });
    });

    describe('garbage collection', () => {
      const owned = async (): Promise<[string, string]> => {
        const owner = await make(CONFIG_MAP, configMap(uniqueName('owner')));
        const child = await make(
          SECRET,
          object(SECRET, {
            name: uniqueName('child'),
            ownerReferences: [
              {
                apiVersion: 'v1',
                kind: 'ConfigMap',
                name: owner.metadata.name,
                uid: owner.metadata.uid ?? '',
                controller: true,
                blockOwnerDeletion: true,
              },
            ],
          }),
        );
        return [owner.metadata.name, child.metadata.name];
      };
      const gone = async (type: ResourceType, name: string): Promise<boolean> =>
        await api.get(type, ref(name)).then(
          () => false,
          (error: unknown) => error instanceof ApiError && error.code === 404,
        );

      it('in the background, the dependents follow', async () => {
        if (!server.controllers) return;
        const [owner, child] = await owned();
        await api.delete(CONFIG_MAP, ref(owner), { propagationPolicy: 'Background' });
        await server.eventually('the dependent gone', async () => await gone(SECRET, child));
        assert.ok(await gone(CONFIG_MAP, owner));
      });
      it('in the foreground, the owner goes last', async () => {
        if (!server.controllers) return;
        const [owner, child] = await owned();
        await api.delete(CONFIG_MAP, ref(owner), { propagationPolicy: 'Foreground' });
        await server.eventually(
          'both gone',
          async () => (await gone(SECRET, child)) && (await gone(CONFIG_MAP, owner)),
        );
        assert.ok(await gone(CONFIG_MAP, owner));
      });
      it('orphans keep living without the reference', async () => {
        if (!server.controllers) return;
        const [owner, child] = await owned();
        await api.delete(CONFIG_MAP, ref(owner), { propagationPolicy: 'Orphan' });
        await server.eventually('the owner gone', async () => await gone(CONFIG_MAP, owner));
        assert.equal((await api.get(SECRET, ref(child))).metadata.ownerReferences?.length ?? 0, 0);
      });
    });

    describe('scale', () => {
      it('reads and writes a Rollout through its scale subresource', async () => {
        const name = uniqueName('scale');
        await make(ROLLOUT, rollout(name, { replicas: 3 }));
        await api.patch(
          ROLLOUT,
          ref(name),
          { type: 'merge', body: { status: { HPAReplicas: 2, selector: 'app=demo' } } },
          { subresource: 'status' },
        );
        const scale = await api.get(ROLLOUT, ref(name), { subresource: 'scale' });
        assert.equal(scale.kind, 'Scale');
        assert.deepEqual(
          [at(scale, 'spec', 'replicas'), at(scale, 'status', 'replicas'), at(scale, 'status', 'selector')],
          [3, 2, 'app=demo'],
        );
        await api.patch(
          ROLLOUT,
          ref(name),
          { type: 'merge', body: { spec: { replicas: 7 } } },
          { subresource: 'scale' },
        );
        const live = await api.get(ROLLOUT, ref(name));
        assert.deepEqual([at(live, 'spec', 'replicas'), live.metadata.generation], [7, 2]);
      });
    });

    describe('built-in kinds', () => {
      it('default a Service as users see it', async () => {
        const created = await make(
          SERVICE,
          object(SERVICE, { name: uniqueName('svc') }, { spec: { ports: [{ port: 80 }] } }),
        );
        const spec = created['spec'] as JsonObject;
        assert.deepEqual(spec['ports'], [{ protocol: 'TCP', port: 80, targetPort: 80 }]);
        assert.deepEqual([spec['type'], spec['sessionAffinity']], ['ClusterIP', 'None']);
        assert.match(String(spec['clusterIP']), /^\d+\.\d+\.\d+\.\d+$/);
      });
      it('default a pod template as users see it', async () => {
        const created = await make(
          REPLICA_SET,
          object(
            REPLICA_SET,
            { name: uniqueName('rs') },
            { spec: { replicas: 0, selector: { matchLabels: { app: 'demo' } }, template: podTemplate() } },
          ),
        );
        assert.deepEqual(at(created, 'spec', 'template', 'spec'), {
          containers: [
            {
              name: 'app',
              image: 'example.com/app:v1',
              imagePullPolicy: 'IfNotPresent',
              resources: {},
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
            },
          ],
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          terminationGracePeriodSeconds: 30,
        });
      });
      it('refuse a selector that does not match the template', async () => {
        const error = await refused(
          make(
            REPLICA_SET,
            object(
              REPLICA_SET,
              { name: uniqueName('rs') },
              { spec: { selector: { matchLabels: { app: 'other' } }, template: podTemplate() } },
            ),
          ),
        );
        assert.equal(error.code, 422);
        assert.match(error.message, /`selector` does not match template `labels`/);
      });
      it('refuse an Ingress path without pathType', async () => {
        const error = await refused(
          make(
            INGRESS,
            object(
              INGRESS,
              { name: uniqueName('ing') },
              {
                spec: {
                  rules: [
                    {
                      http: {
                        paths: [{ path: '/', backend: { service: { name: 's', port: { number: 80 } } } }],
                      },
                    },
                  ],
                },
              },
            ),
          ),
        );
        assert.equal(error.code, 422);
        assert.match(
          error.message,
          /spec\.rules\[0\]\.http\.paths\[0\]\.pathType: Required value: pathType must be specified/,
        );
      });
      it('evict a pod', async () => {
        const name = uniqueName('pod');
        await make(
          POD,
          object(
            POD,
            { name, labels: { app: name } },
            { spec: { containers: [{ name: 'a', image: 'example.com/a' }] } },
          ),
        );
        await api.create(
          POD,
          { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: ns } },
          { subresource: 'eviction', ref: ref(name) },
        );
        await server.eventually(
          'the pod terminating or gone',
          async () =>
            await api.get(POD, ref(name)).then(
              (pod) => pod.metadata.deletionTimestamp !== undefined,
              (error: unknown) => error instanceof ApiError && error.code === 404,
            ),
        );
      });
    });

    describe('field managers', () => {
      it('record who updated what', async () => {
        const name = uniqueName('mgr');
        await make(ROLLOUT, rollout(name), 'creator');
        await api.patch(
          ROLLOUT,
          ref(name),
          { type: 'merge', body: { status: { phase: 'Healthy' } } },
          { subresource: 'status', fieldManager: 'sluice' },
        );
        const live = await api.get(ROLLOUT, ref(name));
        assert.deepEqual(managers(live.metadata.managedFields), ['creator/Update', 'sluice/Update/status']);
        const status = live.metadata.managedFields?.find(({ subresource }) => subresource === 'status');
        assert.deepEqual(status?.fieldsV1, { 'f:status': { '.': {}, 'f:phase': {} } });
      });
    });
  });
}
