import { figure } from '../report/chart.svg.ts';
import type { Point } from '../report/chart.svg.ts';
import { badge, page, section, table } from '../report/page.html.ts';
import type { Result } from './result.ts';
import type { Drill } from './run.ts';

/** The page about a drill: orders per second, the queue and the faults on one time axis, the ledger, each fault. */
export function htmlReport(result: Result, { sender, depths }: Drill, again: string): string {
  const { verdict, ledger, faults, seed, system, started, reasons } = result;
  const seconds = sender.seconds.length;
  const rate = (outcome: 'confirmed' | 'refused' | 'unknown'): Point[] =>
    Array.from({ length: seconds }, (_, second) => [second, sender.seconds[second]?.[outcome] ?? 0]);
  const happenings = result.struck.map(({ name, from, to }) => ({ from, to, label: name, tone: 'warn' as const }));
  const picture = figure(
    {
      description: 'Orders per second by outcome, orders in the queue, and the faults, over time',
      seconds,
      happenings,
      panels: [
        {
          title: 'answers per second',
          series: [
            { name: 'confirmed', tone: 'good', shape: 'area', points: rate('confirmed') },
            { name: 'refused', tone: 'warn', shape: 'line', points: rate('refused') },
            { name: 'unknown', tone: 'bad', shape: 'line', points: rate('unknown') },
          ],
        },
        { title: 'orders in the queue', series: [{ name: 'waiting', tone: 'info', shape: 'area', points: depths }] },
      ],
    },
    'Each band is a fault, from its beginning until it was mended.',
  );
  const isPass = verdict === 'pass';
  return page({
    title: 'Drill',
    verdict,
    headline: isPass
      ? `${ledger.confirmed.toLocaleString('en')} confirmed orders, ${faults} faults: nothing lost, doubled or corrupted.`
      : reasons.join(' '),
    facts: [
      ['System', system],
      ['Seed', String(seed)],
      ['Started', started],
      ['Longest without a confirmed order', `${result.longestOutageSeconds} s`],
      ['Longest until whole after a fault', `${result.longestRecoverySeconds} s`],
      ['Again', again],
    ],
    body: [
      section('What happened', picture),
      section(
        'Orders',
        table({ caption: 'What was answered, and what is stored', head: ['', 'orders'], rows: Object.entries(ledger) }),
      ),
      section(
        'Faults',
        table({
          caption: 'Seconds from the first order',
          head: ['fault', 'from', 'mended', 'whole again', ''],
          rows: result.struck.map(({ name, from, to, recovered, problem, leftOut }) => [
            name,
            from,
            to,
            recovered ?? 'not in time',
            problem !== undefined
              ? badge('fail', problem)
              : leftOut !== undefined
                ? badge('neutral', `left out: ${leftOut}`)
                : badge('pass', 'struck'),
          ]),
        }),
      ),
      section(
        'Answers',
        table({ caption: 'How often each came', head: ['answer', 'times'], rows: Object.entries(sender.answers) }),
      ),
    ],
  });
}
