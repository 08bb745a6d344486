/** What GraphQL adds to JSON over HTTP. Pure. */

import { isRecord, listOf, MeasurementFault } from '../measured.ts';

/** `data` of an answer. Throws `MeasurementFault` with the server's own words, after `prefix`, where it holds errors. */
export function graphqlData(answer: unknown, prefix: string): unknown {
  if (!isRecord(answer)) throw new MeasurementFault('bad response: the answer is no object');
  const errors = listOf(answer['errors']);
  if (errors.length > 0) throw new MeasurementFault(prefix + errors.map(messageOf).join(', '));
  return answer['data'];
}

function messageOf(error: unknown): string {
  return isRecord(error) && typeof error['message'] === 'string'
    ? error['message']
    : 'an error without a message';
}
