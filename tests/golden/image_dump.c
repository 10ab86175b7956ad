/* SPDX-License-Identifier: Apache-2.0
 *
 * What Plumbline makes of image files, for image_pixels.py: reads "path\n" lines from standard
 * input, answers each with "status width height components orientation\n" and the pixels.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plumbline/image.h"

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    (void)fseek(file, 0, SEEK_END);
    long end = ftell(file);
    rewind(file);
    unsigned char *data = malloc(end > 0 ? (size_t)end : 1);
    *size = data ? fread(data, 1, (size_t)end, file) : 0;
    (void)fclose(file);
    return data;
}

static void answer(plumb_image_decoder *decoder, const char *path)
{
    size_t size = 0;
    unsigned char *data = read_file(path, &size);
    plumb_frame frame = PLUMB_FRAME_INIT;
    plumb_diag diag = { 0 };
    plumb_status status =
        data ? plumb_image_decode(decoder, data, size, &frame, &diag) : PLUMB_E_IO;
    free(data);
    int components = frame.format == PLUMB_FORMAT_GRAY8 ? 1 : 3;
    printf("%d %d %d %d %d\n", (int)status, (int)frame.width, (int)frame.height, components,
           (int)frame.orientation);
    if (status == PLUMB_OK)
        (void)fwrite(frame.planes[0].data, 1, frame.planes[0].size, stdout);
    else
        (void)fprintf(stderr, "%s: %s\n", path, diag.message);
    (void)fflush(stdout);
}

int main(void)
{
    plumb_image_decoder *decoder;
    if (plumb_image_decoder_create(NULL, &decoder, NULL) != PLUMB_OK)
        return 1;
    char path[4096];
    while (fgets(path, sizeof(path), stdin)) {
        path[strcspn(path, "\n")] = '\0';
        answer(decoder, path);
    }
    plumb_image_decoder_destroy(&decoder);
    return 0;
}
