/**
 * The log: pino, as JSON or as `key=value` text. Every field goes through `safe`, which takes secrets out and
 * keeps lines short, so no caller can leak by accident.
 */

import pino from 'pino';
import type { Log } from './controller.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type LogFormat = 'json' | 'text';

export interface LogOptions {
  readonly level?: LogLevel | undefined;
  readonly format?: LogFormat | undefined;
  /** Where lines go; stderr when absent. */
  readonly write?: ((line: string) => void) | undefined;
  readonly now?: (() => number) | undefined;
}

export function createLog(options: LogOptions = {}): Log {
  const now = options.now ?? Date.now;
  const settings: pino.LoggerOptions = {
    level: options.level ?? 'info',
    base: null,
    messageKey: 'msg',
    timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  };
  const write = options.write ?? ((line: string) => process.stderr.write(line));
  const asText = options.format === 'text';
  return wrap(pino(settings, { write: (line: string) => write(asText ? textLine(line) : line) }));
}

/** Keeps nothing. For tests and for commands that don't log. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};

function wrap(logger: pino.Logger): Log {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      if (logger.isLevelEnabled(level)) logger[level](safeFields(fields), clipText(message));
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(logger.child(safeFields(fields))),
  };
}

const SECRET_KEY =
  /token|passw|secret(?!(ref|name|keyref)?$)|authorization|credential|private.?key|client.?key|api.?key|cookie/i;
const REDACTED = '[redacted]';
const MAX_TEXT = 4_096;
const MAX_DEPTH = 4;
const MAX_ITEMS = 50;

function safeFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return safe(fields, 0) as Record<string, unknown>;
}

/** Secrets out of values too: bearer tokens, and passwords in URLs. */
export function redactText(text: string): string {
  return text
    .replaceAll(/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`)
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${REDACTED}@`)
    .replaceAll(/\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g, REDACTED);
}

const clipText = (text: string): string => {
  const clean = redactText(text.length > 2 * MAX_TEXT ? text.slice(0, 2 * MAX_TEXT) : text);
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}...` : clean;
};

function safe(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return clipText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
  if (value instanceof Error) return safeError(value, depth);
  if (depth >= MAX_DEPTH) return '[...]';
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => safe(item, depth + 1));
    return value.length > MAX_ITEMS ? [...items, `... ${value.length - MAX_ITEMS} more`] : items;
  }
  const isSecret = (value as { kind?: unknown }).kind === 'Secret';
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries.map(([key, item]) => {
      const hidden = SECRET_KEY.test(key) || (isSecret && (key === 'data' || key === 'stringData'));
      return [key, hidden && item !== undefined && item !== null ? REDACTED : safe(item, depth + 1)];
    }),
  );
}

function safeError(error: Error, depth: number): unknown {
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  // An error of the world needs no stack; one of ours does.
  const ours = error instanceof TypeError || error instanceof RangeError || error.name === 'Error';
  return {
    type: error.name,
    message: clipText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(ours && error.stack !== undefined ? { stack: clipText(error.stack) } : {}),
    ...(error.cause instanceof Error && depth < MAX_DEPTH
      ? { cause: safeError(error.cause, depth + 1) }
      : {}),
  };
}

/** From pino's JSON line to `time="..." level=info msg="..." key=value`. */
function textLine(line: string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { time, level, msg, ...rest } = fields;
  const parts = Object.entries(flat(rest)).map(([key, value]) => `${key}=${quoted(value)}`);
  return `time=${quoted(time)} level=${quoted(level)} msg=${JSON.stringify(msg ?? '')}${parts.map((part) => ` ${part}`).join('')}\n`;
}

function flat(fields: Record<string, unknown>): Record<string, unknown> {
  const { error, ...rest } = fields;
  if (typeof error !== 'object' || error === null) return fields;
  return { ...rest, error: (error as { message?: unknown }).message };
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
