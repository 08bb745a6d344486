/** The table at the end. Pure. */

import type { Checks } from './checks.ts';
import type { Ledger } from './ledger.ts';
import { palette } from './picture.ts';

const STEPS = [
  'v1 from Git: synced, deployed, serving',
  'v2: by weights, judged by a metric, promoted',
  'v3: failed its gate, aborted, stable untouched',
  'git revert: healed without another canary',
  'changes by hand: put back by selfHeal',
];

export function summary(
  checks: Pick<Checks, 'count'>,
  ledger: Pick<Ledger, 'count' | 'failed'>,
  elapsedMs: number,
  colour: boolean,
): string[] {
  const paint = palette(colour);
  const width = Math.max(...STEPS.map((step) => step.length));
  const rows = STEPS.map((step, i) => {
    const count = checks.count(i + 1);
    return `  ${i + 1}  ${step.padEnd(width)}  ${paint.good(`${String(count).padStart(2)} checks true`)}`;
  });
  const total = STEPS.reduce((sum, _, i) => sum + checks.count(i + 1), 0);
  return [
    '',
    paint.strong('Summary'),
    ...rows,
    '',
    `  ${total} checks, all true. ${ledger.count} requests answered, ${ledger.failed} failed, in ${(elapsedMs / 1000).toFixed(0)} s.`,
  ];
}
