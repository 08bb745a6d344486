import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Log } from '../../../src/control/controller.ts';
import { KubeEventRecorder } from '../../../src/control/events.ts';
import { silentLog } from '../../../src/control/log.ts';
import { FencedWriter } from '../../../src/control/writer.ts';
import { ApiError, ApiUnreachable, type KubeObject } from '../../../src/kube/api.ts';
import { EVENT } from '../../../src/kube/kinds.ts';
import type { PlannedEvent } from '../../../src/plan/types.ts';
import { FakeApi } from '../../kube/fake-api.ts';
import { FakeClock, seeded } from '../../kube/fake-clock.ts';

const rollout = (name: string, uid = `uid-${name}`): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name, namespace: 'ns', uid, resourceVersion: '7' },
});

const event = (reason: string, message = reason, type: PlannedEvent['type'] = 'Normal'): PlannedEvent => ({
  type,
  reason,
  message,
});

interface Bench {
  api: FakeApi;
  clock: FakeClock;
  recorder: KubeEventRecorder;
  dropped: string[];
  stop: AbortController;
  lead: { ing: boolean };
}

function bench(log: Log = silentLog): Bench {
  const api = new FakeApi();
  const clock = new FakeClock();
  const stop = new AbortController();
  const dropped: string[] = [];
  const lead = { ing: true };
  const writer = new FencedWriter({ api, clock, mayWrite: () => lead.ing, store: () => undefined });
  const recorder = new KubeEventRecorder({
    writer,
    clock,
    random: seeded(3),
    log,
    signal: stop.signal,
    onDropped: (_, { reason }, why) => dropped.push(`${reason}: ${why}`),
  });
  return { api, clock, recorder, dropped, stop, lead };
}

const reasons = (api: FakeApi, name?: string): unknown[] =>
  api
    .objectsOf(EVENT)
    .filter((object) => name === undefined || object.metadata.name.startsWith(`${name}.`))
    .map((object) => object['reason']);

describe('the event recorder', () => {
  it('writes an Event as kubectl describe and the suites of others expect it', async () => {
    const { api, clock, recorder } = bench();
    recorder.record(rollout('web'), event('RolloutUpdated', 'Rollout updated to revision 2'));
    await clock.settle();
    const [written] = api.objectsOf(EVENT);
    assert.ok(written);
    assert.match(written.metadata.name, /^web\.[0-9a-f]{16}$/);
    assert.equal(written.metadata.namespace, 'ns');
    assert.deepEqual(written['involvedObject'], {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      name: 'web',
      namespace: 'ns',
      uid: 'uid-web',
      resourceVersion: '7',
    });
    assert.deepEqual(written['source'], { component: 'rollouts-controller' });
    assert.equal(written['reportingComponent'], 'rollouts-controller');
    assert.equal(written['count'], 1);
    assert.equal(written['type'], 'Normal');
    assert.equal(written['firstTimestamp'], '2026-01-01T00:00:00Z');
    assert.equal((api.calls[0]?.options as { fieldManager?: string } | undefined)?.fieldManager, 'sluice');
    assert.equal((api.calls[0]?.options as { priority?: string } | undefined)?.priority, 'low');
  });

  it('keeps the order of one object and lets others pass a slow one', async () => {
    const { api, clock, recorder } = bench();
    const held: (() => void)[] = [];
    api.before = (call) =>
      (call.body as KubeObject).metadata.name.startsWith('slow.')
        ? new Promise((resolve) => held.push(resolve))
        : undefined;
    for (let i = 0; i < 5; i += 1) {
      recorder.record(rollout('slow'), event(`S${i}`));
      recorder.record(rollout('quick'), event(`Q${i}`));
    }
    await clock.settle();
    assert.deepEqual(reasons(api, 'quick'), ['Q0', 'Q1', 'Q2', 'Q3', 'Q4']);
    assert.equal(held.length, 1, 'one at a time');
    for (let i = 0; i < 5; i += 1) {
      held[i]?.();
      await clock.settle();
    }
    assert.deepEqual(reasons(api, 'slow'), ['S0', 'S1', 'S2', 'S3', 'S4']);
    const names = api.objectsOf(EVENT).map((object) => object.metadata.name);
    assert.equal(new Set(names).size, 10);
  });

  it('counts an identical repeat on the Event that is there, and makes a new one when it is gone', async () => {
    const { api, clock, recorder } = bench();
    for (let i = 0; i < 3; i += 1) {
      recorder.record(rollout('web'), event('Same', 'same text'));
      await clock.advance(2_000);
    }
    const [only] = api.objectsOf(EVENT);
    assert.equal(api.objectsOf(EVENT).length, 1);
    assert.equal(only?.['count'], 3);
    assert.equal(only?.['lastTimestamp'], '2026-01-01T00:00:04Z');
    assert.equal(only?.['firstTimestamp'], '2026-01-01T00:00:00Z');
    api.drop(EVENT, only!.metadata);
    recorder.record(rollout('web'), event('Same', 'same text'));
    await clock.settle();
    assert.equal(api.objectsOf(EVENT)[0]?.['count'], 1);
    await clock.advance(700_000);
    recorder.record(rollout('web'), event('Same', 'same text'));
    await clock.settle();
    assert.equal(api.objectsOf(EVENT).length, 2, 'after ten minutes it is news again');
    recorder.record(rollout('web', 'another-uid'), event('Same', 'same text'));
    await clock.settle();
    assert.equal(api.objectsOf(EVENT).length, 3, 'another object of the same name');
  });

  it('limits repeats to 25 and one in five minutes, and never the first of a text', async () => {
    const { api, clock, recorder, dropped } = bench();
    for (let i = 0; i < 60; i += 1) {
      recorder.record(rollout('web'), event('Same'));
      recorder.record(rollout('web'), event(`New${i}`));
      await clock.settle();
    }
    assert.equal(api.objectsOf(EVENT).length, 61);
    assert.equal(api.callsOf('patch').length, 25);
    assert.equal(dropped.length, 34);
    await clock.advance(300_000);
    recorder.record(rollout('web'), event('Same'));
    recorder.record(rollout('web'), event('Same'));
    await clock.settle();
    assert.equal(api.callsOf('patch').length, 26);
  });

  it('bounds endless new texts too', async () => {
    const { api, clock, recorder } = bench();
    for (let i = 0; i < 1_000; i += 1) {
      recorder.record(rollout('web'), event('Error', `failed at ${i}`));
      await clock.advance(10);
    }
    assert.ok(api.objectsOf(EVENT).length < 220);
  });

  it('drops when the API server is slow: repeats first, then the newest, and stays bounded', async () => {
    const { api, clock, recorder, dropped } = bench();
    recorder.record(rollout('web'), event('Known'));
    await clock.settle();
    api.before = () => new Promise(() => {});
    recorder.record(rollout('web'), event('Stuck'));
    recorder.record(rollout('web'), event('Known'));
    for (let i = 0; i < 198; i += 1) {
      recorder.record(rollout('web'), event(`E${i}`));
      if (i % 10 === 0) await clock.advance(60_000);
    }
    recorder.record(rollout('web'), event('News'));
    recorder.record(rollout('web'), event('TooMuch'));
    assert.deepEqual(dropped, ['Known: the API server is slow', 'TooMuch: the API server is slow']);
    assert.equal(recorder.pending, 200);
    for (let i = 0; i < 10_000; i += 1) recorder.record(rollout(`o${i}`), event('X'));
    assert.equal(recorder.pending, 5_000);
  });

  it('merges repeats that wait', async () => {
    const { api, clock, recorder } = bench();
    const gate = Promise.withResolvers<void>();
    api.before = () => gate.promise;
    recorder.record(rollout('web'), event('First'));
    for (let i = 0; i < 5; i += 1) recorder.record(rollout('web'), event('Second'));
    await clock.settle();
    api.before = undefined;
    gate.resolve();
    await clock.settle();
    assert.equal(api.calls.length, 2);
    assert.equal(api.objectsOf(EVENT)[1]?.['count'], 5);
  });

  it('tries again with the same name when no answer came, and makes no second Event', async () => {
    const { api, clock, recorder } = bench();
    let lost = 2;
    api.after = () => {
      if (lost-- > 0) throw new ApiUnreachable('answer lost');
    };
    recorder.record(rollout('web'), event('Once'));
    recorder.record(rollout('web'), event('Then'));
    await clock.advance(10_000);
    assert.deepEqual(reasons(api), ['Once', 'Then']);
  });

  it('gives up on what the server forbids, at once, and on an outage after some tries', async () => {
    const { api, clock, recorder, dropped } = bench();
    api.before = () => {
      throw new ApiError({ code: 403, reason: 'Forbidden', message: 'namespace is being terminated' });
    };
    recorder.record(rollout('web'), event('No'));
    await clock.settle();
    assert.equal(api.calls.length, 1);
    api.before = () => {
      throw new ApiUnreachable('refused');
    };
    recorder.record(rollout('web'), event('Down'));
    await clock.advance(60_000);
    assert.equal(api.calls.length, 6);
    assert.deepEqual(dropped, ['No: not sent', 'Down: not sent']);
    assert.equal(recorder.pending, 0);
  });

  it('warns of what it could not send, but not where the namespace is being deleted', async () => {
    const warnings: unknown[] = [];
    const log = {
      ...silentLog,
      warn: (fields: { readonly reason?: unknown }) => void warnings.push(fields.reason),
    };
    const { api, clock, recorder } = bench(log);
    const forbid = (causes: { reason: string }[]): void => {
      api.before = () => {
        throw new ApiError({ code: 403, reason: 'Forbidden', message: 'no', details: { causes } });
      };
    };
    forbid([{ reason: 'NamespaceTerminating' }]);
    recorder.record(rollout('web'), event('Deleted'));
    await clock.settle();
    forbid([]);
    recorder.record(rollout('web'), event('Other'));
    await clock.settle();
    assert.deepEqual(warnings, ['Other']);
  });

  it('tells when what was recorded so far is sent, or that it took too long', async () => {
    const { api, clock, recorder } = bench();
    const gate = Promise.withResolvers<void>();
    api.before = () => gate.promise;
    recorder.record(rollout('web'), event('A'));
    let flushed = 0;
    void recorder.flushed(rollout('web'), 500).then(() => (flushed += 1));
    await clock.advance(400);
    assert.equal(flushed, 0);
    await clock.advance(100);
    assert.equal(flushed, 1, 'bounded');
    void recorder.flushed(rollout('web'), 5_000).then(() => (flushed += 1));
    gate.resolve();
    await clock.settle();
    assert.equal(flushed, 2);
    await recorder.flushed(rollout('web'), 5_000);
    await recorder.flushed(rollout('other'), 5_000);
    await recorder.drained(1_000);
    assert.equal(clock.timers, 0);
  });

  it('writes nothing once leadership is lost', async () => {
    const { api, clock, recorder, lead, dropped } = bench();
    lead.ing = false;
    recorder.record(rollout('web'), event('A'));
    await clock.settle();
    assert.equal(api.calls.length, 0);
    assert.deepEqual(dropped, ['A: not leading']);
  });

  it('cuts a message at 1 KiB between characters, and names what can not be a name', async () => {
    const { api, clock, recorder } = bench();
    recorder.record(rollout('web'), event('Long', 'ü'.repeat(2_000)));
    recorder.record(rollout('Strange:Name'), event('A'));
    recorder.record({ ...rollout('cluster-wide'), metadata: { name: 'cluster-wide' } }, event('B'));
    await clock.settle();
    const [long, strange, wide] = api.objectsOf(EVENT);
    const message = String(long?.['message']);
    assert.ok(Buffer.byteLength(message) <= 1024 && Buffer.byteLength(message) > 1000);
    assert.match(message, /^ü+\.\.\.$/);
    assert.match(strange?.metadata.name ?? '', /^[0-9a-f]{32}\.[0-9a-f]{16}$/);
    assert.equal(wide?.metadata.namespace, 'default');
  });
});
