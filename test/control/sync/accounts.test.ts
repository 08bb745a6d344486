/** Applications that act as ServiceAccounts: every look and every write at what they hold, and nothing else. */

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { APPLICATION, CONFIG_MAP, SERVICE_ACCOUNT } from '../../../src/kube/kinds.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import { World } from './harness.ts';

const AS = {
  annotations: { 'sluice.dev/service-account': 'deployer' },
  labels: { 'sluice.dev/syncer': 'sluice' },
};
const DEPLOYER = 'system:serviceaccount:shop:deployer';
const map = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {a: "${value}"}\n`;

describe('an Application with a ServiceAccount', () => {
  let world: World;
  afterEach(() => world.stop());

  async function account(): Promise<void> {
    await world.api.create(SERVICE_ACCOUNT, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'deployer', namespace: 'shop' },
    } as KubeObject);
  }
  /** Of what the Application holds: who asked. */
  const actors = (): string[] =>
    [...world.asked]
      .filter((line) => line.endsWith('ConfigMap') && !line.includes(' get '))
      .map((line) => line.split(' ')[0] ?? '');
  const value = async (name: string): Promise<unknown> =>
    ((await world.find(CONFIG_MAP, name))?.['data'] as { a?: string } | undefined)?.a;

  it('is read, compared, applied, healed, pruned and deleted as that account alone', async () => {
    world = new World();
    await account();
    world.commit({ 'a.yaml': map('one', '1'), 'b.yaml': map('two', '2') });
    await world.application({}, { ...AS, finalizers: ['resources-finalizer.argocd.argoproj.io'] });
    await world.clock.advance(5_000);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    await world.api.patch(
      CONFIG_MAP,
      { namespace: 'shop', name: 'one' },
      { type: 'merge', body: { data: { a: 'x' } } },
    );
    await world.clock.advance(5_000);
    assert.equal(await value('one'), '1');
    world.commit({ 'a.yaml': map('one', '1') });
    await world.poll();
    await world.poll();
    assert.equal(await value('two'), undefined, 'pruned');
    await world.api.delete(APPLICATION, { namespace: 'sluice', name: 'app' });
    await world.clock.advance(30_000);
    assert.equal(await value('one'), undefined, 'deleted with the Application');
    assert.deepEqual([...new Set(actors())], [DEPLOYER]);
    for (const verb of ['list', 'dry-run', 'apply', 'delete'])
      assert.ok(world.asked.has(`${DEPLOYER} ${verb} ConfigMap`), verb);
    for (const line of world.asked)
      if (line.startsWith(DEPLOYER)) assert.doesNotMatch(line, /Application|Event|Lease|Secret/, line);
  });

  it('says that the account is missing, writes nothing, and goes on when it is there', async () => {
    world = new World();
    world.commit({ 'a.yaml': map('one', '1') });
    await world.application({}, AS);
    await world.clock.advance(5_000);
    assert.match(
      (await world.conditions()).join(),
      /ComparisonError: the ServiceAccount shop\/deployer, .* does not exist: create it/,
    );
    assert.equal(await value('one'), undefined);
    assert.deepEqual(actors(), []);
    await account();
    await world.clock.advance(60_000);
    assert.equal(await value('one'), '1');
    assert.deepEqual(await world.conditions(), []);

    await world.api.delete(SERVICE_ACCOUNT, { namespace: 'shop', name: 'deployer' });
    world.commit({ 'a.yaml': map('one', '2') });
    await world.poll();
    assert.equal(
      await value('one'),
      '1',
      'a deleted account does nothing any more, whatever is still bound to it',
    );
    assert.match((await world.conditions()).join(), /does not exist/);
  });

  it('says in the API server’s words which right the account lacks, and never uses another', async () => {
    world = new World();
    await account();
    world.forbids = (user, verb, kind) => user === DEPLOYER && kind === 'ConfigMap' && verb === 'dry-run';
    world.commit({ 'a.yaml': map('one', '1') });
    await world.application({}, AS);
    await world.clock.advance(5_000);
    assert.match(
      (await world.conditions()).join(),
      /SyncError: .*ConfigMap shop\/one: .*User "system:serviceaccount:shop:deployer" cannot/,
    );
    world.forbids = (user, verb, kind) => user === DEPLOYER && kind === 'ConfigMap' && verb === 'list';
    await world.stop();
    world.start();
    await world.clock.advance(40_000);
    assert.match(
      (await world.conditions()).join(),
      /ComparisonError: .*could not be listed.*User "system:serviceaccount:shop:deployer" cannot list/,
    );
    assert.equal(await value('one'), undefined);
    assert.deepEqual([...new Set(actors())], [DEPLOYER]);
  });

  it('holds its deletion up when the account is gone, and says so', async () => {
    world = new World();
    await account();
    world.commit({ 'a.yaml': map('one', '1') });
    await world.application({}, { ...AS, finalizers: ['resources-finalizer.argocd.argoproj.io'] });
    await world.clock.advance(5_000);
    await world.api.delete(SERVICE_ACCOUNT, { namespace: 'shop', name: 'deployer' });
    await world.stop();
    world.start();
    await world.api.delete(APPLICATION, { namespace: 'sluice', name: 'app' });
    await world.clock.advance(10_000);
    assert.equal(await value('one'), '1');
    assert.match((await world.conditions()).join(), /DeletionError: the ServiceAccount shop\/deployer/);
    await account();
    await world.clock.advance(120_000);
    assert.equal(await value('one'), undefined);
    assert.equal(await world.find(APPLICATION, 'app', 'sluice'), undefined);
  });

  it('must have one where the syncer requires it', async () => {
    world = new World({ requiresAccount: true });
    world.commit({ 'a.yaml': map('one', '1') });
    await world.application();
    await world.clock.advance(5_000);
    assert.match(
      (await world.conditions()).join(),
      /InvalidSpecError: no ServiceAccount is named as which to act/,
    );
    assert.deepEqual(actors(), []);
    await account();
    await world.patchApplication({ metadata: { annotations: { 'sluice.dev/service-account': 'deployer' } } });
    await world.clock.advance(5_000);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
  });

  it('has the default where it names none', async () => {
    world = new World({ requiresAccount: true, defaultAccount: 'deployer' });
    await account();
    world.commit({ 'a.yaml': map('one', '1') });
    await world.application();
    await world.clock.advance(5_000);
    assert.equal(await value('one'), '1');
    assert.deepEqual([...new Set(actors())], [DEPLOYER]);
  });
});
