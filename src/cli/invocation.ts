/** One call of one command: what was asked, and all that the command may use to answer. */

import type { KubeApi, WriteOptions } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import type { Flags } from './args/flags.ts';
import type { CliIo } from './io.ts';
import type { Printer } from './printer.ts';
import type { Style } from './view/style.ts';

/** Who writes: field managers named `kubectl...` would be undone by Flux. */
export const FIELD_MANAGER = 'sluice-cli';

/** A cluster, and the namespace that the command is about. */
export interface Session {
  readonly api: KubeApi;
  readonly namespace: string;
  /** For errors. */
  readonly server?: string | undefined;
  readonly context?: string | undefined;
  readonly close?: () => void;
}

export interface BuildInfo {
  readonly version: string;
  /** Further lines of `version`: name and value. */
  readonly details: readonly (readonly [string, string])[];
}

export interface Invocation {
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly io: CliIo;
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly build: BuildInfo;
  readonly print: Printer;
  readonly style: Style;
  /** Connects at the first call. Rejects with `KubeconfigError`. */
  session(): Promise<Session>;
}

/** Options of every write by a command. */
export const writeOptions = ({ signal }: Invocation, subresource?: 'status'): WriteOptions => ({
  fieldManager: FIELD_MANAGER,
  priority: 'high',
  signal,
  ...(subresource === undefined ? {} : { subresource }),
});

/** The first argument; the parser has seen to it that there is one. */
export const firstArg = ({ args }: Invocation): string => args[0] ?? '';
