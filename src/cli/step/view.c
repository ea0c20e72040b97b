// SPDX-License-Identifier: MIT
//
// Where everything goes. At 80 x 24 there is one pane below; a higher screen has more.

#include "cli/step/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/step/command_list.h"

enum {
    REGISTERS_WIDTH = 41,
    UPPER_ROWS = 11, // What the registers need.
    UPPER_ROWS_WITH_SYSTEM = 15,
    PANE_ROWS = 10,
    OTHER_ROWS = 2, // Title and status.
};

// A high screen gives the code more, and shows registers of the system.
static unsigned upper_rows(const struct view *view) {
    const unsigned rows = view->rows;
    if (rows < OTHER_ROWS + UPPER_ROWS_WITH_SYSTEM + 1 + PANE_ROWS)
        return UPPER_ROWS;
    const unsigned share = rows * 2 / 5;
    return share > UPPER_ROWS_WITH_SYSTEM ? share : UPPER_ROWS_WITH_SYSTEM;
}

static unsigned less(unsigned from, unsigned what) {
    return from > what ? from - what : 0;
}

struct layout view_layout(const struct view *view) {
    const unsigned upper = upper_rows(view);
    const unsigned width = less(view->columns, REGISTERS_WIDTH + 1);
    const unsigned lower = less(view->rows, OTHER_ROWS + upper);
    struct layout layout = {
        .title = {0, 0, 1, view->columns},
        .code = {1, 0, upper, width},
        .registers = {1, width + 1, upper, REGISTERS_WIDTH},
        .status = {less(view->rows, 1), 0, 1, view->columns},
    };
    unsigned count = lower / (1 + PANE_ROWS);
    count = count < 1 ? 1 : count > VIEW_MAX_PANES ? VIEW_MAX_PANES : count;
    unsigned row = 1 + upper;
    for (unsigned i = 0; i < count; i++) {
        const unsigned rows = i + 1 < count ? lower / count : lower - i * (lower / count);
        layout.bars[i] = (struct box){row, 0, 1, view->columns};
        layout.panes[i] = (struct box){row + 1, 0, less(rows, 1), view->columns};
        row += rows;
    }
    layout.pane_count = count;
    return layout;
}

enum pane view_pane(const struct view *view, unsigned place) {
    return (enum pane)(((unsigned)view->sight.pane + place) % PANE_COUNT);
}

// --- Bars ---

// Draws the names of the panes and says where one of them ends.
static unsigned put_names(const struct view *view, struct grid *grid, const struct box *bar,
                          enum pane last) {
    unsigned column = 0;
    for (unsigned i = 0; i <= (unsigned)last && i < PANE_COUNT; i++) {
        const unsigned end =
            grid_put(grid, bar, 0, column + 1, LOOK_BAR, "%u %s", (i + 1) % 10, panes[i].name);
        if (i == (unsigned)view->sight.pane) {
            grid_put(grid, bar, 0, column, LOOK_BAR, "[");
            grid_put(grid, bar, 0, end, LOOK_BAR, "]");
        }
        column = end;
    }
    return column;
}

enum pane view_pane_named_at(const struct view *view, unsigned column) {
    static struct grid unused;
    const struct box bar = {0, 0, 1, GRID_MAX_COLUMNS};
    for (unsigned i = 0; i < PANE_COUNT; i++)
        if (column < put_names(view, &unused, &bar, (enum pane)i))
            return (enum pane)i;
    return PANE_COUNT;
}

static void put_bars(const struct view *view, const struct layout *layout, struct grid *grid) {
    for (unsigned i = 0; i < layout->pane_count; i++) {
        grid_mark(grid, &layout->bars[i], 0, LOOK_BAR);
        if (i == 0)
            put_names(view, grid, &layout->bars[i], PANE_COUNT);
        else
            grid_put(grid, &layout->bars[i], 0, 1, LOOK_BAR, "%s", panes[view_pane(view, i)].name);
    }
}

static void put_title(const struct model *model, const struct layout *layout, struct grid *grid) {
    const char *image = model->options->image;
    const char *slash = strrchr(image, '/');
    char facts[96];
    snprintf(facts, sizeof(facts), "%d-bit ring %u  work %" PRIu64 "  exits %" PRIu64 "%s  ? help ",
             (int)model_code_mode(&model->now), model_ring(&model->now), model->work,
             model->record->exits, model->record->ended ? "  ENDED" : "");
    grid_put(grid, &layout->title, 0, 0, LOOK_BAR, " zirconia step  %s", slash ? slash + 1 : image);
    grid_put(grid, &layout->title, 0, less(layout->title.columns, (unsigned)strlen(facts) + 1),
             LOOK_BAR, " %s", facts);
    grid_mark(grid, &layout->title, 0, LOOK_BAR);
}

static void put_status(const struct view *view, const struct layout *layout, struct grid *grid) {
    if (view->prompting)
        grid_put(grid, &layout->status, 0, 0, LOOK_STRONG, ":%s_", view->typed);
    else
        grid_put(grid, &layout->status, 0, 0, LOOK_STRONG, "%s", view->message);
}

static void put_help(struct grid *grid) {
    const struct box whole = {0, 0, grid->rows, grid->columns};
    grid_open(grid, grid->rows, grid->columns);
    command_list_draw(grid, &whole);
}

void view_draw(const struct view *view, const struct model *model, struct grid *grid) {
    const struct layout layout = view_layout(view);
    grid_open(grid, view->rows, view->columns);
    if (view->help) {
        put_help(grid);
        return;
    }
    put_title(model, &layout, grid);
    pane_code(model, &view->sight, grid, &layout.code);
    pane_registers(model, &view->sight, grid, &layout.registers);
    put_bars(view, &layout, grid);
    for (unsigned i = 0; i < layout.pane_count; i++)
        panes[view_pane(view, i)].draw(model, &view->sight, grid, &layout.panes[i]);
    put_status(view, &layout, grid);
}
