/** The same for hundreds of strategies, others each day. */

import { describe, it } from 'node:test';
import { foresightHolds } from './foresight-property.ts';

describe('foresight, at length', () => {
  it('equals the trace that the system records, for hundreds of strategies', (t) => {
    const seed = Number(process.env['FORESIGHT_SEED'] ?? Math.floor(Date.now() / 86_400_000));
    t.diagnostic(`FORESIGHT_SEED=${seed}`);
    return foresightHolds(300, seed);
  });
});
