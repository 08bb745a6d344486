/** Seeds 1 to 100 of `npm run prove`; `prove-second.test.ts` has the next hundred. */

import { provesSample } from './sample.ts';

provesSample(1, 100);
