/**
 * How the HTML report looks: on light and dark screens, wide and narrow ones, and on paper.
 *
 * The colours of curves and endings are told apart by people of every colour vision (after Okabe and Ito), and differ in
 * their strokes or stand beside their names as well.
 *
 * @since 0.1.0
 */

const light = `--paper:#fff;--ink:#1b1f24;--soft:#59626c;--line:#dfe3e7;--tint:#f5f7f8;--good:#0069a8;--bad:#b3400a;--accepted:#0072b2;--rejected:#d55e00;--failed:#8f3b76;--unknown:#a07800;--idle:#aab2ba;--c1:#0069a8;--c2:#b3400a;--c3:#00735a;--c4:#8f3b76;--c5:#7d5f00;--c6:#3f6fb0;color-scheme:light;`

const dark = `--paper:#14171b;--ink:#e8eaed;--soft:#a2abb5;--line:#2e353c;--tint:#1c2126;--good:#6cb8ee;--bad:#f2925a;--accepted:#4aa3df;--rejected:#ef8446;--failed:#cf83b4;--unknown:#d9b13b;--idle:#59636d;--c1:#6cb8ee;--c2:#f2925a;--c3:#3fc4a0;--c4:#d993bf;--c5:#dfba4d;--c6:#9db7ec;color-scheme:dark;`

/**
 * The style sheet.
 *
 * @since 0.1.0
 * @category rendering
 */
export const styleSheet = `:root{${light}}
@media screen and (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:60rem;padding:2.5rem 1.5rem 4rem;font-variant-numeric:tabular-nums}
h1{font-size:1.75rem;line-height:1.2;font-weight:650;letter-spacing:-.015em;margin:0 0 .35rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;font-weight:650;margin:0 0 .75rem}
section{margin-top:2.75rem}
p{margin:.25rem 0}
.soft,figcaption,.none{color:var(--soft)}
.label{color:var(--soft);font-size:.85rem}
.notice{border-left:4px solid var(--bad);background:var(--tint);padding:.7rem 1rem;margin:0 0 1.5rem}
.notice strong{color:var(--bad)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1.25rem 1.5rem;margin:1.75rem 0}
.figures dt{color:var(--soft);font-size:.85rem}
.figures dd{margin:0;font-size:1.6rem;font-weight:600;line-height:1.25;letter-spacing:-.01em}
.figures dd span{font-size:.9rem;font-weight:400;color:var(--soft);letter-spacing:0}
.bar{display:flex;height:14px;border-radius:3px;overflow:hidden;background:var(--tint);gap:1px}
.bar i{display:block;min-width:3px}
.key{list-style:none;margin:.6rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem}
.key i{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.45em}
.key b{font-weight:600}
.bg-accepted{background:var(--accepted)}.bg-rejected{background:var(--rejected)}.bg-failed{background:var(--failed)}.bg-unknown{background:var(--unknown)}.bg-idle{background:var(--idle)}
.verdicts{list-style:none;padding:0;margin:0}
.verdicts li{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;padding:.35rem 0;border-top:1px solid var(--line)}
.verdicts li>span{overflow-wrap:anywhere}
.failed{color:var(--bad);font-weight:650}.passed{color:var(--good);font-weight:650}
figure{margin:0 0 1.75rem}
figcaption{margin-bottom:.3rem;max-width:44rem}
svg{display:block;max-width:100%;height:auto}
.narrow{display:none}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
.grid{stroke:var(--line);stroke-width:1}
.base,.mark{stroke:var(--soft);stroke-width:1;fill:none}
.curve{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}
svg .name{font-weight:600}
.area-accepted{fill:var(--accepted)}.area-rejected{fill:var(--rejected)}.area-failed{fill:var(--failed)}.area-unknown{fill:var(--unknown)}.area-abandoned{fill:var(--idle)}
.curve.c0{stroke:var(--ink);stroke-width:2.75}svg .name.c0{fill:var(--ink)}
${[1, 2, 3, 4, 5, 6].map((n) => `.curve.c${n}{stroke:var(--c${n})}svg .name.c${n}{fill:var(--c${n})}`).join("")}
.curve.dashed{stroke-dasharray:6 4}.curve.dotted{stroke-dasharray:.1 4;stroke-width:2.5}
.stretch{fill:transparent}.stretch:hover{fill:var(--ink);fill-opacity:.09}
.scroll{overflow-x:auto}.plan+.scroll{margin-top:1.5rem}
.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--good);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th{font-weight:500;color:var(--soft);text-align:left;font-size:.85rem;white-space:nowrap;vertical-align:bottom}
th,td{padding:.38rem .9rem .38rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th:last-child,td:last-child{padding-right:0}
tbody th{color:var(--ink);font-size:inherit}
.number{text-align:right}.number,.short{white-space:nowrap}
.main th,.main td{font-weight:650}
.words{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.85rem;overflow-wrap:anywhere;min-width:14rem}
.command{overflow-wrap:anywhere;background:var(--tint);padding:.5rem .75rem;margin:0 0 1rem}.terms{margin-top:.75rem;font-size:.93rem}
.plan td{overflow-wrap:anywhere}.plan th{width:14rem}
details{margin-top:.75rem}summary{cursor:pointer;color:var(--soft)}
footer{margin-top:3rem;padding-top:.75rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}
@media screen and (max-width:700px){body{padding:1.5rem 1rem 3rem}h1{font-size:1.4rem}.wide{display:none}.narrow{display:block}.figures{grid-template-columns:repeat(2,1fr);gap:1rem}.figures dd{font-size:1.35rem}.plan th{width:9rem}.words{min-width:11rem}}
@page{margin:16mm}
@media print{html{font-size:11px}body{max-width:none;padding:0}section{margin-top:1.75rem}figure,tr,li,.figures,.notice{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible}.bar,.bar i,.key i,.notice,svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`
