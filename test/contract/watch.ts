/** Watches: order, selectors, bookmarks, 410. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceType, WatchEvent } from '../../src/kube/api.ts';
import { CONFIG_MAP } from '../../src/kube/kinds.ts';
import { object, at, uniqueName, configMap, type World } from './world.ts';

export function watching(w: World): void {
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
          for await (const event of w.api.watch(type, {
            namespace: w.ns,
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
      await w.server.eventually('the watch to deliver', async () => await Promise.resolve(enough(events)));
      stop.abort(new Error('enough'));
      await stream;
      return events;
    };

    it('delivers every write after the resourceVersion, in order', async () => {
      const name = uniqueName('watch');
      const { resourceVersion } = await w.api.list(CONFIG_MAP, { namespace: w.ns });
      const events = await collect(
        CONFIG_MAP,
        resourceVersion,
        (seen) => seen.length >= 3,
        async () => {
          await w.make(CONFIG_MAP, configMap(name));
          await w.api.patch(CONFIG_MAP, w.ref(name), { type: 'merge', body: { data: { a: '2' } } });
          await w.api.delete(CONFIG_MAP, w.ref(name));
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
      const { resourceVersion } = await w.api.list(CONFIG_MAP, { namespace: w.ns });
      const events = await collect(
        CONFIG_MAP,
        resourceVersion,
        (seen) => seen.length >= 2,
        async () => {
          await w.make(CONFIG_MAP, object(CONFIG_MAP, { name, labels: { in: name } }));
          await w.api.patch(CONFIG_MAP, w.ref(name), {
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
      await w.make(CONFIG_MAP, object(CONFIG_MAP, { name, labels: { now: name } }));
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
}
