import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { metricProviderSchema } from '../../src/api/metric-provider.ts';
import type { MetricProvider } from '../../src/api/metric-provider.ts';
import { createProviders, PROVIDER_KEYS, providerType } from '../../src/providers/index.ts';
import { answering, contextOf } from './support.ts';

describe('providers', () => {
  const registry = createProviders(contextOf({ http: answering({}) }));

  it('are those of the schema, each named as the metrics name it', () => {
    assert.deepEqual([...PROVIDER_KEYS].sort(), Object.keys(metricProviderSchema.shape).sort());
    for (const key of PROVIDER_KEYS) {
      const metric = { provider: { [key]: {} } as MetricProvider };
      const found = registry.of(metric);
      assert.ok(!('error' in found), key);
      assert.equal(found.type, providerType(metric));
      assert.equal(registry.of(metric), found, 'made once');
    }
  });

  it('tell what is none', () => {
    assert.deepEqual(registry.of({ provider: {} }), { error: 'no provider specified' });
    for (const key of ['other', 'constructor', 'toString']) {
      const found = registry.of({ provider: { [key]: {} } as MetricProvider });
      assert.ok(
        'error' in found && found.error.startsWith(`metric provider '${key}' is unknown; use one of: `),
      );
    }
  });
});
