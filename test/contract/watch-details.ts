/** Watches: bookmarks, ends, what selectors and finalizers turn into. */

import { describe } from 'node:test';
import type { ResourceType, WatchEvent, WatchOptions } from '../../src/kube/api.ts';
import { CONFIG_MAP, ROLLOUT } from '../../src/kube/kinds.ts';
import { at, configMap, object, point, rollout, type World } from './world.ts';

export function watchDetails(w: World): void {
  describe('watches in detail', () => {
    /** What a watch delivers while and after `act`, until `enough` or its end. */
    const watched = async (
      type: ResourceType,
      options: WatchOptions,
      enough: (events: readonly WatchEvent[]) => boolean,
      act: () => Promise<void> = async () => {},
    ): Promise<WatchEvent[]> => {
      const stop = new AbortController();
      const events: WatchEvent[] = [];
      let ended = false;
      const stream = (async () => {
        try {
          for await (const event of w.api.watch(type, { namespace: w.ns, ...options, signal: stop.signal })) {
            events.push(event);
            if (enough(events)) return;
          }
        } catch (error) {
          if (!stop.signal.aborted) throw error;
        } finally {
          ended = true;
        }
      })();
      await act();
      await w.server.eventually('the watch', async () => await Promise.resolve(ended || enough(events)));
      stop.abort(new Error('enough'));
      await stream;
      return events;
    };
    const brief = (events: readonly WatchEvent[]): unknown[] =>
      events.map(({ type, object }) => [type, object.kind, object.metadata.name ?? null]);
    const now = async (type: ResourceType): Promise<string> =>
      (await w.api.list(type, { namespace: w.ns })).resourceVersion;
    const tagged = (name: string, tag: string): ReturnType<typeof object> =>
      object(CONFIG_MAP, { name, labels: { tag } }, { data: { a: '1' } });

    point(
      'a watch ends by itself after its time, and a bookmark comes before',
      async () => {
        await w.make(ROLLOUT, rollout('wd-mark'));
        const resourceVersion = await now(ROLLOUT);
        const events = await watched(
          ROLLOUT,
          {
            resourceVersion,
            allowWatchBookmarks: true,
            timeoutSeconds: 5,
            fieldSelector: 'metadata.name=wd-nobody',
          },
          () => false,
          async () => {
            await w.merge(ROLLOUT, 'wd-mark', { metadata: { labels: { a: '1' } } });
          },
        );
        const last = events.at(-1);
        return [
          last?.type,
          last?.object.kind,
          last?.object.apiVersion,
          Number(last?.object.metadata.resourceVersion) > Number(resourceVersion),
          Object.keys(last?.object.metadata ?? {}).filter((key) => key !== 'creationTimestamp'),
        ];
      },
      ['BOOKMARK', 'Rollout', 'argoproj.io/v1alpha1', true, ['resourceVersion']],
    );
    point(
      'no bookmarks where none were asked for',
      async () => {
        const resourceVersion = await now(ROLLOUT);
        return brief(await watched(ROLLOUT, { resourceVersion, timeoutSeconds: 2 }, () => false));
      },
      [],
    );
    point(
      'without a resourceVersion a bookmark tells the end of what was there',
      async () => {
        await w.make(CONFIG_MAP, tagged('wd-fresh', 'wd-fresh'));
        const events = await watched(
          CONFIG_MAP,
          { allowWatchBookmarks: true, labelSelector: 'tag=wd-fresh', timeoutSeconds: 5 },
          (seen) => seen.some(({ type }) => type === 'BOOKMARK'),
        );
        return events.map(({ type, object }) => [type, object.metadata.annotations ?? null]);
      },
      [
        ['ADDED', null],
        ['BOOKMARK', { 'k8s.io/initial-events-end': 'true' }],
      ],
    );
    point(
      'resourceVersion 0 starts with what is there',
      async () => {
        await w.make(CONFIG_MAP, tagged('wd-zero', 'wd-zero'));
        return brief(
          await watched(
            CONFIG_MAP,
            { resourceVersion: '0', labelSelector: 'tag=wd-zero' },
            (events) => events.length >= 1,
          ),
        );
      },
      [['ADDED', 'ConfigMap', 'wd-zero']],
    );
    point(
      'a label that begins to match is ADDED',
      async () => {
        await w.make(CONFIG_MAP, tagged('wd-enter', 'out'));
        const resourceVersion = await now(CONFIG_MAP);
        const events = await watched(
          CONFIG_MAP,
          { resourceVersion, labelSelector: 'tag=wd-in' },
          (seen) => seen.length >= 3,
          async () => {
            await w.merge(CONFIG_MAP, 'wd-enter', { metadata: { labels: { tag: 'wd-in' } } });
            await w.merge(CONFIG_MAP, 'wd-enter', { data: { a: '2' } });
            await w.merge(CONFIG_MAP, 'wd-enter', { metadata: { labels: { tag: 'out' } }, data: { a: '3' } });
          },
        );
        return events.map(({ type, object }) => [type, object.metadata.labels, at(object, 'data', 'a')]);
      },
      [
        ['ADDED', { tag: 'wd-in' }, '1'],
        ['MODIFIED', { tag: 'wd-in' }, '2'],
        ['DELETED', { tag: 'wd-in' }, '2'],
      ],
    );
    point(
      'a field selector by name',
      async () => {
        const resourceVersion = await now(CONFIG_MAP);
        return brief(
          await watched(
            CONFIG_MAP,
            { resourceVersion, fieldSelector: 'metadata.name=wd-name-b' },
            (seen) => seen.length >= 2,
            async () => {
              for (const name of ['wd-name-a', 'wd-name-b']) await w.make(CONFIG_MAP, configMap(name));
              for (const name of ['wd-name-a', 'wd-name-b']) await w.api.delete(CONFIG_MAP, w.ref(name));
            },
          ),
        );
      },
      [
        ['ADDED', 'ConfigMap', 'wd-name-b'],
        ['DELETED', 'ConfigMap', 'wd-name-b'],
      ],
    );
    point(
      'a deletion that finalizers hold is MODIFIED, then DELETED',
      async () => {
        await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: 'wd-held', finalizers: ['example.com/hold'] }));
        const resourceVersion = await now(CONFIG_MAP);
        const events = await watched(
          CONFIG_MAP,
          { resourceVersion, fieldSelector: 'metadata.name=wd-held' },
          (seen) => seen.length >= 2,
          async () => {
            await w.api.delete(CONFIG_MAP, w.ref('wd-held'));
            await w.merge(CONFIG_MAP, 'wd-held', { metadata: { finalizers: null } });
          },
        );
        return events.map(({ type, object }) => [
          type,
          object.metadata.deletionTimestamp !== undefined,
          object.metadata.finalizers ?? null,
        ]);
      },
      [
        ['MODIFIED', true, ['example.com/hold']],
        ['DELETED', true, ['example.com/hold']],
      ],
    );
    point(
      'a write that changes nothing is no event',
      async () => {
        await w.make(CONFIG_MAP, configMap('wd-noop'));
        const resourceVersion = await now(CONFIG_MAP);
        const events = await watched(
          CONFIG_MAP,
          { resourceVersion, fieldSelector: 'metadata.name=wd-noop' },
          (seen) => seen.length >= 1,
          async () => {
            await w.merge(CONFIG_MAP, 'wd-noop', { data: { a: '1' } });
            await w.merge(CONFIG_MAP, 'wd-noop', { data: { a: '2' } });
          },
        );
        return events.map(({ object }) => object['data']);
      },
      [{ a: '2' }],
    );
    point(
      'a status write is an event of the object',
      async () => {
        await w.make(ROLLOUT, rollout('wd-status'));
        const resourceVersion = await now(ROLLOUT);
        const events = await watched(
          ROLLOUT,
          { resourceVersion, fieldSelector: 'metadata.name=wd-status' },
          (seen) => seen.length >= 1,
          async () => {
            await w.merge(ROLLOUT, 'wd-status', { status: { phase: 'Paused' } }, { subresource: 'status' });
          },
        );
        return events.map(({ type, object }) => [type, object['status'], object.metadata.generation]);
      },
      [['MODIFIED', { phase: 'Paused' }, 1]],
    );
    point(
      'every event of a kind comes in the order of the resourceVersions, over all objects',
      async () => {
        const resourceVersion = await now(CONFIG_MAP);
        const events = await watched(
          CONFIG_MAP,
          { resourceVersion, labelSelector: 'tag=wd-order' },
          (seen) => seen.length >= 12,
          async () => {
            await Promise.all(
              [0, 1, 2, 3].map(async (i) => {
                const name = `wd-order-${i}`;
                await w.make(CONFIG_MAP, tagged(name, 'wd-order'));
                await w.merge(CONFIG_MAP, name, { data: { a: '2' } });
                await w.api.delete(CONFIG_MAP, w.ref(name));
              }),
            );
          },
        );
        const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
        return [versions.every((version, i) => i === 0 || version > (versions[i - 1] ?? 0)), events.length];
      },
      [true, 12],
    );
  });
}
