/* SPDX-License-Identifier: Apache-2.0
 *
 * The rounding rules: how a picture is fitted into the model input. Sources of the arithmetic are
 * the named peers' own files: ultralytics data/augment.py LetterBox, YOLOX data_augment.py preproc,
 * OpenCV dnn_utils.cpp, rknn_model_zoo image_utils.c, mmcv image/geometric.py, torchvision
 * functional.py and functional_tensor.py, TensorFlow image_ops_impl.py.
 */
#ifndef PLUMB_GEOMETRY_RULES_H
#define PLUMB_GEOMETRY_RULES_H

#include "plumbline/geometry.h"

/* Fill source, scaled, scale and offset of `mapping` from its picture and input. False where the
 * rule does not define the mode. Nothing is checked here; sizes are valid. */
bool plumb_rule_apply(const plumb_mapping_spec *spec, plumb_mapping *mapping);

#endif
