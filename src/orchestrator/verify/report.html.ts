import { markup } from '../report/markup.ts';
import type { Markup } from '../report/markup.ts';
import { badge, page, section, table } from '../report/page.html.ts';
import { duration } from '../terminal.ts';
import { groupOf, summary, tally, titleOf } from './report.ts';
import type { Found, Looked } from './walk.ts';

/** The report as one page that needs nothing else: evidence of what passed opens at a click, what failed is open. */
export function htmlReport(found: Found): string {
  const { system, started, ms, looked, notLookedAt } = found;
  const groups = Object.values(Object.groupBy(looked, ({ check }) => groupOf(check.id)));
  const left = notLookedAt.map(({ id, promise }) => [markup`<code>${id}</code>`, promise]);
  return page({
    title: 'verify: every promise, looked at on the running system',
    verdict: tally(looked).failed === 0 && notLookedAt.length === 0 ? 'pass' : 'fail',
    headline: summary(found),
    facts: [
      ['System', system],
      ['Started', started.toISOString()],
      ['Took', duration(ms)],
      ['Again', './orchestrator.sh verify'],
    ],
    body: [
      ...groups.map((group = []) => section(titleOf(group[0]?.check.id ?? ''), promises(group))),
      ...(left.length === 0
        ? []
        : [section('not looked at', table({ caption: '', head: ['id', 'promise'], rows: left }))]),
    ],
  });
}

const promises = (group: readonly Looked[]): Markup =>
  table({
    caption: summary({ looked: [...group], notLookedAt: [] }),
    head: ['', 'promise', 'id', 'ms'],
    rows: group.map((looked) => [mark(looked), promise(looked), markup`<code>${looked.check.id}</code>`, looked.ms]),
  });

function mark({ outcome: { result } }: Looked): Markup {
  if (result === 'not applicable') return badge('neutral', 'n/a');
  return result === 'pass' ? badge('pass', 'pass') : badge('fail', 'FAIL');
}

function promise({ check, outcome }: Looked): Markup {
  if (outcome.result === 'not applicable') return markup`${check.promise}<br><small>${outcome.reason}</small>`;
  const evidence = markup`<pre>${outcome.evidence}</pre>`;
  return outcome.result === 'pass'
    ? markup`<details><summary>${check.promise}</summary>${evidence}</details>`
    : markup`${check.promise}${evidence}<strong>→ ${outcome.cure}</strong>`;
}
