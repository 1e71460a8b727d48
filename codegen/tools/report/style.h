// style.h - how the page of `attnc report` looks: styles of its text, tables and charts.
#pragma once

namespace attnc::report {

// Colours have names here and other values where the reader prefers a dark page. Tables that are
// cards become lines where the window is narrow. Charts are drawn 360 units wide and are shown about
// as wide as that, as their text grows with them.
inline constexpr const char* style = R"css(
:root{--page:#fff;--text:#1c2430;--quiet:#5b6675;--edge:#d5dae1;--grid:#e8ebef;--panel:#f6f7f9;
--c0:#1f5fb0;--c1:#c05a00;--c2:#1c7a3c;--c3:#b01c5e;--c4:#6d3fd0;--c5:#0b7285;--c6:#87521a;--c7:#6b7684;
--limit:#1c2430;--winner:#d97706;--faster:#1f5fb0;--slower:#c2410c}
@media(prefers-color-scheme:dark){:root{--page:#14181f;--text:#e4e8ee;--quiet:#9aa5b4;--edge:#38414e;
--grid:#2a313c;--panel:#1b212a;--c0:#6aa8ff;--c1:#f59e4c;--c2:#5ecb86;--c3:#f27db0;--c4:#b39bff;
--c5:#4fc9dc;--c6:#d3a878;--c7:#8c98a8;--limit:#e4e8ee;--winner:#ffb224;--faster:#6aa8ff;
--slower:#ff8f66}}
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1240px;padding:16px;background:var(--page);color:var(--text);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{font-size:24px;margin:4px 0 12px}
h2{font-size:20px;margin:36px 0 6px;padding-top:14px;border-top:1px solid var(--edge)}
h3{font-size:16px;margin:24px 0 6px}
p{margin:6px 0;max-width:78ch}
a{color:var(--c0)}
code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.92em}
h1,h2,h3,p,figcaption,td,code,.key,.below{overflow-wrap:anywhere}
td{min-width:5.6em}
td:first-child{min-width:8em}
td.n{min-width:0}
.summary{list-style:none;margin:0;padding:0;display:grid;gap:8px;
grid-template-columns:repeat(auto-fit,minmax(min(300px,100%),1fr))}
.summary li{background:var(--panel);border:1px solid var(--edge);border-radius:8px;padding:8px 12px}
.summary a{display:block;font-weight:600}
.quiet,.below,footer{color:var(--quiet)}
.below,.legend,footer{font-size:13px}
.scroll{overflow-x:auto;margin:8px 0}
table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:4px 12px 4px 0}
thead th{color:var(--quiet);font-weight:600;white-space:nowrap;border-bottom:1px solid var(--edge)}
td{border-bottom:1px solid var(--grid)}
td.n,th.n{text-align:right;white-space:nowrap}
td.w{white-space:nowrap}
.group th{padding-top:12px;font-weight:600}
.group .quiet{font-weight:400}
b.faster{color:var(--faster)}
b.slower{color:var(--slower)}
details{margin:8px 0}
summary{cursor:pointer;color:var(--c0)}
.charts{display:grid;gap:16px;grid-template-columns:repeat(auto-fill,minmax(min(340px,100%),1fr))}
.beside{display:grid;gap:0 40px;align-items:start;
grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr))}
figure{margin:0;min-width:0;max-width:480px}
figcaption{font-weight:600;font-size:13.5px;margin-bottom:2px}
svg{display:block;width:100%;height:auto;font-size:11px;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg text{fill:var(--text)}
svg text.quiet{fill:var(--quiet)}
svg text.label{font-weight:700;stroke:var(--page);stroke-width:3px;paint-order:stroke}
.c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}
.c4{color:var(--c4)}.c5{color:var(--c5)}.c6{color:var(--c6)}.c7{color:var(--c7)}
.limit{color:var(--limit)}.winner{color:var(--winner)}
.faster{color:var(--faster)}.slower{color:var(--slower)}
.grid{stroke:var(--grid)}
.axis{stroke:var(--quiet)}
.one{stroke:var(--text);stroke-width:1.3}
.line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round}
.line.dashed{stroke-dasharray:5 4;stroke-width:1.3}
.mark{fill:currentColor}
circle.mark.c7{fill-opacity:.75}
polygon.mark{stroke:var(--page);stroke-width:1}
.ring{fill:var(--page);stroke:currentColor;stroke-width:1.4}
.range{stroke:currentColor;stroke-width:2}
.part{fill:currentColor;stroke:var(--page);stroke-width:1}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;margin:2px 0}
.key i{display:inline-block;margin-right:5px;vertical-align:middle;background:currentColor}
.key .dot{width:9px;height:9px;border-radius:5px}
.key .diamond{width:8px;height:8px;transform:rotate(45deg)}
.key .stroke{width:16px;height:0;background:none;border-top:2px solid currentColor}
.key .stroke.dashed{border-top-style:dashed}
footer{margin:40px 0 8px;border-top:1px solid var(--edge);padding-top:8px}
@media(max-width:700px){
body{padding:12px}
.cards thead{display:none}
.cards,.cards tbody,.cards tr,.cards td{display:block}
.cards tr{border:1px solid var(--edge);border-radius:8px;padding:4px 10px;margin:8px 0}
.cards td,.cards td.n{display:flex;gap:12px;border:0;padding:2px 0;text-align:left;white-space:normal}
.cards td::before{content:attr(data-name);flex:0 0 76px;color:var(--quiet)}
.cards td,.cards td span{min-width:0}
.cards td.none{display:none}
th,td{padding-right:9px}
}
@media print{.charts{display:block}figure{break-inside:avoid}}
)css";

}  // namespace attnc::report
