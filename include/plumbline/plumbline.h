/* SPDX-License-Identifier: Apache-2.0
 *
 * All of Plumbline. Read the headers in this order; each says what it relies on.
 */
#ifndef PLUMBLINE_PLUMBLINE_H
#define PLUMBLINE_PLUMBLINE_H

#include "plumbline/base.h"
#include "plumbline/geometry.h"
#include "plumbline/detections.h"
#include "plumbline/frame.h"
#include "plumbline/image.h"
#include "plumbline/tensor.h"
#include "plumbline/preprocess.h"
#include "plumbline/heads.h"
#include "plumbline/postprocess.h"
#include "plumbline/pipeline.h"
#include "plumbline/card.h"

#endif
