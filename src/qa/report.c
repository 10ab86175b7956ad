/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/report.h"

#include <stdlib.h>
#include <string.h>

static void add_notes(qa_text *text, const qa_outcome *outcome)
{
    if (outcome->note_count == 0)
        return;
    qa_text_add(text, "<ul>");
    for (size_t i = 0; i < outcome->note_count; i++) {
        qa_text_add(text, "<li>");
        qa_add_escaped(text, outcome->notes[i]);
        qa_text_add(text, "</li>");
    }
    qa_text_add(text, "</ul>");
}

static int worst_first(const void *a, const void *b)
{
    const qa_outcome *first = &((const qa_report_entry *)a)->outcome;
    const qa_outcome *second = &((const qa_report_entry *)b)->outcome;
    if (first->verdict != second->verdict)
        return (int)second->verdict - (int)first->verdict;
    if (first->badness != second->badness)
        return first->badness > second->badness ? -1 : 1;
    int order = strcmp(first->suite, second->suite);
    return order ? order : strcmp(first->frame, second->frame);
}

static const char page_style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--line:#8884;--bad:#c9302c;--good:#1f7f41}\n"
    "@media(prefers-color-scheme:dark){:root{--bad:#ff7b70;--good:#5ccf85}}\n"
    "body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1.2rem}\n"
    "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:0 0 .4rem}\n"
    ".sum{margin:.3rem 0 1rem}.sum b{font-size:1.15rem}b.bad,td.bad,h2 "
    ".bad{color:var(--bad)}b.good,td.good,h2 .good{color:"
    "var(--good)}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    ".wide{overflow-x:auto}h1,h2,td:first-child,li{overflow-wrap:anywhere}td:first-child{min-width:"
    "9rem}\n"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left}\n"
    "td.n,th.n{text-align:right}td.n{white-space:nowrap}a{color:inherit}\n"
    "nav{position:sticky;top:0;z-index:1;background:Canvas;border-bottom:1px solid var(--line);"
    "padding:.5rem 0;margin:1rem 0;display:flex;gap:1.1rem;flex-wrap:wrap}\n"
    "nav label{cursor:pointer;display:flex;gap:.35rem;align-items:center}\n"
    "i{display:inline-block;width:1.5rem;height:0;border-top:3px solid}\n"
    "nav span{display:flex;gap:.35rem;align-items:center}"
    ".oe{border-top:4px dashed #ff9d1f}.og{border-top:4px solid #ff4b3e}\n"
    "p.dropped{margin:.3rem 0;font-size:.85rem;opacity:.75}\n"
    ".ie{border-top-style:dashed;color:#1fc16b}.ig{color:#2f8cff}.ir{color:#f0b400}"
    ".id{border-top-style:dotted;color:#999}\n"
    "section{margin:0 0 2rem;scroll-margin-top:3.5rem}\n"
    "svg{width:100%;max-height:85vh;background:#222;display:block}\n"
    "svg rect,svg polygon{fill:none;stroke-width:2.5;vector-effect:non-scaling-stroke;"
    "pointer-events:all}\n"
    "svg text{paint-order:stroke;stroke:#000;stroke-width:.18em;stroke-linejoin:round;fill:#fff}\n"
    "g.expected rect{stroke:#1fc16b;stroke-dasharray:9 6}g.expected text{fill:#8ff0b8}\n"
    "g.got rect{stroke:#2f8cff}g.got text{fill:#b5d7ff}\n"
    "g.expected g.off rect{stroke:#ff9d1f;stroke-width:4}g.got g.off rect{stroke:#ff4b3e;"
    "stroke-width:4}\n"
    "g.expected g.off text{fill:#ffc98a}g.got g.off text{fill:#ffa69f}\n"
    "g.regions polygon{stroke:#f0b400;fill:#f0b4001a}g.regions text{fill:#ffe08a}\n"
    "g.dropped rect{stroke:#ddd;stroke-width:1.2;stroke-dasharray:2 4}"
    "g.dropped g.off rect{stroke:#ff7a6b;stroke-width:2}\n"
    /* Where both agree one name is enough. */
    "g.expected g:not(.off) text{display:none}body.no-g g.expected text{display:inline}\n"
    "body.no-same section.good{display:none}body.no-d p.dropped,"
    "body.no-e g.expected,body.no-g g.got,body.no-r g.regions,body.no-d g.dropped"
    "{display:none}\n"
    "ul{margin:.5rem 0}li{font-family:ui-monospace,monospace;font-size:.85rem}\n"
    "</style>\n";

static const char page_toggles[] =
    "<nav>"
    "<label><input type=\"checkbox\" checked data-c=\"no-e\"><i class=\"ie\"></i>expected</label>"
    "<label><input type=\"checkbox\" checked data-c=\"no-g\"><i class=\"ig\"></i>got</label>"
    "<label><input type=\"checkbox\" checked data-c=\"no-r\"><i class=\"ir\"></i>regions</label>"
    "<label><input type=\"checkbox\" checked data-c=\"no-d\"><i class=\"id\"></i>dropped</label>"
    "<label><input type=\"checkbox\" checked data-c=\"no-same\">frames as expected</label>"
    "<span>changed: <i class=\"oe\"></i>expected <i class=\"og\"></i>got</span></nav>\n";

static const char page_script[] = "<script>\n"
                                  "for(const box of document.querySelectorAll('nav input'))\n"
                                  "  box.addEventListener('change',()=>"
                                  "document.body.classList.toggle(box.dataset.c,!box.checked));\n"
                                  "</script>\n";

static void add_summary(qa_text *text, const char *title, const qa_report_entry *entries,
                        size_t count)
{
    size_t counts[3] = { 0 };
    for (size_t i = 0; i < count; i++)
        counts[entries[i].outcome.verdict]++;
    qa_text_add(text, "<h1>");
    qa_add_escaped(text, title);
    qa_text_format(text,
                   "</h1>\n<p class=\"sum\"><b class=\"%s\">%zu of %zu frames as expected</b>, "
                   "%zu different, %zu failed</p>\n",
                   counts[QA_SAME] == count ? "good" : "bad", counts[QA_SAME], count,
                   counts[QA_DIFFERENT], counts[QA_FAILED]);
}

static void add_table(qa_text *text, const qa_report_entry *entries, size_t count)
{
    qa_text_add(text,
                "<div class=\"wide\"><table><thead><tr><th>frame</th><th>suite</th><th>result</th>"
                "<th class=\"n\">expected</th><th class=\"n\">got</th>"
                "<th class=\"n\">worst IoU</th><th class=\"n\">worst score change</th>"
                "<th class=\"n\">badness</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++) {
        const qa_outcome *o = &entries[i].outcome;
        qa_text_format(text, "<tr><td><a href=\"#f%zu\">", i);
        qa_add_escaped(text, o->frame);
        qa_text_add(text, "</a></td><td>");
        qa_add_escaped(text, o->suite);
        qa_text_format(text,
                       "</td><td class=\"%s\">%s</td><td class=\"n\">%zu</td><td "
                       "class=\"n\">%zu</td><td class=\"n\">%.4f</td><td class=\"n\">%.4f</td>"
                       "<td class=\"n\">%.3f</td></tr>\n",
                       o->verdict == QA_SAME ? "good" : "bad", qa_verdict_name(o->verdict),
                       o->expected, o->got, o->worst_iou, o->worst_score, o->badness);
    }
    qa_text_add(text, "</tbody></table></div>\n");
}

void qa_report_write(qa_text *text, const char *title, qa_report_entry *entries, size_t count)
{
    if (count > 0)
        qsort(entries, count, sizeof(*entries), worst_first);
    qa_text_add(text, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    qa_add_escaped(text, title);
    qa_text_add(text, "</title>\n");
    qa_text_add(text, page_style);
    qa_text_add(text, "</head><body>\n");
    add_summary(text, title, entries, count);
    add_table(text, entries, count);
    qa_text_add(text, page_toggles);
    for (size_t i = 0; i < count; i++) {
        const qa_outcome *o = &entries[i].outcome;
        const char *good = o->verdict == QA_SAME ? "good" : "bad";
        qa_text_format(text, "<section id=\"f%zu\" class=\"%s\"><h2>", i, good);
        qa_add_escaped(text, o->suite);
        qa_text_add(text, "/");
        qa_add_escaped(text, o->frame);
        qa_text_format(text, " <span class=\"%s\">%s</span></h2>", good,
                       qa_verdict_name(o->verdict));
        if (entries[i].figure)
            qa_text_add(text, entries[i].figure);
        add_notes(text, o);
        qa_text_add(text, "</section>\n");
    }
    qa_text_add(text, page_script);
    qa_text_add(text, "</body></html>\n");
}
