import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecretReader } from '../../../src/control/analysis/secrets.ts';
import { ApiError } from '../../../src/kube/api.ts';
import type { KubeObject, ObjectRef } from '../../../src/kube/api.ts';
import { SecretRefused } from '../../../src/providers/secrets.ts';
import { VirtualClock } from '../../../src/sandbox/virtual-clock.ts';

describe('Secrets of providers', () => {
  const readerOf = (get: (ref: ObjectRef) => Promise<KubeObject>) => {
    const clock = new VirtualClock();
    const live = {
      get: (_: unknown, ref: ObjectRef) => get(ref),
      list: () => Promise.reject(new Error('not used')),
    };
    return { clock, reader: createSecretReader({ live, clock, ownNamespace: 'sluice' }) };
  };
  const secret = (data: unknown): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data,
  });
  const { signal } = new AbortController();
  const ref = { namespace: 'ns', name: 's' };

  it('are decoded', async () => {
    const { reader } = readerOf(() => Promise.resolve(secret({ a: 'aGVsbG8=', b: 7 })));
    assert.deepEqual(await reader.read(ref, signal), { a: 'hello' });
    assert.equal(reader.ownNamespace, 'sluice');
    const { reader: empty } = readerOf(() => Promise.resolve(secret(undefined)));
    assert.deepEqual(await empty.read(ref, signal), {});
  });

  it('are refused in the words of the API server', async () => {
    const { reader } = readerOf(() =>
      Promise.reject(new ApiError({ code: 403, reason: 'Forbidden', message: 'not you' })),
    );
    await assert.rejects(reader.read(ref, signal), new SecretRefused('not you'));
  });

  it('are asked for again while the API server can not answer', async () => {
    let asked = 0;
    const { clock, reader } = readerOf(() =>
      ++asked < 3
        ? Promise.reject(new ApiError({ code: 503, reason: 'ServiceUnavailable', message: 'starting' }))
        : Promise.resolve(secret({ a: 'eA==' })),
    );
    const read = reader.read(ref, signal);
    await clock.advance(10_000);
    assert.deepEqual(await read, { a: 'x' });
    assert.equal(asked, 3);
  });
});
