/** The routers that Sluice drives, in the order in which it drives them (spec 03 section 6). */

import { nginx } from './nginx/index.ts';
import type { Router } from './types.ts';

export const ROUTERS: readonly Router[] = [nginx];

export type * from './types.ts';
