/** The moving picture: what the weights are, what clients really see, and how both went. Pure: numbers to lines. */

export interface PictureState {
  /** `2/5  v2, a good version`. */
  readonly title: string;
  readonly elapsedMs: number;
  /** Of the canary, 0..100. */
  readonly weight: number;
  readonly stable: string;
  readonly canary: string;
  /** Answers of the last moments by version; the failed ones among them. */
  readonly recent: ReadonlyMap<string, number>;
  readonly recentFailed: number;
  readonly perSecond: number;
  readonly answered: number;
  readonly failed: number;
  /** Weight and measured share of the canary, 0..100, oldest first; undefined: nobody asked. */
  readonly history: readonly { readonly weight: number; readonly share: number | undefined }[];
  /** What the Rollout says of itself. */
  readonly rollout: string;
  /** What the Application says of itself. */
  readonly application: string;
}

export interface Style {
  readonly colour: boolean;
  readonly columns: number;
}

type Paint = (text: string) => string;

export interface Palette {
  readonly stable: Paint;
  readonly canary: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly dim: Paint;
  readonly strong: Paint;
}

const sgr =
  (code: string): Paint =>
  (text) =>
    text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`;
const plain: Paint = (text) => text;

export function palette(colour: boolean): Palette {
  return colour
    ? {
        stable: sgr('34'),
        canary: sgr('33'),
        good: sgr('32'),
        bad: sgr('31;1'),
        dim: sgr('2'),
        strong: sgr('1'),
      }
    : { stable: plain, canary: plain, good: plain, bad: plain, dim: plain, strong: plain };
}

const LABEL = 10;
/** Both percentages, and how many are failing. */
const NUMBERS = 36;
/** Narrower terminals get lines only. */
export const LEAST_COLUMNS = 72;
const SPARKS = ' ▁▂▃▄▅▆▇█';

/** Lines no wider than `columns`, without line ends. */
export function picture(state: PictureState, { colour, columns }: Style): string[] {
  const paint = palette(colour);
  const width = Math.max(LEAST_COLUMNS, Math.min(columns - 1, 110));
  const bar = width - LABEL - NUMBERS - 4;
  const share = shareOf(state);
  const clock = `${Math.floor(state.elapsedMs / 60_000)}:${String(Math.floor(state.elapsedMs / 1000) % 60).padStart(2, '0')}`;
  const rule = '─'.repeat(Math.max(1, width - state.title.length - clock.length - 7));
  const label = (text: string): string => `  ${text.padEnd(LABEL)}`;
  const failed = state.recentFailed > 0 ? paint.bad(`${state.recentFailed} failing`) : '';
  return [
    `${paint.dim('──')} ${paint.strong(state.title)} ${paint.dim(rule)} ${clock} ${paint.dim('─')}`,
    `${label('weights')}${bars(state.weight, bar, paint)} ${percents(state, state.weight, paint)}`,
    share === undefined
      ? `${label('clients')}${paint.dim('·'.repeat(bar))} ${paint.dim('no answers yet')}`
      : `${label('clients')}${bars(share, bar, paint)} ${percents(state, share, paint)} ${failed}`,
    `${label('canary')}${paint.canary(sparks(state, bar, 'share'))} ${paint.dim('share that clients saw')}`,
    `${label('')}${paint.dim(sparks(state, bar, 'weight'))} ${paint.dim('weight that was set')}`,
    `${label('')}${state.perSecond} answers/s, ${state.answered} answered, ${
      state.failed > 0 ? paint.bad(`${state.failed} failed`) : paint.good('none failed')
    }`,
    `${label('Rollout')}${clip(state.rollout, width - LABEL - 2)}`,
    `${label('Git')}${clip(state.application, width - LABEL - 2)}`,
  ];
}

/** Of the canary among the recent answers, in percent. */
function shareOf({ recent, canary, stable }: PictureState): number | undefined {
  if (canary === stable) return [...recent.values()].some((count) => count > 0) ? 0 : undefined;
  const all = [...recent.values()].reduce((sum, count) => sum + count, 0);
  return all === 0 ? undefined : ((recent.get(canary) ?? 0) / all) * 100;
}

function bars(percent: number, width: number, paint: Palette): string {
  const canary = Math.round((Math.min(100, Math.max(0, percent)) / 100) * width);
  return `${paint.stable('█'.repeat(width - canary))}${paint.canary('▒'.repeat(canary))}`;
}

function percents({ stable, canary }: PictureState, percent: number, paint: Palette): string {
  const number = (value: number): string => `${value.toFixed(0).padStart(3)} %`;
  if (stable === canary || stable === '' || canary === '')
    return paint.stable(`${stable || canary} ${number(100)}`);
  return `${paint.stable(`${stable} ${number(100 - percent)}`)}  ${paint.canary(`${canary} ${number(percent)}`)}`;
}

/** The end of the history, one column for each moment. */
function sparks({ history }: PictureState, width: number, which: 'weight' | 'share'): string {
  return history
    .slice(-width)
    .map((moment) => {
      const value = moment[which];
      if (value === undefined) return ' ';
      return SPARKS[Math.round((Math.min(100, Math.max(0, value)) / 100) * (SPARKS.length - 1))] ?? ' ';
    })
    .join('')
    .padEnd(width);
}

export function clip(text: string, width: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}
