/* SPDX-License-Identifier: Apache-2.0
 *
 * File names that belong to a frame. The invariant: different frames of one source, and different
 * outputs of one frame, never share a file name, and the name of an output can be told from that
 * of the frame before it.
 */
#ifndef QA_FRAME_NAME_H
#define QA_FRAME_NAME_H

#include "qa/text.h"

/* The name without what tells the kind of file: "dog.jpg" gives "dog", "a.frame.json" gives "a",
 * frame 12 of a clip, "clip.y4m#12", gives "clip#12". */
void qa_add_stem(qa_text *text, const char *name);

/* "<stem>.<output>.npy"; in the output's name all but letters, digits, '_' and '-' are written as
 * %XX, so that it holds no dot and no slash. */
void qa_add_output_name(qa_text *text, const char *frame, const char *output);

/* The middle part alone, and back; decoding gives memory to be freed, NULL when it ran out. */
void qa_encode_output_name(qa_text *text, const char *output);
char *qa_decode_output_name(const char *encoded);

#endif
