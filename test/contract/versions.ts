/** resourceVersion and generation, pages that changes come between, and what is too old. */

import { describe } from 'node:test';
import {
  ApiError,
  type KubeObject,
  type ListOptions,
  type ResourceType,
  type WatchOptions,
} from '../../src/kube/api.ts';
import {
  ANALYSIS_RUN,
  CONFIG_MAP,
  EVENT,
  INGRESS,
  POD,
  REPLICA_SET,
  ROLLOUT,
  SERVICE,
} from '../../src/kube/kinds.ts';
import { configMap, object, podTemplate, point, refused, rollout, type World } from './world.ts';

export function versions(w: World): void {
  describe('versions', () => {
    const names = (items: readonly KubeObject[]): string[] => items.map(({ metadata }) => metadata.name);
    const five = async (tag: string): Promise<string> => {
      for (let i = 0; i < 5; i++)
        await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: `${tag}-${i}`, labels: { tag } }));
      return `tag=${tag}`;
    };
    /** The first error of a watch, or what it delivered until then. */
    const watched = async (type: ResourceType, options: WatchOptions): Promise<string> => {
      let found: string | undefined;
      const watch = async (): Promise<string> => {
        for await (const event of w.api.watch(type, { namespace: w.ns, ...options }))
          return `${event.type} ${event.object.metadata.name}`;
        return 'ended';
      };
      void watch().then(
        (text) => (found = text),
        (error: unknown) => {
          found =
            error instanceof ApiError
              ? `${error.code} ${error.reason}: ${error.message.replaceAll(/\d+/g, 'N')}`
              : String(error);
        },
      );
      await w.server.eventually('the watch to say something', async () =>
        Promise.resolve(found !== undefined),
      );
      return found ?? '';
    };

    point(
      'pages show the state of the first page, whatever changes in between',
      async () => {
        const labelSelector = await five('v-page');
        const first = await w.api.list(CONFIG_MAP, { namespace: w.ns, labelSelector, limit: 2 });
        await w.api.delete(CONFIG_MAP, w.ref('v-page-3'));
        await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: 'v-page-9', labels: { tag: 'v-page' } }));
        const rest = await w.api.list(CONFIG_MAP, {
          namespace: w.ns,
          labelSelector,
          limit: 10,
          continue: first.continue ?? '',
        });
        return [
          names(first.items),
          names(rest.items),
          rest.resourceVersion === first.resourceVersion,
          rest.continue ?? '',
        ];
      },
      [['v-page-0', 'v-page-1'], ['v-page-2', 'v-page-3', 'v-page-4'], true, ''],
    );
    point(
      'remainingItemCount is told without selectors only',
      async () => {
        const plain = await w.api.list(CONFIG_MAP, { namespace: w.ns, limit: 1 });
        const selected = await w.api.list(CONFIG_MAP, {
          namespace: w.ns,
          labelSelector: 'tag=v-page',
          limit: 1,
        });
        return [typeof plain.remainingItemCount, selected.remainingItemCount ?? null];
      },
      ['number', null],
    );
    point(
      'what was compacted answers 410: a continue token, and a list at exactly a version',
      async () => {
        const labelSelector = await five('v-gone');
        const first = await w.api.list(CONFIG_MAP, { namespace: w.ns, labelSelector, limit: 2 });
        await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: 'v-gone-9', labels: { tag: 'v-gone' } }));
        await w.server.compact();
        const list = async (options: ListOptions): Promise<string> =>
          await w.api.list(CONFIG_MAP, { namespace: w.ns, labelSelector, ...options }).then(
            () => 'still there',
            async (error: unknown) => await w.told(Promise.reject(error as Error)),
          );
        const page = { limit: 2, continue: first.continue };
        await w.server.eventually('the token to expire', async () => (await list(page)) !== 'still there');
        const error = await refused(w.api.list(CONFIG_MAP, { namespace: w.ns, labelSelector, ...page }));
        return [
          await list(page),
          error.status.details ?? null,
          await list({ resourceVersion: first.resourceVersion, resourceVersionMatch: 'Exact' }),
        ];
      },
      [
        '410 Expired: The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
        null,
        '410 Expired: The resourceVersion for the provided list is too old.',
      ],
    );
    point(
      // Events are not cached, so that the answer comes from the history that was just forgotten.
      'a watch from a resourceVersion that was compacted',
      async () => {
        await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: 'v-gone-10' }));
        await w.server.compact();
        const told = await watched(EVENT, { resourceVersion: '1', timeoutSeconds: 5 });
        return told.replace(/:.*/s, '');
      },
      '410 Expired',
    );
    point(
      'a list at least as new as a resourceVersion',
      async () => {
        const { metadata } = await w.make(CONFIG_MAP, configMap('v-newer'));
        const list = await w.api.list(CONFIG_MAP, {
          namespace: w.ns,
          fieldSelector: 'metadata.name=v-newer',
          resourceVersion: metadata.resourceVersion,
          resourceVersionMatch: 'NotOlderThan',
        });
        return names(list.items);
      },
      ['v-newer'],
    );
    point(
      'resourceVersionMatch needs a resourceVersion',
      async () =>
        await w.told(w.api.list(CONFIG_MAP, { namespace: w.ns, resourceVersionMatch: 'NotOlderThan' })),
      '422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
    point(
      'a resourceVersion that is no number',
      async () => await w.told(w.api.list(CONFIG_MAP, { namespace: w.ns, resourceVersion: 'abc' })),
      '400 BadRequest: invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    );
    point(
      'a watch from a resourceVersion that is no number',
      async () => await watched(CONFIG_MAP, { resourceVersion: 'abc', timeoutSeconds: 5 }),
      '500 InternalError: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    );
    point(
      'a continue token that is none',
      async () => await w.told(w.api.list(CONFIG_MAP, { namespace: w.ns, limit: 1, continue: 'e30' })),
      '400 BadRequest: invalid continue token: continue key is not valid: server does not recognize this encoded version ',
    );
    point(
      'a continue token with a resourceVersion',
      async () => {
        const first = await w.api.list(CONFIG_MAP, { namespace: w.ns, limit: 1 });
        return await w.told(
          w.api.list(CONFIG_MAP, {
            namespace: w.ns,
            limit: 1,
            continue: first.continue ?? '',
            resourceVersion: '5',
          }),
        );
      },
      '400 BadRequest: specifying resource version is not allowed when using continue',
    );
    point(
      'a label selector that does not parse',
      async () => await w.told(w.api.list(CONFIG_MAP, { namespace: w.ns, labelSelector: 'a in b' })),
      "400 BadRequest: unable to parse requirement: found 'b' expected: '('",
    );
    point(
      'a label selector with a bad value',
      async () => await w.told(w.api.list(CONFIG_MAP, { namespace: w.ns, labelSelector: 'a=b c' })),
      "400 BadRequest: found 'c', expected: ',' or 'end of string'",
    );
    point(
      'a field selector that does not parse',
      async () => await w.told(w.api.list(CONFIG_MAP, { namespace: w.ns, fieldSelector: 'metadata.name' })),
      "400 BadRequest: invalid selector: 'metadata.name'; can't understand 'metadata.name'",
    );
    point(
      'a field selector that a built-in kind lacks',
      async () => await w.told(w.api.list(CONFIG_MAP, { namespace: w.ns, fieldSelector: 'data.a=1' })),
      '400 BadRequest: "data.a" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
    point(
      'a field selector that a custom resource lacks',
      async () => await w.told(w.api.list(ROLLOUT, { namespace: w.ns, fieldSelector: 'spec.x=1' })),
      '400 BadRequest: field label not supported: spec.x',
    );
    point(
      'a field selector on the node of a pod',
      async () =>
        names((await w.api.list(POD, { namespace: w.ns, fieldSelector: 'spec.nodeName=nowhere' })).items),
      [],
    );
    point(
      'the kinds that count generations',
      async () => {
        const spec = { replicas: 0, selector: { matchLabels: { app: 'demo' } }, template: podTemplate() };
        const rule = { defaultBackend: { service: { name: 's', port: { number: 80 } } } };
        const made = [
          await w.make(CONFIG_MAP, configMap('v-gen')),
          await w.make(SERVICE, object(SERVICE, { name: 'v-gen' }, { spec: { ports: [{ port: 80 }] } })),
          await w.make(REPLICA_SET, object(REPLICA_SET, { name: 'v-gen' }, { spec })),
          await w.make(INGRESS, object(INGRESS, { name: 'v-gen' }, { spec: rule })),
          await w.make(ANALYSIS_RUN, object(ANALYSIS_RUN, { name: 'v-gen' }, { spec: { metrics: [] } })),
        ];
        return made.map(({ kind, metadata }) => [kind, metadata.generation ?? 'none']);
      },
      [
        ['ConfigMap', 'none'],
        ['Service', 'none'],
        ['ReplicaSet', 1],
        ['Ingress', 1],
        ['AnalysisRun', 1],
      ],
    );
    point(
      'labels and annotations of a kind without status subresource leave the generation',
      async () => {
        const changed = await w.merge(ANALYSIS_RUN, 'v-gen', { metadata: { labels: { a: '1' } } });
        return changed.metadata.generation;
      },
      1,
    );
    point(
      'deletion raises the generation of what finalizers hold',
      async () => {
        await w.make(ROLLOUT, {
          ...rollout('v-del'),
          metadata: { name: 'v-del', finalizers: ['example.com/hold'] },
        });
        await w.api.delete(ROLLOUT, w.ref('v-del'));
        const held = await w.api.get(ROLLOUT, w.ref('v-del'));
        await w.merge(ROLLOUT, 'v-del', { metadata: { finalizers: null } });
        return held.metadata.generation;
      },
      2,
    );
    point(
      'a status write that changes nothing keeps the resourceVersion',
      async () => {
        await w.make(ROLLOUT, rollout('v-status'));
        const body = { status: { phase: 'Healthy' } };
        const one = await w.merge(ROLLOUT, 'v-status', body, { subresource: 'status' });
        const two = await w.merge(ROLLOUT, 'v-status', body, { subresource: 'status' });
        return one.metadata.resourceVersion === two.metadata.resourceVersion;
      },
      true,
    );
    point(
      'resourceVersions grow over all kinds',
      async () => {
        const one = await w.make(CONFIG_MAP, configMap('v-grow'));
        const two = await w.make(ROLLOUT, rollout('v-grow'));
        return Number(two.metadata.resourceVersion) > Number(one.metadata.resourceVersion);
      },
      true,
    );
    point(
      'a replace of a custom resource needs a resourceVersion',
      async () => {
        const live = await w.make(ROLLOUT, rollout('v-put'));
        const { resourceVersion: _, ...metadata } = live.metadata;
        return await w.told(w.api.replace(ROLLOUT, { ...live, metadata }));
      },
      '422 Invalid: rollouts.argoproj.io "v-put" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    );
    point(
      'a replace of a built-in kind does not',
      async () => {
        const live = await w.make(CONFIG_MAP, configMap('v-put'));
        const { resourceVersion: _, ...metadata } = live.metadata;
        return (await w.api.replace(CONFIG_MAP, { ...live, metadata, data: { b: '2' } }))['data'];
      },
      { b: '2' },
    );
    point(
      'a replace of what is not there',
      async () => {
        const live = await w.api.get(ROLLOUT, w.ref('v-put'));
        return [
          await w.told(w.api.replace(ROLLOUT, { ...live, metadata: { ...live.metadata, name: 'v-nobody' } })),
          await w.told(w.api.replace(CONFIG_MAP, { ...configMap('v-nobody'), metadata: w.ref('v-nobody') })),
        ];
      },
      [
        '404 NotFound: rollouts.argoproj.io "v-nobody" not found',
        '404 NotFound: configmaps "v-nobody" not found',
      ],
    );
    point(
      'a replace of an older one with the same name',
      async () => {
        const live = await w.api.get(CONFIG_MAP, w.ref('v-put'));
        const other = {
          ...live,
          metadata: { ...live.metadata, uid: '00000000-0000-0000-0000-000000000000' },
        };
        return (await w.told(w.api.replace(CONFIG_MAP, other))).replace(/Key: \S+,/, 'Key: K,');
      },
      '409 Conflict: Operation cannot be fulfilled on configmaps "v-put": StorageError: invalid object, Code: 4, Key: K, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: 00000000-0000-0000-0000-000000000000, UID in object meta: UID',
    );
  });
}
