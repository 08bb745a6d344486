/** Decisions of the syncer: pure functions from a snapshot to a plan, and from results to a status. */

export type * from './types.ts';
export { sluiceStatus } from './assess.ts';
export { concludeSync } from './conclude.ts';
export { planDeletion } from './intents.ts';
export { planSync } from './plan.ts';
