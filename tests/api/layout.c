/* SPDX-License-Identifier: Apache-2.0
 *
 * Frozen value structs: programs that were compiled against an older header read them, so size and
 * offsets may not move. A new field belongs into a struct that begins with struct_size. The numbers
 * are those of 64-bit machines with natural alignment (LP64, LLP64).
 */
#include <stddef.h>

#include "plumbline/plumbline.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#define AT(type, member, offset)                                                                   \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member)

#if UINTPTR_MAX == UINT64_MAX
SIZE(plumb_diag, 364);
AT(plumb_diag, line, 4);
AT(plumb_diag, field, 12);
AT(plumb_diag, message, 108);

SIZE(plumb_allocator, 24);
AT(plumb_allocator, release, 16);

SIZE(plumb_size, 8);
SIZE(plumb_point, 16);
SIZE(plumb_rect, 32);
AT(plumb_rect, width, 16);
SIZE(plumb_irect, 16);
AT(plumb_irect, width, 8);
SIZE(plumb_affine, 48);
SIZE(plumb_homography, 72);

SIZE(plumb_mapping, 144);
AT(plumb_mapping, orientation, 8);
AT(plumb_mapping, upright, 12);
AT(plumb_mapping, roi, 20);
AT(plumb_mapping, turned, 36);
AT(plumb_mapping, picture, 40);
AT(plumb_mapping, source, 48);
AT(plumb_mapping, scaled, 80);
AT(plumb_mapping, scale_x, 88);
AT(plumb_mapping, offset_x, 104);
AT(plumb_mapping, placed, 120);
AT(plumb_mapping, input, 136);

SIZE(plumb_box, 16);
SIZE(plumb_detection, 72);
AT(plumb_detection, score, 16);
AT(plumb_detection, class_id, 20);
AT(plumb_detection, row, 24);
AT(plumb_detection, angle, 28);
AT(plumb_detection, keypoints, 32);
AT(plumb_detection, regions, 40);
SIZE(plumb_keypoint, 12);

SIZE(plumb_detections, 64);
AT(plumb_detections, keypoints, 24);
AT(plumb_detections, keypoints_per_detection, 48);
AT(plumb_detections, has_angle, 56);
AT(plumb_detections, space, 60);

SIZE(plumb_trace_entry, 40);
AT(plumb_trace_entry, other, 12);
AT(plumb_trace_entry, box, 20);
AT(plumb_trace_entry, space, 36);
SIZE(plumb_ledger, 136);
AT(plumb_ledger, counts, 8);
AT(plumb_ledger, entries, 112);

SIZE(plumb_quantization, 8);
SIZE(plumb_tensor, 136);
AT(plumb_tensor, size, 16);
AT(plumb_tensor, dtype, 24);
AT(plumb_tensor, rank, 28);
AT(plumb_tensor, shape, 32);
AT(plumb_tensor, strides, 80);
AT(plumb_tensor, quantization, 128);
SIZE(plumb_tensor_info, 72);
AT(plumb_tensor_info, shape, 16);
AT(plumb_tensor_info, quantization, 64);
SIZE(plumb_outputs, 8 + 32 * 136);
AT(plumb_outputs, tensors, 8);

SIZE(plumb_plane, 32);
AT(plumb_plane, row_stride, 16);
AT(plumb_plane, pixel_stride, 24);

SIZE(plumb_threshold, 40);
AT(plumb_threshold, allowed, 24);
SIZE(plumb_extra_input, 152);
AT(plumb_extra_input, constants, 16);
AT(plumb_extra_input, constant_count, 144);
SIZE(plumb_result, 40);
SIZE(plumb_timing, 56);
AT(plumb_timing, count, 8);
SIZE(plumb_plane_source, 16);
SIZE(plumb_image_info, 20);
#endif

/* Values that stand in files, on the wire between a backend and the library, or in other
 * vendors' headers. */
_Static_assert(PLUMB_ORIENTATION_LEFT == 8 && PLUMB_ORIENTATION_RIGHT == 6, "EXIF");
_Static_assert(PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW == 257, "Vision");
_Static_assert(PLUMB_SPACE_BUFFER == 1 && PLUMB_SPACE_PLANE == 7, "spaces");
_Static_assert(PLUMB_DTYPE_FLOAT32 == 1 && PLUMB_DTYPE_INT64 == 7, "element types");
_Static_assert(PLUMB_FORMAT_NV12 == 1 && PLUMB_FORMAT_JPEG == 18, "pixel formats");
_Static_assert(PLUMB_E_ARGUMENT == -101 && PLUMB_E_BACKEND == -502, "status codes");
_Static_assert(PLUMB_STAGE_DECODE_IMAGE == 0 && PLUMB_STAGE_TOTAL == 6, "stages");

/* Every growable struct begins with its size. */
AT(plumb_context, struct_size, 0);
AT(plumb_mapping_spec, struct_size, 0);
AT(plumb_frame, struct_size, 0);
AT(plumb_preprocess_spec, struct_size, 0);
AT(plumb_head_spec, struct_size, 0);
AT(plumb_nms_spec, struct_size, 0);
AT(plumb_region_spec, struct_size, 0);
AT(plumb_detector, struct_size, 0);
AT(plumb_backend_request, struct_size, 0);
AT(plumb_pipeline_spec, struct_size, 0);
AT(plumb_run_options, struct_size, 0);

int main(void)
{
    return 0;
}
