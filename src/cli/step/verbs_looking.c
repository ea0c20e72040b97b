// SPDX-License-Identifier: MIT
//
// Commands that choose what is looked at. Where there is no screen, they print it.

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/nearest.h"
#include "cli/numbers.h"
#include "cli/step/arguments.h"
#include "cli/step/session.h"
#include "cli/step/verbs.h"

static struct grid grid;

static void print_box(struct session *session, const struct box *box) {
    view_draw(&session->view, &session->debuggee.model, &grid);
    grid_print(&grid, box, session->out);
}

// Prints the chosen pane, where there is no screen.
static void print_pane(struct session *session) {
    if (session->out) {
        const struct layout layout = view_layout(&session->view);
        print_box(session, &layout.panes[0]);
    }
}

void verb_choose(struct session *session, enum pane pane) {
    session->view.sight.pane = pane;
    session->view.sight.scroll[pane] = 0;
    print_pane(session);
}

bool verb_show(struct session *session, const char *argument) {
    struct nearest nearest = nearest_to(argument, strlen(argument));
    for (unsigned i = 0; i < PANE_COUNT; i++) {
        if (strcmp(argument, panes[i].name) == 0) {
            verb_choose(session, (enum pane)i);
            return true;
        }
        nearest_look_at(&nearest, panes[i].name);
    }
    session_say(session, "there is no pane '%s'%s%s", argument,
                nearest.word ? "; did you mean " : "", nearest.word ? nearest.word : "");
    return false;
}

bool verb_next_pane(struct session *session, const char *argument) {
    (void)argument;
    verb_choose(session, (enum pane)((session->view.sight.pane + 1) % PANE_COUNT));
    return true;
}

bool verb_memory(struct session *session, const char *argument) {
    uint64_t linear = 0;
    if (!take_address(session, argument, &linear))
        return false;
    session->view.sight.memory = linear;
    verb_choose(session, PANE_MEMORY);
    return true;
}

bool verb_code(struct session *session, const char *argument) {
    const struct layout layout = view_layout(&session->view);
    struct sight *sight = &session->view.sight;
    sight->has_code = argument[0] != '\0';
    if (sight->has_code && !take_address(session, argument, &sight->code)) {
        sight->has_code = false;
        return false;
    }
    if (session->out)
        print_box(session, &layout.code);
    return true;
}

bool verb_registers(struct session *session, const char *argument) {
    const struct layout layout = view_layout(&session->view);
    (void)argument;
    if (session->out)
        print_box(session, &layout.registers);
    return true;
}

bool verb_scroll(struct session *session, const char *argument) {
    struct sight *sight = &session->view.sight;
    uint64_t rows = 0;
    const bool up = argument[0] == '-';
    if (!parse_number(argument + up, &rows) || rows > 10000) {
        session_say(session, "'%s' is not a number of rows", argument);
        return false;
    }
    sight->scroll[sight->pane] += up ? -(int)rows : (int)rows;
    print_pane(session);
    return true;
}

bool verb_screen(struct session *session, const char *argument) {
    struct view *view = &session->view;
    unsigned columns = 0;
    unsigned rows = 0;
    if (argument[0] && (sscanf(argument, "%ux%u", &columns, &rows) != 2 || columns < 1 ||
                        columns > GRID_MAX_COLUMNS || rows < 1 || rows > GRID_MAX_ROWS)) {
        session_say(session, "'%s' is no size: COLUMNSxROWS, up to %dx%d", argument,
                    GRID_MAX_COLUMNS, GRID_MAX_ROWS);
        return false;
    }
    if (argument[0] && session->out) {
        view->columns = columns;
        view->rows = rows;
    }
    if (session->out) {
        const struct box whole = {0, 0, view->rows, view->columns};
        print_box(session, &whole);
    }
    return true;
}

bool verb_walk(struct session *session, const char *argument) {
    struct sight *sight = &session->view.sight;
    uint64_t linear = 0;
    if (argument[0] && !take_address(session, argument, &linear))
        return false;
    sight->has_walk = argument[0] != '\0';
    sight->walk = linear;
    verb_choose(session, PANE_WALK);
    return true;
}
