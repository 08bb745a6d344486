/** A finding of `lint`, as compilers write theirs. Pure. */

import type { Finding } from '../lint/findings.ts';
import type { Severity } from '../lint/types.ts';
import { type Color, paint, type Style } from './style.ts';

const COLORS: Readonly<Record<Severity, Color>> = { error: 'red', warning: 'yellow', info: 'blue' };

/** Nothing for what is kept quiet. */
export function findingLines(finding: Finding, style: Style): string[] {
  const { file, line, severity, rule, message, kind, name, field, write, ignored } = finding;
  if (ignored !== undefined) return [];
  const head = paint(
    [
      { text: `${file}:${line}: ` },
      { text: severity, color: COLORS[severity] },
      { text: `: ${message} [${rule}]` },
    ],
    style,
  );
  const written = write?.split('\n') ?? [];
  return [
    head,
    paint([{ text: `    at ${field} of ${kind} ${JSON.stringify(name)}` }], style),
    ...written.map((text, i) => paint([{ text: `    ${i === 0 ? 'write ' : '      '}${text}` }], style)),
  ];
}
