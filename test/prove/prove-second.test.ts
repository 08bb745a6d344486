/** Seeds 101 to 200 of `npm run prove`; `prove-first.test.ts` has those before. */

import { provesSample } from './sample.ts';

provesSample(101, 100);
