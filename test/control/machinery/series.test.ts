import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { Counts, lazyMetric } from '../../../src/control/series.ts';

describe('series', () => {
  it('count by label values, and forget an object with all that was counted of it', () => {
    const counts = new Counts(['namespace', 'name', 'reason']);
    counts.add('shop', 'web', 'Paused');
    counts.add('shop', 'web', 'Paused');
    counts.add('shop', 'web-2', 'Paused');
    counts.add('shop', 'web', 'Aborted');
    const of = (reason: string, name = 'web') => ({ namespace: 'shop', name, reason });
    assert.deepEqual(
      [...counts.samples()],
      [
        { labels: of('Paused'), value: 2 },
        { labels: of('Paused', 'web-2'), value: 1 },
        { labels: of('Aborted'), value: 1 },
      ],
    );
    counts.remove('shop', 'web');
    assert.deepEqual([...counts.samples()], [{ labels: of('Paused', 'web-2'), value: 1 }]);
  });

  it('are no more than allowed: those that were not counted for the longest go', () => {
    const counts = new Counts(['name'], 2);
    for (const name of ['a', 'b', 'a', 'c']) counts.add(name);
    assert.deepEqual(
      [...counts.samples()].map(({ labels, value }) => [labels['name'], value]),
      [
        ['a', 2],
        ['c', 1],
      ],
    );
  });

  it('are printed once each, escaped, and not at all where they cannot be computed', async () => {
    const registry = new Registry();
    const labels = ['name'];
    const sample = (value: number) => ({ labels: { name: 'a "quoted"\nname' }, value });
    registry.registerMetric(
      lazyMetric('gauge', { name: 'twice', help: 'Two.', labels, samples: () => [sample(1), sample(2)] }),
    );
    const broken = (): never => {
      throw new Error('no store');
    };
    registry.registerMetric(
      lazyMetric('counter', { name: 'broken', help: 'None.', labels, samples: broken }),
    );
    assert.equal(
      await registry.metrics(),
      '# HELP twice Two.\n# TYPE twice gauge\ntwice{name="a \\"quoted\\"\\nname"} 2\n\n' +
        '# HELP broken None.\n# TYPE broken counter\n',
    );
  });
});
