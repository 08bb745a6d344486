/** As whom an Application is synced. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/lang/json.ts';
import { chooseAccount, parseAccount } from '../../../src/plan/sync/account.ts';

const application = (namespace: string, annotation: unknown, destination?: unknown): JsonObject =>
  ({
    metadata: {
      name: 'app',
      namespace,
      ...(annotation === undefined ? {} : { annotations: { 'sluice.dev/service-account': annotation } }),
    },
    ...(destination === undefined ? {} : { spec: { destination: { namespace: destination } } }),
  }) as JsonObject;

const choose = (object: JsonObject, fallback = '', required = false): string => {
  const choice = chooseAccount(object, { ownNamespace: 'sluice', fallback, required });
  if (!choice.ok) return `${choice.problem.type}: ${choice.problem.message}`;
  return choice.account === undefined ? 'itself' : `${choice.account.namespace}/${choice.account.name}`;
};

describe('the ServiceAccount of an Application', () => {
  it('is one of the destination in the syncer’s namespace, else one of its own namespace', () => {
    assert.equal(choose(application('sluice', 'deployer', 'shop')), 'shop/deployer');
    assert.equal(choose(application('sluice', 'deployer')), 'sluice/deployer');
    assert.equal(choose(application('sluice', 'ops:deployer', 'shop')), 'ops/deployer');
    assert.equal(choose(application('team-a', 'deployer', 'shop')), 'team-a/deployer');
    assert.equal(choose(application('team-a', 'team-a:deployer', 'shop')), 'team-a/deployer');
  });

  it('is never one of another team', () => {
    assert.match(
      choose(application('team-a', 'team-b:deployer', 'team-b')),
      /^InvalidSpecError: .*an account of the namespace team-b: an Application in team-a acts as one of its own/,
    );
  });

  it('is the default where none is named, which only the administrator can place elsewhere', () => {
    assert.equal(choose(application('sluice', undefined, 'shop'), 'applier'), 'shop/applier');
    assert.equal(choose(application('team-a', undefined, 'shop'), 'applier'), 'team-a/applier');
    assert.equal(choose(application('team-a', undefined, 'shop'), 'ops:applier'), 'ops/applier');
    assert.equal(choose(application('team-a', 'mine', 'shop'), 'ops:applier'), 'team-a/mine');
    assert.equal(choose(application('team-a', ''), 'applier', true), 'team-a/applier');
  });

  it('is the syncer itself only where nothing else is asked for', () => {
    assert.equal(choose(application('sluice', undefined, 'shop')), 'itself');
    assert.match(
      choose(application('sluice', undefined, 'shop'), '', true),
      /^InvalidSpecError: no ServiceAccount is named/,
    );
  });

  it('can’t be anything but an account', () => {
    for (const text of [
      'system:masters:x',
      'A',
      'a/b',
      ':x',
      'x:',
      '-a',
      'a..b',
      'x'.repeat(254),
      'a b',
      'a\n',
      'a:b:c',
    ])
      assert.equal(parseAccount(text), undefined, text);
    assert.match(
      choose(application('sluice', 'system:masters:x', 'shop')),
      /is not the name of a ServiceAccount/,
    );
    assert.match(choose(application('sluice', 'a', 'shop:admin')), /is not the name of a namespace/);
    assert.equal(
      choose(application('sluice', 'deployer', 7)),
      'sluice/deployer',
      'odd fields count as absent',
    );
    assert.deepEqual(parseAccount('a.b'), { namespace: undefined, name: 'a.b' });
  });
});
