/**
 * A plan is a value: plain JSON, made by a pure function from a frozen snapshot. `control` applies it;
 * the CLI prints it; the simulation compares it.
 */

/** Why, in words. `about` is a stable dotted name of the decision (`weight.gate`, `step.pause`). */
export interface Note {
  about: string;
  text: string;
}

/** An Event on the object that is being planned. Reasons and texts are those of spec 08. */
export interface PlannedEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export interface Plan<Intent, Status> {
  /** In order. Each has a stable `key`, so that a plan can be compared with the next one. */
  intents: readonly Intent[];
  /** The whole desired status; undefined leaves the status alone. */
  status: Status | undefined;
  events: readonly PlannedEvent[];
  notes: readonly Note[];
  /** Look again at this instant (milliseconds since the epoch), even if nothing changes. */
  requeueAt?: number | undefined;
}
