/** What people do in scenarios, by the second. */

import type { JsonObject } from '../../../src/lang/json.ts';
import type { HistoryEvent } from '../history.ts';
import { second } from './worlds.ts';

export const image = (at: number, tag: string): HistoryEvent => ({ at: second(at), do: 'image', tag });
export const ask = (at: number): HistoryEvent => ({ at: second(at), do: 'ask' });
export const rehearse = (at: number, spec: object = {}): HistoryEvent => ({
  at: second(at),
  do: 'rehearse',
  spec: spec as JsonObject,
});
export const command = (
  at: number,
  what: Extract<HistoryEvent, { do: 'command' }>['command'],
): HistoryEvent => ({
  at: second(at),
  do: 'command',
  command: what,
});

/** What its watch says of ReplicaSets is 20 s late for a while. */
export const lateReplicaSets = (at: number, seconds: number): HistoryEvent => ({
  at: second(at),
  do: 'weather',
  fault: 'watch-delay',
  rate: 1,
  forMs: second(seconds),
  lengthMs: second(20),
  salt: 1,
  target: 'ReplicaSet',
});
