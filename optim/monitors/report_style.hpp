#pragma once

/// \file
/// Style sheet and script of the page of Report. Not installed.

namespace xgrad::optim::detail {

// The colors of chart lines are variables as well, because light and dark backgrounds need different ones.
constexpr const char* report_style = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5c6670; --paper: #ffffff; --line: #d9dee3; --card: #f6f8fa; --tint: 0, 114, 178; --one: #0072b2; --two: #d55e00; --three: #009e73; --good: #1a7f37; --bad: #b35900; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa4ae; --paper: #14171a; --line: #343a40; --card: #1c2024; --tint: 86, 180, 233; --one: #56b4e9; --two: #ff8c3a; --three: #2fc597; --good: #4cc267; --bad: #f0a050; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1060px; padding: 28px 24px 60px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 25px; line-height: 1.25; margin: 0 0 6px; } h2 { font-size: 18px; margin: 36px 0 10px; } p { margin: 4px 0 10px; color: var(--soft); }
.state { color: var(--ink); font-weight: 600; } .state::before { content: "\25cf\a0"; color: var(--soft); } .runs .state::before { color: var(--one); } .finished .state::before { color: var(--good); } .stopped .state::before { color: var(--bad); }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(126px, 1fr)); gap: 10px; margin: 18px 0 22px; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px 14px; }
.figure b { display: block; font-size: 21px; font-variant-numeric: tabular-nums; } .figure span { color: var(--soft); font-size: 13px; line-height: 1.3; display: block; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); gap: 14px; }
.charts svg { width: 100%; height: auto; max-width: 620px; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th { font-weight: 500; color: var(--soft); }
td, th { padding: 4px 9px; text-align: right; white-space: nowrap; } th:first-child, td:first-child { text-align: left; }
.settings td { text-align: left; white-space: normal; vertical-align: top; } .settings td:first-child { color: var(--soft); min-width: 110px; }
.matrix th { max-width: 110px; overflow: hidden; text-overflow: ellipsis; } .matrix td { text-align: center; min-width: 44px; border: 1px solid var(--line); } .matrix .right { outline: 2px solid rgba(var(--tint), .55); outline-offset: -2px; }
.pairs td:nth-child(2), .pairs th:nth-child(2) { text-align: left; }
.map { width: 100%; max-width: 560px; image-rendering: pixelated; border: 1px solid var(--line); display: block; margin-bottom: 14px; } @media (prefers-color-scheme: dark) { .map { filter: invert(.9) hue-rotate(180deg); } }
.epochs tr:nth-child(even) td { background: var(--card); } .epochs .best td { font-weight: 650; } .epochs .best td:first-child::after { content: " \2605"; }
.images { display: flex; flex-wrap: wrap; gap: 14px; } .images figure { margin: 0; width: 112px; font-size: 13px; line-height: 1.35; color: var(--soft); }
.images img { width: 112px; height: 112px; image-rendering: pixelated; border: 1px solid var(--line); border-radius: 4px; display: block; margin-bottom: 4px; }
.images b { color: var(--ink); } .filters { gap: 8px; } .filters figure, .filters img { width: 56px; } .filters img { height: 56px; margin: 0; }
.bar { display: inline-block; height: 12px; background: rgb(var(--tint)); } .back { background: rgba(var(--tint), .45); }
.layers { width: 100%; } .layers td:last-child { text-align: left; width: 50%; min-width: 120px; }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--soft); }
@media (max-width: 500px) { body { padding: 18px 12px 40px; } h1 { font-size: 21px; } .figures { grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 8px; } .figure { padding: 6px 10px; } .figure b { font-size: 17px; } td, th { padding: 4px 6px; } .charts svg { margin: 0 -4px; width: calc(100% + 8px); } }
)css";

/// Reloads the page during the run, keeping the scroll position and the open sections. If the page has not
/// been written for a minute, it reports that the program was probably killed.
constexpr const char* report_script = R"js(
const openParts = () => [...document.querySelectorAll("details")].map(each => each.open);
addEventListener("beforeunload", () => sessionStorage.setItem("place", JSON.stringify([scrollY, openParts()])));
addEventListener("load", () => {
  const [y, opened] = JSON.parse(sessionStorage.getItem("place") || "[0,[]]");
  document.querySelectorAll("details").forEach((each, i) => { if (opened[i] !== undefined) each.open = opened[i]; });
  scrollTo(0, y);
  const page = document.body, written = Number(page.dataset.written);
  if (!page.classList.contains("runs")) return;
  if (Date.now() - written < 60000) { setTimeout(() => location.reload(), 5000); return; }
  page.className = "stopped";
  document.querySelector(".state").textContent =
    "stopped: the program has not written since " + new Date(written).toLocaleString() + "; it was probably killed";
});
)js";

}  // namespace xgrad::optim::detail
