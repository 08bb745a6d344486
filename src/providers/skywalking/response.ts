/** From SkyWalking's answer to a measurement (spec 05 section 8.11). Pure. */

import { goJson } from '../../lang/go-json.ts';
import { graphqlData } from '../http/graphql.ts';
import { excerpt } from '../http/json.ts';
import type { HttpResponse } from '../http/types.ts';
import { MeasurementFault, NothingMeasured, readJson, shown } from '../measured.ts';
import type { MeasurementOutcome } from '../types.ts';

/** The result is all of `data`. */
export function readAnswer(response: HttpResponse): MeasurementOutcome {
  if (response.status !== 200)
    throw new MeasurementFault(
      `graphql: server returned a non-200 status code: ${response.status}: ${excerpt(response.body)}`,
    );
  const data = graphqlData(readJson(response), 'graphql: ');
  if (data === undefined || data === null)
    throw new NothingMeasured('no results returned from SkyWalking query');
  return { kind: 'value', value: shown(goJson(data)), result: { type: 'json', value: data } };
}
