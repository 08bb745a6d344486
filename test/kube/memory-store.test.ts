import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { KubeObject } from '../../src/kube/api.ts';
import { CONFIG_MAP } from '../../src/kube/kinds.ts';
import { MemoryStore, type StoreChange } from '../../src/kube/memory-store.ts';
import { compareResourceVersions } from '../../src/kube/resource-version.ts';
import { configMap } from './fake-api.ts';

const object = (name: string, uid: string, version: number, more: object = {}): KubeObject =>
  configMap(name, { uid, resourceVersion: String(version) }, more);

const labelled = (version: number): KubeObject =>
  configMap('a', { uid: 'u', resourceVersion: String(version), labels: { app: 'x' } });

const opaque = (version: string): KubeObject => configMap('a', { uid: 'u', resourceVersion: version });

function watched(store: MemoryStore): StoreChange[] {
  const changes: StoreChange[] = [];
  store.subscribe((change) => changes.push(change));
  return changes;
}

describe('resource versions', () => {
  it('compares decimals of any length, and nothing else', () => {
    assert.ok((compareResourceVersions('9', '10') ?? 0) < 0);
    assert.ok((compareResourceVersions('90071992547409931', '90071992547409930') ?? 0) > 0);
    assert.equal(compareResourceVersions('007', '7'), 0);
    assert.equal(compareResourceVersions('abc', 'abc'), 0);
    assert.equal(compareResourceVersions('abc', '7'), undefined);
    assert.equal(compareResourceVersions(undefined, '7'), undefined);
  });
});

describe('the store', () => {
  it('keeps the parts that are equal in two versions once', () => {
    const store = new MemoryStore(CONFIG_MAP);
    const version = (at: number, b: string): KubeObject => ({
      ...object('a', 'u', at, { big: 'x' }),
      binaryData: { b },
    });
    store.apply(version(1, 'one'));
    const first = store.get('ns/a');
    const given = version(2, 'two');
    store.apply(given);
    const second = store.get('ns/a');
    assert.equal(second?.metadata.resourceVersion, '2');
    assert.equal(second['data'], first?.['data']);
    assert.deepEqual(second['binaryData'], { b: 'two' });
    assert.notEqual(given['data'], first?.['data'], 'the argument is left alone');
  });

  it('keeps equal parts once at any depth, and never confuses what differs', () => {
    const store = new MemoryStore(CONFIG_MAP);
    const version = (at: number, data: string): KubeObject => ({
      ...configMap('a', { uid: 'u', resourceVersion: String(at), labels: { app: 'x' } }),
      data: JSON.parse(data) as object,
    });
    const template = '"template":{"containers":[{"image":"one","ports":[1,2]}]}';
    const texts = [
      `{"replicas":1,${template}}`,
      `{"replicas":2,${template}}`,
      '{"template":{"containers":[{"image":"two","ports":[1,2]}]}}',
      '{"template":{"containers":[{"image":"two","ports":[1,2,3]},{}]}}',
      '{"template":{"containers":{"0":{"image":"two"}}}}',
      '{"__proto__":{"containers":[]},"template":null}',
      '{"__proto__":{"containers":[1]}}',
      '{}',
    ];
    const parts = texts.map((text, at) => {
      store.apply(version(at + 1, text));
      const held = store.get('ns/a');
      assert.equal(JSON.stringify(held?.['data']), text);
      assert.ok(Object.isFrozen(held?.['data']));
      return held as KubeObject & { data: { template: { containers: [{ ports: unknown }] } } };
    });
    const [one, two, three] = parts;
    assert.equal(two?.data.template, one?.data.template);
    assert.equal(two?.metadata.labels, one?.metadata.labels);
    assert.notEqual(two?.data, one?.data);
    assert.equal(three?.data.template.containers[0].ports, one?.data.template.containers[0].ports);
  });

  it('holds frozen objects without managedFields and last-applied, and leaves its argument alone', () => {
    const store = new MemoryStore(CONFIG_MAP);
    const given = configMap('a', {
      uid: 'u',
      resourceVersion: '1',
      managedFields: [{ manager: 'kubectl' }],
      annotations: { keep: 'yes', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    });
    store.apply(given);
    const kept = store.get('ns/a');
    assert.deepEqual(kept?.metadata.annotations, { keep: 'yes' });
    assert.equal(kept?.metadata.managedFields, undefined);
    assert.throws(() => {
      (kept as KubeObject)['data'] = 1;
    }, TypeError);
    assert.throws(() => {
      (kept?.metadata.annotations ?? {})['x'] = 'y';
    }, TypeError);
    assert.equal(given.metadata.managedFields?.length, 1);
    const keeping = new MemoryStore(CONFIG_MAP, { keepsLastApplied: true });
    keeping.apply(given);
    assert.deepEqual(keeping.get('ns/a')?.metadata.annotations, given.metadata.annotations);
    assert.equal(keeping.get('ns/a')?.metadata.managedFields, undefined);
    assert.equal(Object.isFrozen(given), false);
  });

  it('never takes an older watch event for a newer remembered object', () => {
    const store = new MemoryStore(CONFIG_MAP);
    store.apply(object('a', 'u', 5, { n: 5 }));
    store.remember(object('a', 'u', 9, { n: 9 }));
    const changes = watched(store);
    store.apply(object('a', 'u', 7, { n: 7 }));
    store.apply(object('a', 'u', 9, { n: 9 }));
    assert.deepEqual(store.get('ns/a')?.['data'], { n: 9 });
    assert.deepEqual(changes, [], 'our own write is told once');
    store.apply(object('a', 'u', 10, { n: 10 }));
    assert.deepEqual(store.get('ns/a')?.['data'], { n: 10 });
  });

  it('does not bring a deleted uid back, and takes the same name with another uid', () => {
    const store = new MemoryStore(CONFIG_MAP);
    store.apply(object('a', 'one', 5));
    store.forget('ns/a', 'one');
    store.apply(object('a', 'one', 6));
    assert.equal(store.get('ns/a'), undefined);
    store.apply(object('a', 'two', 8));
    assert.equal(store.get('ns/a')?.metadata.uid, 'two');
    store.remove(object('a', 'one', 7));
    assert.equal(
      store.get('ns/a')?.metadata.uid,
      'two',
      'the late end of the old one is not that of the new one',
    );
    store.forget('ns/a', 'one');
    assert.equal(store.get('ns/a')?.metadata.uid, 'two');
  });

  it('keeps through a relist what was written after the list was taken', () => {
    const store = new MemoryStore(CONFIG_MAP);
    store.apply(object('old', 'u1', 3));
    store.beginList();
    store.remember(object('ours', 'u2', 12));
    store.remember(object('changed', 'u4', 13));
    store.apply(object('listed', 'u3', 8));
    const changes = watched(store);
    store.endList('10');
    assert.deepEqual([...store.values()].map((item) => item.metadata.name).sort(), [
      'changed',
      'listed',
      'ours',
    ]);
    assert.deepEqual(
      changes.map(({ key, before, after }) => [key, before?.metadata.uid, after]),
      [['ns/old', 'u1', undefined]],
      'a delete carries the last known object',
    );
    store.beginList();
    store.endList('14');
    assert.equal(store.size, 0);
  });

  it('lets an object come back that only stopped matching the selector', () => {
    const store = new MemoryStore(CONFIG_MAP, { labelSelector: 'app=x' });
    store.apply(labelled(5));
    store.remove(labelled(7));
    assert.equal(store.size, 0);
    store.apply(labelled(6));
    assert.equal(store.size, 0, 'older news of it is still dropped');
    store.apply(labelled(9));
    assert.equal(store.size, 1);
  });

  it('does not remember what its watch would not show', () => {
    const store = new MemoryStore(CONFIG_MAP, { labelSelector: 'app=x', namespace: 'ns' });
    const changes = watched(store);
    store.remember(object('unlabelled', 'u', 5));
    store.remember(
      configMap('elsewhere', { namespace: 'other', uid: 'v', resourceVersion: '6', labels: { app: 'x' } }),
    );
    store.remember({ ...object('scale', 'w', 7), kind: 'Scale' });
    assert.equal(store.size, 0);
    store.apply(configMap('a', { uid: 'z', resourceVersion: '8', labels: { app: 'x' } }));
    store.remember(object('a', 'z', 9));
    assert.equal(store.size, 0, 'our own write took it out of the selection');
    assert.equal(changes.length, 2);
  });

  it('takes what came last where versions are opaque', () => {
    const store = new MemoryStore(CONFIG_MAP);
    store.apply(opaque('x1'));
    store.apply(opaque('x0'));
    assert.equal(store.get('ns/a')?.metadata.resourceVersion, 'x0');
  });

  it('isolates a listener, an index and a trim that throw', () => {
    const errors: string[] = [];
    const store = new MemoryStore(CONFIG_MAP, {
      indexes: {
        bad: () => {
          throw new Error('index');
        },
        good: () => ['all'],
      },
      trim: () => {
        throw new Error('trim');
      },
      onError: (error) => errors.push((error as Error).message),
    });
    const seen: string[] = [];
    store.subscribe(() => {
      throw new Error('listener');
    });
    store.subscribe(({ key }) => seen.push(key));
    store.apply(object('a', 'u', 1));
    assert.deepEqual(seen, ['ns/a']);
    assert.equal(store.byIndex('good', 'all').length, 1);
    assert.deepEqual([...new Set(errors)].sort(), ['index', 'listener', 'trim']);
    assert.throws(() => store.byIndex('none', 'x'), /no index 'none'/);
  });

  it('agrees with the truth after any order of news, and its index with its objects', () => {
    // A history of one name: created, changed, deleted, created again. The watch tells all of it in order; our own
    // writes tell any part of it at any time before the watch does; a relist may come between.
    const step = fc.record({
      act: fc.constantFrom('put', 'delete', 'recreate'),
      label: fc.constantFrom('x', 'y'),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b'), step), { minLength: 1, maxLength: 25 }),
        fc.infiniteStream(fc.nat(99)),
        (history, chance) => {
          const store = new MemoryStore(CONFIG_MAP, {
            indexes: { label: (item) => [item.metadata.labels?.['l'] ?? ''] },
          });
          const newest = new Map<string, number>();
          store.subscribe(({ key, before, after }) => {
            assert.ok(before !== undefined || after !== undefined);
            if (after === undefined) return;
            const version = Number(after.metadata.resourceVersion);
            assert.ok(version > (newest.get(key) ?? 0), 'an object never gets older');
            newest.set(key, version);
          });
          const dead = new Set<string>();
          const truth = new Map<string, KubeObject>();
          const events: { type: 'applied' | 'deleted'; object: KubeObject; at: number }[] = [];
          let version = 100;
          let uid = 0;
          let sent = 0;
          const chanceOf = (percent: number): boolean => (chance.next().value as number) < percent;
          const deliver = (): void => {
            const event = events[sent];
            if (event === undefined) return;
            sent += 1;
            if (event.type === 'applied') store.apply(event.object);
            else store.remove(event.object);
          };
          for (const [name, { act, label }] of history) {
            version += 1;
            const known = truth.get(name);
            if (act === 'delete' || (act === 'recreate' && known !== undefined)) {
              if (known === undefined) continue;
              truth.delete(name);
              dead.add(known.metadata.uid ?? '');
              const last = { ...known, metadata: { ...known.metadata, resourceVersion: String(version) } };
              events.push({ type: 'deleted', object: last, at: version });
              if (chanceOf(50)) store.forget(`ns/${name}`, known.metadata.uid);
            }
            if (act !== 'delete') {
              version += 1;
              const id = truth.get(name)?.metadata.uid ?? `uid-${(uid += 1)}`;
              const next = configMap(name, {
                uid: id,
                resourceVersion: String(version),
                labels: { l: label },
              });
              truth.set(name, next);
              events.push({ type: 'applied', object: next, at: version });
              if (chanceOf(50)) store.remember(next);
            }
            while (chanceOf(40) && sent < events.length) deliver();
            if (chanceOf(10) && sent > 0) {
              // An event comes twice.
              const again = events[sent - 1];
              if (again?.type === 'applied') store.apply(again.object);
            }
            if (chanceOf(8)) {
              store.beginList();
              for (const item of truth.values()) store.apply(item);
              store.endList(String(version));
              sent = events.length;
            }
          }
          while (sent < events.length) deliver();
          const wanted = [...truth.values()].map((item) => [
            item.metadata.name,
            item.metadata.resourceVersion,
          ]);
          const held = [...store.values()].map((item) => [item.metadata.name, item.metadata.resourceVersion]);
          assert.deepEqual(held.sort(), wanted.sort());
          for (const item of store.values()) assert.ok(!dead.has(item.metadata.uid ?? ''));
          const indexed = ['x', 'y', ''].flatMap((value) => store.byIndex('label', value));
          assert.equal(indexed.length, store.size);
          for (const value of ['x', 'y']) {
            for (const item of store.byIndex('label', value))
              assert.equal(item.metadata.labels?.['l'], value);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
