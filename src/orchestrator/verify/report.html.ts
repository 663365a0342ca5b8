import { duration } from '../terminal.ts';
import { groupOf, summary, titleOf } from './report.ts';
import type { Found, Looked } from './walk.ts';

const style = `
:root { color-scheme: light dark; --pass: #1a7f37; --fail: #cf222e; --rest: #6e7781; --line: #8884; }
@media (prefers-color-scheme: dark) { :root { --pass: #3fb950; --fail: #ff7b72; --rest: #9198a1; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .25rem; }
details { border-top: 1px solid var(--line); padding: .35rem 0; }
summary { display: grid; grid-template-columns: 3.5rem 1fr auto; gap: .75rem; cursor: pointer; }
.mark { font-weight: 600; } .pass .mark { color: var(--pass); } .fail .mark { color: var(--fail); } .rest .mark { color: var(--rest); }
code, pre { font: 13px/1.5 ui-monospace, monospace; } .id { color: var(--rest); overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .25rem 0 .5rem 4.25rem; }
`;

/** The report as one page that needs nothing else: what failed is open, what passed opens at a click. */
export function htmlReport(found: Found): string {
  const groups = Object.entries(Object.groupBy(found.looked, ({ check }) => groupOf(check.id)));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>verify: ${text(summary(found))}</title>
<style>${style}</style>
<h1>${text(summary(found))}</h1>
<p>${text(found.system)}, ${found.started.toISOString()}, ${duration(found.ms)}</p>
${groups.map(([, group = []]) => section(group)).join('\n')}
${found.notLookedAt.length === 0 ? '' : `<h2>not looked at</h2>\n<p>${found.notLookedAt.map(({ id }) => `<code>${text(id)}</code>`).join(' ')}</p>`}
</html>
`;
}

function section(group: readonly Looked[]): string {
  return `<h2>${text(titleOf(group[0]?.check.id ?? ''))}</h2>\n${group.map(entry).join('\n')}`;
}

function entry({ check, outcome, ms }: Looked): string {
  const [name, mark, more] =
    outcome.result === 'pass'
      ? ['pass', 'pass', outcome.evidence]
      : outcome.result === 'fail'
        ? ['fail', 'FAIL', `${outcome.evidence}\n→ ${outcome.cure}`]
        : ['rest', 'n/a', outcome.reason];
  return `<details class="${name}"${name === 'fail' ? ' open' : ''}><summary><span class="mark">${mark}</span><span>${text(check.promise)}</span>
<code class="id">${text(check.id)} · ${ms} ms</code></summary><pre>${text(more)}</pre></details>`;
}

const text = (value: string): string =>
  value
    .toWellFormed()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
