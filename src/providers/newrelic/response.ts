/** From NerdGraph's answer to a measurement (spec 05 section 8.5). Pure. */

import { goJson } from '../../lang/go-json.ts';
import { graphqlData } from '../http/graphql.ts';
import type { HttpResponse } from '../http/types.ts';
import { expect2xx, isRecord, MeasurementFault, NothingMeasured, readJson, shown } from '../measured.ts';
import type { MeasurementOutcome } from '../types.ts';

const NO_RESULTS = 'no results returned from NRQL query';

/** One row is a map, several are a list of maps. */
export function readAnswer(response: HttpResponse): MeasurementOutcome {
  expect2xx(response);
  const rows = rowsOf(graphqlData(readJson(response), ''));
  const [first] = rows;
  if (first === undefined || (rows.length === 1 && Object.keys(first).length === 0))
    throw new NothingMeasured(NO_RESULTS);
  const result = rows.length === 1 ? first : rows;
  return {
    kind: 'value',
    value: shown(goJson(result)),
    result: { type: 'json', value: result },
    evidence: { series: rows.length },
  };
}

function rowsOf(data: unknown): Record<string, unknown>[] {
  const results = ['actor', 'account', 'nrql', 'results'].reduce<unknown>(
    (value, key) => (isRecord(value) ? value[key] : undefined),
    data,
  );
  if (results === undefined || results === null) throw new NothingMeasured(NO_RESULTS);
  if (!Array.isArray(results) || !results.every(isRecord))
    throw new MeasurementFault('bad response: the results are no list of rows');
  return results;
}
