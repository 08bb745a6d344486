import { APPLICATIONS } from './applications.ts';
import { GATES } from './gates.ts';
import { READERS } from './readers.ts';
import { RELEASES } from './releases.ts';
import { STATE } from './state.ts';
import { TABLES } from './tables.ts';
import { TRAFFIC } from './traffic.ts';
import type { Scenario } from './types.ts';
import { VERDICTS } from './verdicts.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...TRAFFIC,
  ...VERDICTS,
  ...STATE,
  ...TABLES,
  ...GATES,
  ...RELEASES,
  ...APPLICATIONS,
  ...READERS,
];
