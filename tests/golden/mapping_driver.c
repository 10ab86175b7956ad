/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of "mode rule picture_w picture_h input_w input_h resize_short central_fraction" in, the
 * mapping out: status, scaled size, offset, scale and source.
 */
#include <stdio.h>

#include "plumbline/geometry.h"

int main(void)
{
    char mode[40], rule[40];
    plumb_size picture;
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    while (scanf("%39s %39s %d %d %d %d %d %lf", mode, rule, &picture.width, &picture.height,
                 &spec.input.width, &spec.input.height, &spec.resize_short,
                 &spec.central_fraction) == 8) {
        if (!plumb_crop_mode_parse(mode, &spec.mode) || !plumb_rule_parse(rule, &spec.rule))
            return 2;
        plumb_mapping m = { 0 };
        plumb_status status =
            plumb_mapping_make(&spec, picture, PLUMB_ORIENTATION_UP, NULL, &m, NULL);
        printf("%d %d %d %.17g %.17g %.17g %.17g %.17g %.17g %.17g %.17g\n", (int)status,
               (int)m.scaled.width, (int)m.scaled.height, m.offset_x, m.offset_y, m.scale_x,
               m.scale_y, m.source.x, m.source.y, m.source.width, m.source.height);
    }
    return 0;
}
