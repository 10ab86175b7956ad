/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/findings.h"

#include <stdio.h>

#define FAILED 1000.0 /* worse than any difference */

qa_findings qa_findings_start(const char *suite, const char *frame)
{
    qa_findings findings = { .outcome = { .suite = suite, .frame = frame, .worst_iou = 1.0 } };
    return findings;
}

void qa_findings_release(qa_findings *findings)
{
    qa_pool_release(&findings->pool);
}

static void set_note(qa_findings *f, size_t index, const char *text)
{
    char *copy = qa_pool_text(&f->pool, text);
    if (!copy)
        return;
    f->notes[index] = copy;
    f->outcome.note_count = index + 1;
}

void qa_findings_note(qa_findings *f, const char *text)
{
    f->outcome.notes = f->notes;
    if (f->outcome.note_count < QA_MOST_NOTES) {
        set_note(f, f->outcome.note_count, text);
        return;
    }
    char more[64];
    f->left_out += f->left_out == 0 ? 2 : 1; /* the last note makes room for the number */
    snprintf(more, sizeof(more), "and %zu more", f->left_out);
    set_note(f, QA_MOST_NOTES - 1, more);
}

void qa_findings_differ(qa_findings *f, double badness, const char *text)
{
    if (f->outcome.verdict == QA_SAME)
        f->outcome.verdict = QA_DIFFERENT;
    f->outcome.badness += badness;
    qa_findings_note(f, text);
}

void qa_findings_fail(qa_findings *f, plumb_status status, const plumb_diag *diag)
{
    char text[512];
    snprintf(text, sizeof(text), "cannot be run: %s%s%s", diag->field, diag->field[0] ? ": " : "",
             diag->message[0] ? diag->message : plumb_status_text(status));
    f->outcome.verdict = QA_FAILED;
    f->outcome.badness = FAILED;
    qa_findings_note(f, text);
}

void qa_findings_describe(qa_findings *f, const qa_frame *expected, const qa_frame *got,
                          const qa_comparison *comparison)
{
    qa_text text = { 0 };
    for (size_t i = 0; i < comparison->count; i++) {
        qa_text_clear(&text);
        qa_describe(&text, expected, got, &comparison->items[i]);
        if (!text.failed && text.data)
            qa_findings_differ(f, 0.0, text.data);
    }
    qa_text_release(&text);
    if (comparison->count > 0 && f->outcome.verdict == QA_SAME)
        f->outcome.verdict = QA_DIFFERENT;
    f->outcome.worst_iou = comparison->worst_iou;
    f->outcome.worst_score = comparison->worst_score;
    f->outcome.badness += comparison->badness;
}
