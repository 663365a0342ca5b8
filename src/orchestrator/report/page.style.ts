import { markup } from './markup.ts';

/** One style for every report: follows the reader's light or dark, prints, and fits a phone. */
export const style = markup`
:root { color-scheme: light dark;
  --paper: #fdfdfc; --ink: #1d2126; --soft: #616a75; --line: #dfe3e8; --panel: #ffffff;
  --good: #1a7f4b; --bad: #c2312b; --warn: #b26a00; --info: #2563b8; --accent: #7446b8; --calm: #8b95a1; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14171b; --ink: #e7eaee; --soft: #9aa4b0; --line: #2e343c; --panel: #1a1e24;
  --good: #4cc38a; --bad: #ff7a70; --warn: #f0b04a; --info: #6ea8fe; --accent: #b794f6; --calm: #7d8793; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .75rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
.headline { margin: 0 0 1.25rem; padding: .7rem 1rem; border-left: .35rem solid; background: var(--panel); border-radius: .25rem; }
.warning { margin: .5rem 0; color: var(--warn); }
.headline strong { margin-right: .4rem; }
.headline.pass { border-color: var(--good); } .headline.pass strong { color: var(--good); }
.headline.fail { border-color: var(--bad); } .headline.fail strong { color: var(--bad); }
.headline.stopped { border-color: var(--calm); } .headline.stopped strong { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .5rem 1.5rem; margin: 0; }
dt { font-size: .8rem; color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
dl div:has(code) { grid-column: 1 / -1; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; min-width: min(100%, 32rem); font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem 1.75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); } .number { text-align: right; white-space: nowrap; }
.badge { font-weight: 600; white-space: nowrap; }
.badge.pass { color: var(--good); } .badge.fail { color: var(--bad); } .badge.neutral { color: var(--soft); }
code, pre { font: .85em/1.45 ui-monospace, monospace; } pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .25rem 0; }
figure { margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--panel); }
figcaption { color: var(--soft); font-size: .9rem; margin-top: .5rem; }
svg { display: block; width: 100%; min-width: 52rem; height: auto; }
/* What a line crosses stays legible. */
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); paint-order: stroke; stroke: var(--panel); stroke-width: 3px; stroke-linejoin: round; }
svg .name { font-size: 12px; font-weight: 600; fill: var(--ink); }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .axis { stroke: var(--calm); stroke-width: 1; }
svg .series { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
svg .fill { opacity: .18; stroke: none; }
svg .band { opacity: .13; } svg .mark { stroke-width: 1; opacity: .7; }
svg .good { stroke: var(--good); } svg .fill.good, svg .dot.good { fill: var(--good); }
svg .bad { stroke: var(--bad); } svg .fill.bad, svg .dot.bad { fill: var(--bad); }
svg .warn { stroke: var(--warn); } svg .fill.warn, svg .dot.warn, svg .band.warn { fill: var(--warn); }
svg .info { stroke: var(--info); } svg .fill.info, svg .dot.info { fill: var(--info); }
svg .accent { stroke: var(--accent); } svg .fill.accent, svg .dot.accent { fill: var(--accent); }
svg .calm { stroke: var(--calm); } svg .fill.calm, svg .dot.calm, svg .band.calm { fill: var(--calm); }
svg .dot, svg .band { stroke: none; }
@media print { body { background: #fff; } figure, tr { break-inside: avoid; } }
`;
