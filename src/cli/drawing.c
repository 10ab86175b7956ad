/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/drawing.h"

#include <stdlib.h>
#include <string.h>

#include "qa/frame_name.h"

#define MOST_CORNERS 1024
#define MOST_DROPS   200
#define LONGEST_SIDE 1280 /* pixels of a picture in a report */

static bool add_regions(cli_scene *s, const cli_session *session, const plumb_result *result,
                        const plumb_homography *plane)
{
    const plumb_regions *regions = plumb_pipeline_regions(session->model->pipeline);
    size_t count = regions ? plumb_regions_count(regions) : 0;
    qa_overlay_region *made = qa_pool_take(&s->frame.pool, count, sizeof(*made));
    if (!made)
        return false;
    for (size_t i = 0; i < count; i++) {
        plumb_point *outline = qa_pool_take(&s->frame.pool, MOST_CORNERS, sizeof(*outline));
        if (!outline)
            return false;
        size_t corners =
            plumb_regions_outline(regions, i, result->mapping, plane, outline, MOST_CORNERS);
        made[i].name = plumb_regions_name(regions, i);
        made[i].outline = outline;
        made[i].count = corners < MOST_CORNERS ? corners : MOST_CORNERS;
    }
    s->overlay.regions = made;
    s->overlay.region_count = count;
    return true;
}

static bool is_shown(plumb_fate fate)
{
    return fate == PLUMB_FATE_SUPPRESSED || fate == PLUMB_FATE_MERGED ||
           fate == PLUMB_FATE_REGION || fate == PLUMB_FATE_REGION_PENALTY ||
           fate == PLUMB_FATE_NEIGHBOURS;
}

static bool add_drops(cli_scene *s, const cli_session *session, const plumb_result *result)
{
    const plumb_ledger *ledger = result->ledger;
    size_t kept =
        ledger->entry_count < ledger->entry_capacity ? ledger->entry_count : ledger->entry_capacity;
    if (!ledger->entries || kept == 0)
        return true;
    qa_overlay_drop *made = qa_pool_take(&s->frame.pool, MOST_DROPS, sizeof(*made));
    if (!made)
        return false;
    const plumb_regions *regions = plumb_pipeline_regions(session->model->pipeline);
    for (size_t i = 0; i < kept && s->overlay.drop_count < MOST_DROPS; i++) {
        const plumb_trace_entry *e = &ledger->entries[i];
        plumb_affine affine;
        if (!is_shown(e->fate) ||
            plumb_mapping_affine(result->mapping, e->space, PLUMB_SPACE_UPRIGHT, &affine))
            continue;
        plumb_rect r = { e->box.x0, e->box.y0, (double)e->box.x1 - e->box.x0,
                         (double)e->box.y1 - e->box.y0 };
        r = plumb_affine_rect(&affine, r);
        qa_overlay_drop *drop = &made[s->overlay.drop_count++];
        plumb_box box = { (float)r.x, (float)r.y, (float)(r.x + r.width), (float)(r.y + r.height) };
        drop->box = box;
        drop->score = e->score;
        drop->fate = e->fate;
        if ((e->fate == PLUMB_FATE_REGION || e->fate == PLUMB_FATE_REGION_PENALTY) &&
            e->other >= 0 && regions)
            drop->region = plumb_regions_name(regions, (size_t)e->other);
    }
    s->overlay.drops = made;
    return true;
}

static int write_picture(const char *folder, const char *name, const qa_picture *picture)
{
    plumb_diag diag = { 0 };
    qa_text path = { 0 }, file = { 0 };
    qa_text_format(&path, "%s/", folder);
    qa_add_stem(&path, name);
    qa_text_add(&path, ".png");
    plumb_status status = qa_picture_png(picture, &file, &diag);
    int code;
    if (status)
        code = cli_report(name, status, &diag);
    else if (path.failed)
        code = CLI_RESOURCE;
    else
        code = cli_write_file(path.data, file.data, file.size);
    qa_text_release(&path);
    qa_text_release(&file);
    return code;
}

int cli_scene_make(const cli_session *session, const plumb_result *result, const char *name,
                   const plumb_homography *plane, cli_scene *scene)
{
    plumb_diag diag = { 0 };
    memset(scene, 0, sizeof(*scene));
    plumb_status status = qa_frame_from_result(result, session->model->card, name,
                                               PLUMB_SPACE_UPRIGHT, &scene->frame, &diag);
    if (status)
        return cli_report(name, status, &diag);
    scene->overlay.frame = &scene->frame;
    if (add_regions(scene, session, result, plane) && add_drops(scene, session, result))
        return CLI_OK;
    qa_frame_release(&scene->frame);
    return cli_out_of_memory();
}

void cli_encode_picture(const plumb_frame *frame, qa_text *file, bool *is_png)
{
    qa_picture picture;
    if (qa_picture_from_frame(frame, LONGEST_SIDE, &picture, NULL))
        return;
    *is_png = false;
    if (qa_picture_jpeg(&picture, file, NULL)) {
        *is_png = true;
        if (qa_picture_png(&picture, file, NULL))
            qa_text_clear(file);
    }
    qa_picture_release(&picture);
}

int cli_draw(const char *folder, const cli_session *session, const plumb_frame *frame,
             const char *name, const plumb_result *result, const plumb_homography *plane)
{
    plumb_diag diag = { 0 };
    cli_scene scene;
    qa_picture picture;
    int code = cli_scene_make(session, result, name, plane, &scene);
    if (code)
        return code;
    plumb_status status = qa_picture_from_frame(frame, 0, &picture, &diag);
    if (status) {
        code = cli_report(name, status, &diag);
    } else {
        qa_overlay_draw(&picture, &scene.overlay);
        code = write_picture(folder, name, &picture);
        qa_picture_release(&picture);
    }
    qa_frame_release(&scene.frame);
    return code;
}
