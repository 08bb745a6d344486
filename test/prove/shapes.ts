/**
 * Answers of a metric backend that are right and still no single clear number. A query asks for one as `shape="..."`;
 * once nothing goes wrong any more, all are plain.
 */

import type { HttpResponse } from '../../src/providers/http/types.ts';

export const SHAPES = [
  'plain',
  'two',
  'mixed',
  'nan',
  'infinite',
  'nothing',
  'scalar',
  'text',
  'stale',
  'few',
  'flaky',
  'quoting',
] as const;
export type Shape = (typeof SHAPES)[number];

export interface Asked {
  readonly url: string;
  /** URL and body in clear. */
  readonly text: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** How many were asked before. */
  readonly nth: number;
}

/** `value` is what a plain answer would hold. */
export function shaped(shape: string, value: string, asked: Asked): HttpResponse {
  if (shape === 'flaky' && asked.nth % 2 === 0) return { status: 503, headers: {}, body: 'come back later' };
  if (shape === 'quoting') return { status: 400, headers: {}, body: `what is ${asked.text}?` };
  if (asked.url.includes('//web.')) return json(document(shape, value));
  if (asked.url.includes('/query_range')) return json(matrix(shape, value, asked.now));
  return json(vector(shape, value, asked));
}

const json = (body: unknown): HttpResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const success = (resultType: string, result: unknown): unknown => ({
  status: 'success',
  data: { resultType, result },
});

/** Values of the series, as Prometheus writes them. */
function valuesOf(shape: string, value: string, nth: number): string[] {
  switch (shape) {
    case 'two':
      return [value, value];
    case 'mixed':
      return [value, 'NaN'];
    case 'nan':
      return ['NaN'];
    case 'infinite':
      return ['+Inf'];
    case 'nothing':
      return [];
    case 'few':
      return [String(nth)];
    default:
      return [value];
  }
}

function vector(shape: string, value: string, { now, nth }: Asked): unknown {
  if (shape === 'scalar') return success('scalar', [now, value]);
  if (shape === 'text') return success('string', [now, 'all is well']);
  const at = shape === 'stale' ? now - 3_600 : now;
  return success(
    'vector',
    valuesOf(shape, value, nth).map((each, series) => ({
      metric: { pod: `p${series}` },
      value: [at, each],
    })),
  );
}

const matrix = (shape: string, value: string, now: number): unknown =>
  success(
    'matrix',
    valuesOf(shape, value, 0).map((each) => ({
      metric: {},
      values: [
        [now - (shape === 'stale' ? 3_600 : 60), each],
        [now - (shape === 'stale' ? 3_540 : 0), each],
      ],
    })),
  );

/** Of a web endpoint. */
function document(shape: string, value: string): unknown {
  const rate = Number(value);
  switch (shape) {
    case 'text':
    case 'stale':
      return 'all is well';
    case 'nothing':
      return { rate: null, list: [], ok: null };
    case 'two':
      return { rate, list: [rate, rate], ok: rate >= 0.5 };
    case 'scalar':
      return rate;
    default:
      return { rate, list: [rate], ok: rate >= 0.5 };
  }
}
