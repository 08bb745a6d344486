/** Somebody writes a Service between the syncer's look and its write. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/kube/api.ts';
import { SERVICE } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { World } from './harness.ts';

const HASH = 'rollouts-pod-template-hash';
const web = { namespace: 'shop', name: 'web' };

const service = (port: number, selector = '{app: web}'): string => `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: ${selector}, ports: [{port: ${port}, targetPort: 8080}]}
`;

/** What the Rollout controller writes when it chooses a version. */
const choose = (hash: string): JsonObject => ({
  metadata: { annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'web' } },
  spec: { selector: { [HASH]: hash } },
});

interface Seen {
  readonly world: World;
  readonly applies: number;
  readonly live: KubeObject | undefined;
  readonly selector: unknown;
  readonly port: unknown;
}

/** Syncs port 81 by hand and without `retry`; `meanwhile` stands in between, `times` often. */
async function syncBesides(
  meanwhile: (world: World, time: number) => Promise<unknown>,
  times: number,
  options: { readonly before?: JsonObject; readonly selector?: string } = {},
): Promise<Seen> {
  const world = new World();
  world.commit({ 'app.yaml': service(80, options.selector) });
  await world.application({ syncPolicy: {} });
  const operation = { sync: { revision: 'main' } };
  await world.patchApplication({ operation });
  await world.clock.advance(5_000);
  assert.equal((await world.status()).operationState?.phase, 'Succeeded');
  if (options.before !== undefined) {
    await world.api.patch(SERVICE, web, { type: 'merge', body: options.before });
    await world.clock.advance(5_000);
  }

  world.commit({ 'app.yaml': service(81, options.selector) });
  world.writes.length = 0;
  let time = 0;
  world.meanwhile = async (type, name, dryRun) => {
    if (type.kind === 'Service' && name === 'web' && !dryRun && time < times)
      await meanwhile(world, (time += 1));
  };
  await world.patchApplication({ operation });
  await world.clock.advance(5_000);
  world.meanwhile = undefined;
  assert.equal(time, times, 'nobody came in between');
  const live = await world.find(SERVICE, 'web');
  const spec = live?.['spec'] as { selector?: unknown; ports?: { port: number }[] } | undefined;
  const applies = world.writes.filter(({ verb, kind }) => verb === 'apply' && kind === 'Service').length;
  await world.stop();
  return { world, applies, live, selector: spec?.selector, port: spec?.ports?.[0]?.port };
}

const annotate = async (world: World, time: number): Promise<unknown> =>
  await world.api.patch(SERVICE, web, {
    type: 'merge',
    body: { metadata: { annotations: { 'example.com/seen': String(time) } } },
  });

describe('a Service that is written between the look and the apply', () => {
  it('is synced where the write has nothing to do with it', async () => {
    const { world, applies, live, port } = await syncBesides(annotate, 1);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    assert.equal(port, 81);
    assert.equal(live?.metadata.annotations?.['example.com/seen'], '1');
    assert.equal(applies, 2);
    assert.deepEqual(await world.conditions(), []);
  });

  it('is read three times at the most', async () => {
    const { world, applies, port } = await syncBesides(annotate, 3);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    assert.equal(port, 81);
    assert.equal(applies, 4);
  });

  it('keeps the version that a Rollout chose meanwhile', async () => {
    const first = await syncBesides(
      async (world) => await world.api.patch(SERVICE, web, { type: 'merge', body: choose('abc') }),
      1,
    );
    assert.equal(await first.world.summary(), 'Synced Healthy Succeeded');
    assert.deepEqual(first.selector, { app: 'web', [HASH]: 'abc' });
    assert.equal(first.port, 81);
  });

  it('keeps the version that a Rollout switched to meanwhile', async () => {
    const next = await syncBesides(
      async (world) => await world.api.patch(SERVICE, web, { type: 'merge', body: choose('def') }),
      1,
      { before: choose('abc') },
    );
    assert.equal(await next.world.summary(), 'Synced Healthy Succeeded');
    assert.deepEqual(next.selector, { app: 'web', [HASH]: 'def' });
    assert.equal(next.port, 81);
  });

  it('has the version that Git names, whatever a Rollout chose meanwhile', async () => {
    const named = await syncBesides(
      async (world) => await world.api.patch(SERVICE, web, { type: 'merge', body: choose('def') }),
      1,
      { before: choose('mine'), selector: `{app: web, ${HASH}: mine}` },
    );
    assert.equal((await named.world.status()).operationState?.phase, 'Succeeded');
    assert.deepEqual(named.selector, { app: 'web', [HASH]: 'mine' });
  });

  it('is made again where it was deleted meanwhile', async () => {
    const { world, port, selector } = await syncBesides(async (w) => await w.api.delete(SERVICE, web), 1, {
      before: choose('abc'),
    });
    assert.equal((await world.status()).operationState?.phase, 'Succeeded');
    assert.equal(port, 81);
    assert.deepEqual(selector, { app: 'web' });
  });

  it('is told by its name when somebody never stops writing it', async () => {
    const { world, applies, port } = await syncBesides(annotate, 4);
    assert.equal(applies, 4);
    assert.equal(port, 80, 'nothing may be forced onto a version that was not seen');
    const { phase, message, syncResult } = (await world.status()).operationState ?? {};
    assert.equal(phase, 'Failed');
    assert.match(
      message ?? '',
      /reason: Service shop\/web: somebody else changed it each of the 4 times that it was to be applied \(.+\); its metadata.managedFields tell who writes it: end that, and sync again$/,
    );
    assert.equal(syncResult?.resources?.[0]?.status, 'SyncFailed');
    assert.match((await world.conditions()).join('\n'), /^SyncError: .*Service shop\/web/);
  });
});
