/** What `plan` foresees is what the whole system then does. */

import { describe, it } from 'node:test';
import { foresightHolds } from './foresight-property.ts';

describe('foresight', () => {
  it('equals the trace that the system records, for a few dozen strategies', () =>
    foresightHolds(24, 20260101));
});
