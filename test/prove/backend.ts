/**
 * The metric backend of a history: it knows how good each version really is, and says so, or something else. A query
 * names the version that it is about as `hash="..."`.
 */

import type { HttpRequest, HttpResponse } from '../../src/providers/http/types.ts';
import type { BackendMode } from './history.ts';
import type { Measurement } from './rules/types.ts';

export type Answer = HttpResponse | 'refused' | undefined;

export class Backend {
  mode: BackendMode = 'truth';
  readonly #truthOf: (hash: string) => Measurement['truth'];
  readonly #tell: (measured: Pick<Measurement, 'run' | 'metric' | 'truth' | 'answer'>) => void;

  constructor(
    truthOf: (hash: string) => Measurement['truth'],
    tell: (measured: Pick<Measurement, 'run' | 'metric' | 'truth' | 'answer'>) => void,
  ) {
    this.#truthOf = truthOf;
    this.#tell = tell;
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
        return json(vector());
      case 'nan':
        tell('NaN');
        return json(vector('NaN'));
      case 'lie':
        tell(truth === 'bad' ? '1 (a lie)' : '0 (a lie)');
        return json(vector(truth === 'bad' ? '1' : '0'));
      case 'truth':
        tell(truth === 'bad' ? '0' : '1');
        return json(vector(truth === 'bad' ? '0' : '1'));
    }
  }
}

const json = (body: string): HttpResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body,
});

/** The answer of a Prometheus. */
const vector = (...values: string[]): string =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [0, value] })) },
  });
