/**
 * Draws docs/images/judge.svg and prints the table of docs/judge.md: `npm run judge:draw` (about two minutes; RUNS
 * releases for each line). Seeded, so that the same code gives the same picture.
 */

import { writeFileSync } from 'node:fs';
import { ALPHA, AT_THE_EFFECT, BY_DIFFERENCE, POWER, SAME } from './scenarios.ts';
import { LOOK_SECONDS, median, tally } from './simulation.ts';
import type { Scenario, Tally } from './simulation.ts';

const RUNS = 10_000;
const CURVE_RUNS = 2_000;

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;
const minutes = (looks: number): string => ((looks * LOOK_SECONDS) / 60).toFixed(1);

function row(scenario: Scenario, runs: number, seed: number): Tally {
  const result = tally(scenario, runs, seed);
  console.log(
    `| ${scenario.name} | ${percent(result.worse, runs)} | ${percent(result.noWorse, runs)} | ${percent(result.undecided, runs)} | ${minutes(median(result))} |`,
  );
  return result;
}

console.log('| scenario | worse | no worse | undecided | median minutes |\n|---|---|---|---|---|');
SAME.forEach((scenario, i) => row(scenario, RUNS, 100 + i));
AT_THE_EFFECT.forEach((scenario, i) => row(scenario, RUNS, 200 + i));
console.log('\nby difference of error rates (stable 1 %):');
const curve = BY_DIFFERENCE.map((scenario, i) => ({
  difference: Number(scenario.name),
  result: row(scenario, CURVE_RUNS, 300 + i),
}));
writeFileSync(new URL('../../docs/images/judge.svg', import.meta.url), picture());

function picture(): string {
  const [width, height, left, top, bottom, gap] = [340, 220, 76, 44, 46, 120];
  const x = (i: number): number => left + (i * width) / (curve.length - 1);
  const share = (value: number): number => top + height * (1 - value);
  const line = (points: readonly [number, number][], color: string): string =>
    `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.map((p) => p.map((n) => n.toFixed(1)).join()).join(' ')}"/>${points
      .map(([cx, cy]) => `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="3" fill="${color}"/>`)
      .join('')}`;
  const text = (at: [number, number], words: string, more = ''): string =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${words}</text>`;
  const ticks = curve
    .map(({ difference }, i) =>
      text([x(i), top + height + 18], `+${(100 * difference).toFixed(1)} %`, 'text-anchor="middle"'),
    )
    .join('');
  const shift = left + width + gap;
  const longest = 10;
  const minute = (value: number): number => top + height * (1 - Math.min(value, longest) / longest);
  const grid = (
    at: (value: number) => number,
    marks: readonly number[],
    write: (value: number) => string,
  ): string =>
    marks
      .map(
        (mark) =>
          `<line x1="${left}" x2="${left + width}" y1="${at(mark).toFixed(1)}" y2="${at(mark).toFixed(1)}" stroke="#d0d7de"/>${text([left - 8, at(mark) + 4], write(mark), 'text-anchor="end"')}`,
      )
      .join('');
  const dashed = (value: number, words: string): string =>
    `<line x1="${left}" x2="${left + width}" y1="${share(value).toFixed(1)}" y2="${share(value).toFixed(1)}" stroke="#57606a" stroke-dasharray="4 4"/>${text([left + width + 6, share(value) + 4], words)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${2 * (left + width) + gap + 40}" height="${top + height + bottom}" font-family="sans-serif" font-size="12" fill="#24292f">
<rect width="100%" height="100%" fill="#ffffff"/>
${text([left, 22], 'Verdicts by how much worse the canary is', 'font-weight="bold" font-size="14"')}
${grid(share, [0, 0.25, 0.5, 0.75, 1], (value) => `${100 * value} %`)}
${dashed(ALPHA, `alpha`)}
${dashed(POWER, `power`)}
${line(
  curve.map(({ result }, i) => [x(i), share(result.worse / result.runs)]),
  '#cf222e',
)}
${line(
  curve.map(({ result }, i) => [x(i), share(result.noWorse / result.runs)]),
  '#1a7f37',
)}
${ticks}
${text([left + 8, share(0.93)], 'no worse', 'fill="#1a7f37"')}
${text([left + width - 46, share(0.92)], 'worse', 'fill="#cf222e"')}
${text([left + width / 2, top + height + 38], 'error rate above stable (1 %); alpha 0.05, power 0.8, smallest effect +1 %', 'text-anchor="middle"')}
<g transform="translate(${shift - left + 40} 0)">
${text([left, 22], 'Minutes until half of all releases have a verdict', 'font-weight="bold" font-size="14"')}
${grid(minute, [0, 2, 4, 6, 8, 10], String)}
${line(
  curve.map(({ result }, i) => [x(i), minute((median(result) * LOOK_SECONDS) / 60)]),
  '#0969da',
)}
${ticks}
${text([left + width / 2, top + height + 38], '20 requests to the canary and 180 to stable every 10 s', 'text-anchor="middle"')}
</g>
</svg>
`;
}
