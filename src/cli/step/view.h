// SPDX-License-Identifier: MIT
//
// The screen: code and registers above, panes below, a line for what is said. It follows from a
// model and from what somebody looks at, and from nothing else.

#ifndef CLI_STEP_VIEW_H
#define CLI_STEP_VIEW_H

#include "cli/step/pane.h"

enum { VIEW_MAX_PANES = 4, VIEW_LINE_SIZE = 320 };

struct view {
    struct sight sight;
    unsigned rows;
    unsigned columns;
    char message[VIEW_LINE_SIZE]; // What came of the last command.
    bool prompting;               // A command is being typed: `typed`.
    char typed[VIEW_LINE_SIZE];
    bool help;
};

struct layout {
    struct box title;
    struct box code;
    struct box registers;
    unsigned pane_count;
    struct box bars[VIEW_MAX_PANES];  // The titles of the panes.
    struct box panes[VIEW_MAX_PANES]; // The first is the chosen one.
    struct box status;
};

struct layout view_layout(const struct view *view);

// Which pane is shown in which place.
enum pane view_pane(const struct view *view, unsigned place);

// The pane whose name stands in this column of the first bar, or PANE_COUNT.
enum pane view_pane_named_at(const struct view *view, unsigned column);

void view_draw(const struct view *view, const struct model *model, struct grid *grid);

#endif // CLI_STEP_VIEW_H
