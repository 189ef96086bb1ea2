/** The style of reports: light and dark by what the reader prefers, readable from 360 px on. */

export const style = `
:root { color-scheme: light dark; --page: #f7f7f5; --card: #ffffff; --ink: #1c1f23; --soft: #5d6570; --line: #dfe1e4; --one: #0b6e99; --two: #c2500a; --bad: 190 60 40; --good: 11 110 153; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1d2125; --ink: #e8eaed; --soft: #a0a8b2; --line: #343a41; --one: #5ab8e6; --two: #f2994a; --bad: 235 110 90; --good: 70 160 210; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 48px; }
.kicker { margin: 0; color: var(--soft); font-size: 14px; }
h1 { margin: 0 0 16px; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 8px; font-size: 18px; }
h3 { margin: 16px 0 4px; font-size: 15px; }
p { margin: 0 0 8px; color: var(--soft); }
.warning { color: var(--two); }
section { margin-top: 16px; padding: 16px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 8px; margin: 0; padding: 0; list-style: none; }
.tiles li { padding: 10px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tiles span { display: block; color: var(--soft); font-size: 13px; }
.tiles strong { font-size: 21px; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 16px; }
figure { margin: 0; min-width: 0; max-width: 560px; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 12px; font-weight: 600; font-size: 15px; }
.legend { font-weight: 400; font-size: 13px; color: var(--soft); }
.key { margin-left: 12px; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 16px; margin-right: 5px; border-top: 3px solid var(--one); vertical-align: middle; }
.key2::before { border-top: 3px dashed var(--two); }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
.grid { stroke: var(--line); }
.axis { stroke: var(--soft); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line1 { stroke: var(--one); }
.line2 { stroke: var(--two); stroke-dasharray: 6 3; }
.mark { fill: var(--card); stroke-width: 2; }
.point { fill: var(--one); fill-opacity: .55; }
.equal { stroke: var(--two); stroke-dasharray: 4 3; }
.bar { fill: var(--one); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
div > table { min-width: min(480px, max(100%, 460px)); }
th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--line); min-width: 2em; max-width: 320px; overflow-wrap: break-word; }
td.text:nth-child(3) { min-width: 11em; }
th { color: var(--soft); font-weight: 600; }
.number { text-align: right; white-space: nowrap; }
div > .confusion { min-width: 0; }
.confusion th, .confusion td { padding: 6px 10px; text-align: center; max-width: 160px; }
.confusion th[scope=row] { text-align: right; }
.confusion .right { background: color-mix(in srgb, rgb(var(--good) / .55) var(--share), transparent); }
.confusion .wrong { background: color-mix(in srgb, rgb(var(--bad) / .75) var(--share), rgb(var(--bad) / .12)); font-weight: 600; }
.confusion .none { color: var(--soft); opacity: .6; }
.problems { margin: 0 0 12px; padding-left: 20px; overflow-wrap: anywhere; }
pre { margin: 0 0 12px; padding: 10px 12px; background: var(--page); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px; }
dl { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 0; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; }
@media (max-width: 600px) { main { padding: 16px 10px 32px; } section { padding: 12px; } svg text { font-size: 17px; } table { font-size: 13px; } th, td { padding-right: 8px; } div > table { min-width: 0; } }
`;
