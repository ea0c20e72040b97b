// SPDX-License-Identifier: MIT
//
// A key that is no command's is looked up here. A command that needs an argument asks for it.

#include "cli/step/input.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/step/commands.h"
#include "cli/step/session.h"

enum { CONTROL_C = 3, BACKSPACE = 8, TAB = 9, ENTER = 13, DELETE = 127, ROWS_A_WHEEL = 3 };

static void run(struct session *session, const char *line) {
    session->view.message[0] = '\0';
    if (line != session->last)
        snprintf(session->last, sizeof(session->last), "%s", line);
    (void)commands_run(session, line);
}

static void ask(struct session *session, const char *beginning) {
    session->view.prompting = true;
    snprintf(session->view.typed, sizeof(session->view.typed), "%s", beginning);
}

static void scroll(struct session *session, int rows) {
    struct sight *sight = &session->view.sight;
    sight->scroll[sight->pane] += rows;
}

static unsigned page(const struct session *session) {
    return view_layout(&session->view).panes[0].rows;
}

// --- A command that is being typed ---

static void type(struct session *session, uint8_t byte) {
    struct view *view = &session->view;
    const size_t length = strlen(view->typed);
    switch (byte) {
    case ENTER: {
        char line[VIEW_LINE_SIZE];
        snprintf(line, sizeof(line), "%s", view->typed);
        view->prompting = false;
        run(session, line);
        break;
    }
    case BACKSPACE:
    case DELETE:
        if (length > 0)
            view->typed[length - 1] = '\0';
        break;
    case CONTROL_C:
        view->prompting = false;
        break;
    default:
        if (byte >= ' ' && byte <= '~' && length + 1 < sizeof(view->typed)) {
            view->typed[length] = (char)byte;
            view->typed[length + 1] = '\0';
        }
    }
}

// --- Keys ---

static void press(struct session *session, uint8_t byte) {
    const char name[] = {(char)byte, '\0'};
    switch (byte) {
    case ' ':
        run(session, "step");
        break;
    case ENTER:
        run(session, session->last[0] ? session->last : "step");
        break;
    case TAB:
        (void)commands_run(session, "next-pane");
        break;
    case ':':
        ask(session, "");
        break;
    case 'w':
        ask(session, "walk ");
        break;
    case 'k':
        ask(session, "exit ");
        break;
    case 'K':
        ask(session, "back-exit ");
        break;
    case CONTROL_C:
        session_say(session, "q ends it");
        break;
    default:
        if (byte >= '0' && byte <= '9')
            (void)commands_choose(session, byte == '0' ? 9u : (unsigned)(byte - '1'));
        else if (commands_needs_argument(name))
            ask(session, commands_needs_argument(name));
        else
            run(session, name);
    }
}

// --- The mouse ---

static bool is_in(const struct box *box, const struct key *key) {
    return key->row - box->row < box->rows && key->column - box->column < box->columns;
}

static void click(struct session *session, const struct key *key) {
    const struct layout layout = view_layout(&session->view);
    const struct model *model = &session->debuggee.model;
    char line[VIEW_LINE_SIZE];
    uint64_t linear = 0;
    if (is_in(&layout.bars[0], key)) {
        (void)commands_choose(session, (unsigned)view_pane_named_at(&session->view, key->column));
    } else if (is_in(&layout.code, key) &&
               pane_code_address(model, &session->view.sight, &layout.code,
                                 key->row - layout.code.row, &linear)) {
        snprintf(line, sizeof(line), "toggle 0x%" PRIx64, linear);
        (void)commands_run(session, line);
    } else if (is_in(&layout.registers, key)) {
        const char *name = pane_register_name(key->row - layout.registers.row,
                                              key->column - layout.registers.column);
        snprintf(line, sizeof(line), "memory %s", name ? name : "rip");
        if (name)
            (void)commands_run(session, line);
    }
}

static void resize(struct session *session, const struct key *key) {
    const unsigned rows = key->row < GRID_MAX_ROWS ? key->row : GRID_MAX_ROWS;
    const unsigned columns = key->column < GRID_MAX_COLUMNS ? key->column : GRID_MAX_COLUMNS;
    session->view.rows = rows > 0 ? rows : 24;
    session->view.columns = columns > 0 ? columns : 80;
}

// --- Everything ---

void input_key(struct session *session, const struct key *key) {
    struct view *view = &session->view;
    if (key->kind == KEY_SIZE) {
        resize(session, key);
        return;
    }
    if (view->help) {
        view->help = false;
        return;
    }
    if (view->prompting && key->kind == KEY_BYTE) {
        type(session, key->byte);
        return;
    }
    switch (key->kind) {
    case KEY_BYTE:
        press(session, key->byte);
        break;
    case KEY_ESCAPE:
        view->prompting = false;
        break;
    case KEY_RIGHT:
        run(session, "step");
        break;
    case KEY_LEFT:
        run(session, "back");
        break;
    case KEY_UP:
        scroll(session, -1);
        break;
    case KEY_DOWN:
        scroll(session, 1);
        break;
    case KEY_PAGE_UP:
        scroll(session, -(int)page(session));
        break;
    case KEY_PAGE_DOWN:
        scroll(session, (int)page(session));
        break;
    case KEY_HOME:
        view->sight.scroll[view->sight.pane] = 0;
        break;
    case KEY_WHEEL_UP:
        scroll(session, -ROWS_A_WHEEL);
        break;
    case KEY_WHEEL_DOWN:
        scroll(session, ROWS_A_WHEEL);
        break;
    case KEY_CLICK:
        click(session, key);
        break;
    case KEY_END:
    case KEY_SIZE:
        break;
    }
}
