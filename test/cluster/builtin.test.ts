/** What the sandbox knows of built-in kinds is what a real API server says. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { goSources, makeBuiltin, readBuiltin } from './builtin.ts';
import { withCluster } from './harness.ts';

withCluster('the shapes of built-in kinds', { crds: false, controllers: false }, (cluster) => {
  it('in the sandbox are those of the server (else: node test/cluster/builtin.ts)', async (t) => {
    const go = goSources();
    if ('missing' in go) {
      t.skip(go.missing);
      return;
    }
    const ours = readBuiltin();
    const theirs = await makeBuiltin(cluster().plane, Object.keys(ours.kinds), go.sources);
    assert.equal(theirs.version, ours.version);
    assert.deepEqual(Object.keys(theirs.schemas), Object.keys(ours.schemas));
    for (const [name, schema] of Object.entries(theirs.schemas))
      assert.deepEqual(ours.schemas[name], schema, name);
    assert.deepEqual(ours.kinds, theirs.kinds);
  });
});
