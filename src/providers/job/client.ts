/**
 * What the Job provider needs of a cluster. Implemented over the controller's writer and stores, so that leadership and
 * the reading of one's own writes hold for Jobs, too.
 */

import type { KubeObject } from '../../kube/api.ts';

export interface JobRef {
  readonly namespace: string;
  readonly name: string;
}

/** A Job and its pods, as the watch has told of them. */
export interface JobState {
  readonly job: KubeObject;
  readonly pods: readonly KubeObject[];
}

export type CreatedJob =
  | { readonly created: true; readonly job: KubeObject }
  /** The name is taken; `message` is the API server's text. */
  | { readonly created: false; readonly job: KubeObject; readonly message: string };

/**
 * An API server that does not answer, or says that it can't now, is asked again until `signal` ends that. What it
 * refuses for good is thrown as `JobRefused`.
 */
export interface JobClient {
  create(job: KubeObject, signal: AbortSignal): Promise<CreatedJob>;
  /** Undefined: there is no such Job, and the API server itself has said so. */
  get(ref: JobRef, signal: AbortSignal): Promise<JobState | undefined>;
  /** From the cache alone; undefined where it knows nothing. */
  peek(ref: JobRef): JobState | undefined;
  /** Jobs of a run, from the cache. */
  ofRun(uid: string): readonly KubeObject[];
  /** In the foreground: its pods go first. One that is gone already is no error. */
  delete(job: JobRef & { readonly uid?: string | undefined }, signal: AbortSignal): Promise<void>;
}

/** In the API server's words. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
}
