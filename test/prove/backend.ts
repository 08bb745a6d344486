/**
 * The metric backend of a history: it knows how good each version really is, and says so, or something else. A query
 * names the version that it is about as `hash="..."`.
 */

import type { HttpRequest, HttpResponse } from '../../src/providers/http/types.ts';
import type { BackendMode } from './history.ts';
import type { Measurement } from './rules/types.ts';
import { shaped } from './shapes.ts';

export type Answer = HttpResponse | 'refused' | undefined;

export class Backend {
  mode: BackendMode = 'truth';
  /** Nothing goes wrong any more: answers are plain, whatever shape is asked for. */
  isPlain = false;
  readonly #now: () => number;
  readonly #asked = new Map<string, number>();
  readonly #truthOf: (hash: string) => Measurement['truth'];
  readonly #tell: (measured: Pick<Measurement, 'run' | 'metric' | 'truth' | 'answer'>) => void;

  constructor(
    truthOf: (hash: string) => Measurement['truth'],
    tell: (measured: Pick<Measurement, 'run' | 'metric' | 'truth' | 'answer'>) => void,
    now: () => number,
  ) {
    this.#truthOf = truthOf;
    this.#tell = tell;
    this.#now = now;
  }

  /** undefined: it never answers. */
  answer(request: HttpRequest, run: string): Answer {
    const asked = decodeURIComponent(`${request.url} ${request.body ?? ''}`.replaceAll('+', ' '));
    const hash = /hash="([^"]*)"/.exec(asked)?.[1] ?? '';
    const metric = /metric="([^"]*)"/.exec(asked)?.[1] ?? '';
    const truth = this.#truthOf(hash);
    const tell = (answer: string): void => this.#tell({ run, metric, truth, answer });
    switch (this.mode) {
      case 'hang':
        tell('nothing');
        return undefined;
      case 'error':
        tell('HTTP 500');
        return { status: 500, headers: {}, body: 'the backend is broken' };
      case 'garbage':
        tell('garbage');
        return json('{"status":"success","data":{"resultType":"vector","result":');
      case 'empty':
        tell('an empty vector');
        return json(vector(this.#now()));
      case 'nan':
        tell('NaN');
        return json(vector(this.#now(), 'NaN'));
      case 'lie':
        tell(truth === 'bad' ? '1 (a lie)' : '0 (a lie)');
        return json(vector(this.#now(), truth === 'bad' ? '1' : '0'));
      case 'truth': {
        // How many requests there are says nothing about how good they were.
        const value = metric === 'samples' ? '1000' : truth === 'bad' ? '0' : '1';
        const shape = /shape="([^"]*)"/.exec(asked)?.[1] ?? '';
        if (shape === '') {
          tell(value);
          return json(vector(this.#now(), value));
        }
        const nth = this.#asked.get(metric) ?? 0;
        this.#asked.set(metric, nth + 1);
        tell(`${value} (${shape})`);
        const now = Math.floor(this.#now() / 1000);
        return shaped(this.isPlain ? 'plain' : shape, value, { url: request.url, text: asked, now, nth });
      }
    }
  }
}

const json = (body: string): HttpResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body,
});

/** The answer of a Prometheus at an instant. */
const vector = (now: number, ...values: string[]): string =>
  JSON.stringify({
    status: 'success',
    data: {
      resultType: 'vector',
      result: values.map((value) => ({ metric: {}, value: [Math.floor(now / 1000), value] })),
    },
  });
