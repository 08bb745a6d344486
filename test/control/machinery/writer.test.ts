import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FencedWriter, NotLeading } from '../../../src/control/writer.ts';
import { ApiUnreachable, isConflict, isNotFound } from '../../../src/kube/api.ts';
import { CONFIG_MAP } from '../../../src/kube/kinds.ts';
import { MemoryStore } from '../../../src/kube/memory-store.ts';
import { configMap, FakeApi } from '../../kube/fake-api.ts';
import { FakeClock } from '../../kube/fake-clock.ts';

const REF = { namespace: 'ns', name: 'a' };
const patch = (data: object): { type: 'merge'; body: { data: never } } => ({
  type: 'merge',
  body: { data: data as never },
});

function bench(): {
  api: FakeApi;
  store: MemoryStore;
  writer: FencedWriter;
  lead: { ing: boolean };
  writes: string[];
  clock: FakeClock;
} {
  const api = new FakeApi();
  const clock = new FakeClock();
  const store = new MemoryStore(CONFIG_MAP);
  const lead = { ing: true };
  const writes: string[] = [];
  const writer = new FencedWriter({
    api,
    clock,
    mayWrite: () => lead.ing,
    store: (type) => (type.plural === 'configmaps' ? store : undefined),
    onWrite: ({ verb, type, subresource }) => writes.push(`${verb} ${type.plural}/${subresource ?? ''}`),
  });
  return { api, store, writer, lead, writes, clock };
}

describe('the writer', () => {
  it('puts what was written into the store before it returns, under its field manager', async () => {
    const { api, store, writer, writes } = bench();
    const created = await writer.create(CONFIG_MAP, configMap('a', {}, { n: '1' }));
    assert.equal(store.get('ns/a')?.metadata.uid, created.metadata.uid);
    await writer.patch(CONFIG_MAP, REF, patch({ n: '2' }), { subresource: 'status' });
    assert.deepEqual(store.get('ns/a')?.['data'], { n: '2' });
    await writer.replace(CONFIG_MAP, configMap('a', { uid: created.metadata.uid ?? '' }, { n: '3' }), {
      fieldManager: 'other',
    });
    assert.deepEqual(store.get('ns/a')?.['data'], { n: '3' });
    await writer.delete(CONFIG_MAP, REF);
    assert.equal(store.get('ns/a'), undefined);
    const managers = api.calls.map(
      (call) => (call.options as { fieldManager?: string } | undefined)?.fieldManager,
    );
    assert.deepEqual(managers, ['sluice', 'sluice', 'other', undefined]);
    assert.deepEqual(writes, [
      'create configmaps/',
      'patch configmaps/status',
      'replace configmaps/',
      'delete configmaps/',
    ]);
  });

  it('keeps a deleted object that finalizers hold, as terminating', async () => {
    const { store, writer } = bench();
    await writer.create(CONFIG_MAP, configMap('a', { finalizers: ['x/y'] }));
    await writer.delete(CONFIG_MAP, REF);
    assert.notEqual(store.get('ns/a')?.metadata.deletionTimestamp, undefined);
  });

  it('starts no write without the lease', async () => {
    const { api, writer, lead } = bench();
    lead.ing = false;
    await assert.rejects(writer.create(CONFIG_MAP, configMap('a')), NotLeading);
    await assert.rejects(writer.patch(CONFIG_MAP, REF, patch({})), NotLeading);
    await assert.rejects(writer.replace(CONFIG_MAP, configMap('a')), NotLeading);
    await assert.rejects(writer.delete(CONFIG_MAP, REF), NotLeading);
    assert.equal(api.calls.length, 0);
  });

  it('does not remember a dry run', async () => {
    const { store, writer, writes } = bench();
    await writer.create(CONFIG_MAP, configMap('a'), { dryRun: true });
    assert.equal(store.size, 0);
    assert.deepEqual(writes, []);
  });

  it('learns what became of a write that was not answered', async () => {
    const { api, store, writer } = bench();
    api.after = (call) => {
      if (call.verb !== 'get') throw new ApiUnreachable('answer lost');
    };
    await assert.rejects(writer.create(CONFIG_MAP, configMap('a', {}, { n: '1' })), ApiUnreachable);
    assert.deepEqual(store.get('ns/a')?.['data'], { n: '1' });
    await assert.rejects(writer.patch(CONFIG_MAP, REF, patch({ n: '2' })), ApiUnreachable);
    assert.deepEqual(store.get('ns/a')?.['data'], { n: '2' });
    await assert.rejects(writer.delete(CONFIG_MAP, REF), ApiUnreachable);
    assert.equal(store.get('ns/a'), undefined);
  });

  it('gives up learning after five seconds', async () => {
    const { api, writer, clock } = bench();
    api.before = (call) => {
      if (call.verb !== 'get') throw new ApiUnreachable('refused');
      return new Promise((_, reject) => {
        const { signal } = call.options as { signal: AbortSignal };
        signal.addEventListener('abort', () => reject(new ApiUnreachable('given up')));
      });
    };
    const failing = assert.rejects(writer.patch(CONFIG_MAP, REF, patch({})), /refused/);
    await clock.advance(5_000);
    await failing;
    assert.equal(clock.timers, 0);
  });

  it('reads what there is after a conflict, and forgets what was not found', async () => {
    const { api, store, writer } = bench();
    const first = await writer.create(CONFIG_MAP, configMap('a', {}, { n: '1' }));
    api.put(CONFIG_MAP, configMap('a', {}, { n: 'theirs' }));
    await assert.rejects(writer.replace(CONFIG_MAP, { ...first, data: { n: 'ours' } }), isConflict);
    assert.deepEqual(store.get('ns/a')?.['data'], { n: 'theirs' });
    api.drop(CONFIG_MAP, REF);
    await assert.rejects(writer.delete(CONFIG_MAP, REF));
    assert.equal(store.get('ns/a'), undefined);
  });

  it('forgets what it wanted to change and was gone, whose deletion the watch has lost', async () => {
    const { api, store, writer } = bench();
    await writer.create(CONFIG_MAP, configMap('a', {}, { n: '1' }));
    api.drop(CONFIG_MAP, REF);
    assert.notEqual(store.get('ns/a'), undefined);
    await assert.rejects(writer.patch(CONFIG_MAP, REF, patch({ n: '2' })), isNotFound);
    assert.equal(store.get('ns/a'), undefined);
  });
});
