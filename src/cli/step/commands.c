// SPDX-License-Identifier: MIT
//
// The table of commands, and what each does.

#include "cli/step/commands.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/fields.h"
#include "cli/nearest.h"
#include "cli/numbers.h"
#include "cli/step/address.h"
#include "cli/step/code_lines.h"
#include "cli/step/event_text.h"
#include "cli/step/session.h"

void session_say(struct session *session, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(session->view.message, sizeof(session->view.message), format, arguments);
    va_end(arguments);
    if (session->out)
        fprintf(session->out, "%s\n", session->view.message);
}

// --- Where the guest has come to ---

static void say_place(struct session *session) {
    const struct model *model = &session->debuggee.model;
    const struct code_line line = code_line_at(model, model_code_address(&model->now));
    char symbol[SYMBOL_TEXT_SIZE];
    symbols_text(model->symbols, line.linear, symbol, sizeof(symbol));
    fprintf(session->out, "> %" PRIx64 "%s%s: %s\n", line.linear, symbol[0] ? " " : "", symbol,
            line.text);
}

static void say_event(struct session *session, const struct record_event *event) {
    struct text line = {0};
    if (event)
        event_text(event, &line);
    session_say(session, "%.*s", (int)line.length, line.bytes);
}

static void say_stop(struct session *session, enum debuggee_stop stop) {
    const struct debuggee *debuggee = &session->debuggee;
    session->view.message[0] = '\0';
    session->view.sight.has_code = false;
    switch (stop) {
    case STOP_STEP:
        break;
    case STOP_BREAKPOINT:
        session_say(session, "stopped at %" PRIx64, model_code_address(&debuggee->model.now));
        break;
    case STOP_WATCHPOINT:
        session_say(session, "what is watched at %" PRIx64 " changes here", debuggee->hit);
        break;
    case STOP_EXIT:
        say_event(session, debuggee->asked.packets
                               ? record_last_with_packet(&debuggee->record)
                               : record_last_of(&debuggee->record, debuggee->asked.kinds));
        break;
    case STOP_INTERRUPTED:
        session_say(session, "interrupted");
        break;
    case STOP_ASLEEP:
        session_say(session, "the guest halts here, and nothing will wake it");
        break;
    case STOP_ENDED:
        session_say(session, "%s", debuggee->record.end);
        break;
    case STOP_BEGINNING:
        session_say(session, "this is the beginning");
        break;
    case STOP_FAILED:
        session_say(session, "the library has failed");
        break;
    }
    if (session->out)
        say_place(session);
}

// --- Arguments ---

// A number of times, 1 when there is none. False for what is no number above 0.
static bool take_count(struct session *session, const char *argument, uint64_t *count) {
    *count = 1;
    if (!argument[0] || (parse_number(argument, count) && *count > 0))
        return true;
    session_say(session, "'%s' is not a number above 0", argument);
    return false;
}

static bool take_address(struct session *session, const char *argument, uint64_t *linear) {
    if (address_parse(&session->debuggee.model, argument, linear))
        return true;
    session_say(session, "'%s' is no address: a number, a function, a register, or a sum of these",
                argument);
    return false;
}

// All kinds, or the one of that name.
static bool take_kinds(struct session *session, const char *argument, struct debuggee_wish *wish) {
    struct nearest nearest = nearest_to(argument, strlen(argument));
    *wish = (struct debuggee_wish){0};
    for (unsigned kind = 0; kind < ZIRCONIA_EXIT_KIND_COUNT; kind++) {
        const char *name = zirconia_exit_kind_name((zirconia_exit_kind_t)kind);
        const bool all = !argument[0] && is_exit_kind((zirconia_exit_kind_t)kind);
        if (all || strcmp(argument, name) == 0)
            wish->kinds |= 1u << kind;
        nearest_look_at(&nearest, name);
    }
    if (wish->kinds)
        return true;
    session_say(session, "there is no kind of exit '%s'%s%s", argument,
                nearest.word ? "; did you mean " : "", nearest.word ? nearest.word : "");
    return false;
}

// --- Moving ---

static bool repeat(struct session *session, const char *argument,
                   enum debuggee_stop (*once)(struct debuggee *debuggee)) {
    struct debuggee *debuggee = &session->debuggee;
    const zirconia_registers_t before = debuggee->model.now;
    enum debuggee_stop stop = STOP_STEP;
    uint64_t count = 0;
    if (!take_count(session, argument, &count))
        return false;
    while (stop == STOP_STEP && count-- > 0)
        stop = once(debuggee);
    debuggee->model.before = before;
    say_stop(session, stop);
    return true;
}

static bool command_step_in(struct session *session, const char *argument) {
    return repeat(session, argument, debuggee_step);
}

static bool command_over(struct session *session, const char *argument) {
    return repeat(session, argument, debuggee_step_over);
}

static bool command_continue(struct session *session, const char *argument) {
    (void)argument;
    say_stop(session, debuggee_go(&session->debuggee, NULL));
    return true;
}

static bool command_exit(struct session *session, const char *argument) {
    struct debuggee_wish wish;
    if (!take_kinds(session, argument, &wish))
        return false;
    say_stop(session, debuggee_go(&session->debuggee, &wish));
    return true;
}

static bool command_packet(struct session *session, const char *argument) {
    const struct debuggee_wish wish = {.packets = true};
    (void)argument;
    say_stop(session, debuggee_go(&session->debuggee, &wish));
    return true;
}

static bool command_until(struct session *session, const char *argument) {
    uint64_t linear = 0;
    if (!take_address(session, argument, &linear))
        return false;
    say_stop(session, debuggee_go_to(&session->debuggee, linear));
    return true;
}

static bool command_back(struct session *session, const char *argument) {
    return repeat(session, argument, debuggee_back_step);
}

static bool command_back_continue(struct session *session, const char *argument) {
    (void)argument;
    say_stop(session, debuggee_back(&session->debuggee, NULL));
    return true;
}

static bool command_back_exit(struct session *session, const char *argument) {
    struct debuggee_wish wish;
    if (!take_kinds(session, argument, &wish))
        return false;
    say_stop(session, debuggee_back(&session->debuggee, &wish));
    return true;
}

static bool command_back_packet(struct session *session, const char *argument) {
    const struct debuggee_wish wish = {.packets = true};
    (void)argument;
    say_stop(session, debuggee_back(&session->debuggee, &wish));
    return true;
}

static bool command_back_until(struct session *session, const char *argument) {
    uint64_t linear = 0;
    if (!take_address(session, argument, &linear))
        return false;
    say_stop(session, debuggee_back_to(&session->debuggee, linear));
    return true;
}

static bool command_beginning(struct session *session, const char *argument) {
    (void)argument;
    say_stop(session, debuggee_back_to_beginning(&session->debuggee));
    return true;
}

// --- Where it stops ---

// The argument, or where the guest is.
static bool take_place(struct session *session, const char *argument, uint64_t *linear) {
    *linear = model_code_address(&session->debuggee.model.now);
    return !argument[0] || take_address(session, argument, linear);
}

static bool command_break(struct session *session, const char *argument) {
    uint64_t linear = 0;
    if (!take_place(session, argument, &linear))
        return false;
    if (!debuggee_set_breakpoint(&session->debuggee, linear)) {
        session_say(session, "there are %d breakpoints, which is the most", MODEL_MAX_BREAKPOINTS);
        return false;
    }
    session_say(session, "breakpoint at %" PRIx64, linear);
    return true;
}

static bool command_delete(struct session *session, const char *argument) {
    struct debuggee *debuggee = &session->debuggee;
    uint64_t linear = 0;
    if (!argument[0]) {
        debuggee->model.breakpoint_count = 0;
        session_say(session, "no breakpoints");
        return true;
    }
    if (!take_address(session, argument, &linear))
        return false;
    if (!debuggee_clear_breakpoint(debuggee, linear)) {
        session_say(session, "there is no breakpoint at %" PRIx64, linear);
        return false;
    }
    session_say(session, "no breakpoint at %" PRIx64, linear);
    return true;
}

// Sets the breakpoint, or takes it away.
static bool command_toggle(struct session *session, const char *argument) {
    uint64_t linear = 0;
    if (!take_place(session, argument, &linear))
        return false;
    char text[32];
    snprintf(text, sizeof(text), "0x%" PRIx64, linear);
    return model_has_breakpoint(&session->debuggee.model, linear) ? command_delete(session, text)
                                                                  : command_break(session, text);
}

static bool command_watch(struct session *session, const char *argument) {
    char place[VIEW_LINE_SIZE];
    uint64_t linear = 0;
    uint64_t size = 8;
    snprintf(place, sizeof(place), "%s", argument);
    char *colon = strchr(place, ':');
    if (colon)
        *colon = '\0';
    if (!take_address(session, place, &linear))
        return false;
    const char *problem = colon && !parse_number(colon + 1, &size)
                              ? "a size is a number from 1 to 8"
                              : debuggee_watch(&session->debuggee, linear, size);
    if (problem) {
        session_say(session, "%s", problem);
        return false;
    }
    session_say(session, "%" PRIu64 " bytes at %" PRIx64 " are watched", size, linear);
    return true;
}

static bool command_unwatch(struct session *session, const char *argument) {
    (void)argument;
    debuggee_watch_nothing(&session->debuggee);
    session_say(session, "nothing is watched");
    return true;
}

// --- Looking ---

static void print_help(FILE *stream);

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

static void choose(struct session *session, enum pane pane) {
    session->view.sight.pane = pane;
    session->view.sight.scroll[pane] = 0;
    print_pane(session);
}

static bool command_show(struct session *session, const char *argument) {
    struct nearest nearest = nearest_to(argument, strlen(argument));
    for (unsigned i = 0; i < PANE_COUNT; i++) {
        if (strcmp(argument, panes[i].name) == 0) {
            choose(session, (enum pane)i);
            return true;
        }
        nearest_look_at(&nearest, panes[i].name);
    }
    session_say(session, "there is no pane '%s'%s%s", argument,
                nearest.word ? "; did you mean " : "", nearest.word ? nearest.word : "");
    return false;
}

static bool command_next_pane(struct session *session, const char *argument) {
    (void)argument;
    choose(session, (enum pane)((session->view.sight.pane + 1) % PANE_COUNT));
    return true;
}

static bool command_memory(struct session *session, const char *argument) {
    uint64_t linear = 0;
    if (!take_address(session, argument, &linear))
        return false;
    session->view.sight.memory = linear;
    choose(session, PANE_MEMORY);
    return true;
}

static bool command_code(struct session *session, const char *argument) {
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

static bool command_registers(struct session *session, const char *argument) {
    const struct layout layout = view_layout(&session->view);
    (void)argument;
    if (session->out)
        print_box(session, &layout.registers);
    return true;
}

static bool command_scroll(struct session *session, const char *argument) {
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

static bool command_screen(struct session *session, const char *argument) {
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

static bool command_help(struct session *session, const char *argument) {
    (void)argument;
    if (session->out)
        print_help(session->out);
    else
        session->view.help = true;
    return true;
}

static bool command_quit(struct session *session, const char *argument) {
    (void)argument;
    session->over = true;
    return true;
}

// --- The table ---

static const struct {
    const char *name;
    const char *key; // The short name, which is a key as well.
    const char *argument;
    const char *help;
    bool (*run)(struct session *session, const char *argument);
} commands[] = {
    {"step", "s", "[N]", "one instruction, or N", command_step_in},
    {"over", "n", "[N]", "the same, a call as one", command_over},
    {"continue", "c", "", "to the next breakpoint", command_continue},
    {"exit", "e", "[KIND]", "to the end of the next exit", command_exit},
    {"packet", "p", "", "to the next packet", command_packet},
    {"until", "u", "ADDRESS", "to an address", command_until},
    {"back", "b", "[N]", "one instruction back, or N", command_back},
    {"back-continue", "C", "", "back to a breakpoint", command_back_continue},
    {"back-exit", "E", "[KIND]", "back to the end of an exit", command_back_exit},
    {"back-packet", "P", "", "back to a packet", command_back_packet},
    {"back-until", "U", "ADDRESS", "back to an address", command_back_until},
    {"beginning", "A", "", "back to the beginning", command_beginning},
    {"toggle", "t", "[ADDRESS]", "a breakpoint, or none", command_toggle},
    {"break", "", "[ADDRESS]", "set a breakpoint", command_break},
    {"delete", "", "[ADDRESS]", "no breakpoint, or none at all", command_delete},
    {"watch", "W", "ADDRESS[:N]", "stop when N bytes change", command_watch},
    {"unwatch", "", "", "watch nothing", command_unwatch},
    {"memory", "m", "ADDRESS", "look at memory", command_memory},
    {"code", "g", "[ADDRESS]", "look at code", command_code},
    {"registers", "", "", "print the registers", command_registers},
    {"show", "", "PANE", "choose a pane", command_show},
    {"next-pane", "", "", "choose the next pane", command_next_pane},
    {"scroll", "", "[-]N", "scroll the pane", command_scroll},
    {"screen", "", "[COLUMNSxROWS]", "print the screen", command_screen},
    {"help", "?", "", "this list", command_help},
    {"quit", "q", "", "end", command_quit},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static bool unknown(struct session *session, const char *name, size_t length) {
    struct nearest nearest = nearest_to(name, length);
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_look_at(&nearest, commands[i].name);
    session_say(session, "unknown command '%.*s'%s%s", (int)length, name,
                nearest.word ? "; did you mean " : "; see help", nearest.word ? nearest.word : "");
    return false;
}

static bool is_named(size_t i, const char *name, size_t length) {
    return (strlen(commands[i].name) == length && memcmp(commands[i].name, name, length) == 0) ||
           (strlen(commands[i].key) == length && memcmp(commands[i].key, name, length) == 0);
}

bool commands_run(struct session *session, const char *line) {
    char words[VIEW_LINE_SIZE];
    snprintf(words, sizeof(words), "%s", line);
    size_t end = strcspn(words, "#\r\n");
    while (end > 0 && words[end - 1] == ' ')
        end--;
    words[end] = '\0';
    const char *name = words + strspn(words, " \t");
    const size_t length = strcspn(name, " \t");
    const char *argument = name + length + strspn(name + length, " \t");
    if (length == 0)
        return true;
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!is_named(i, name, length))
            continue;
        if (!commands[i].argument[0] && argument[0]) {
            session_say(session, "%s takes nothing behind it", commands[i].name);
            return false;
        }
        if (commands[i].argument[0] != '[' && commands[i].argument[0] && !argument[0]) {
            session_say(session, "%s needs %s", commands[i].name, commands[i].argument);
            return false;
        }
        return commands[i].run(session, argument);
    }
    return unknown(session, name, length);
}

const char *commands_needs_argument(const char *key) {
    static char beginning[VIEW_LINE_SIZE];
    for (size_t i = 0; i < COMMANDS; i++) {
        const char *argument = commands[i].argument;
        if (strcmp(commands[i].key, key) != 0 || !argument[0] || argument[0] == '[')
            continue;
        snprintf(beginning, sizeof(beginning), "%s ", commands[i].name);
        return beginning;
    }
    return NULL;
}

bool commands_choose(struct session *session, unsigned pane) {
    if (pane >= PANE_COUNT)
        return false;
    choose(session, (enum pane)pane);
    return true;
}

void commands_draw_help(struct grid *out, const struct box *box) {
    static const char *const others[] = {
        "Space, Right  step                 Left     back",
        "Enter         the same again       Ctrl-C   stop what runs",
        "1 to 9, Tab   choose a pane        Home     scroll to its beginning",
        "Up, Down, Page Up, Page Down, the wheel     scroll it",
        "click         a pane's name; an instruction: a breakpoint; a register: memory",
        ":             any command: those here, break, delete, unwatch, show ...",
    };
    unsigned row = 0;
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!commands[i].key[0])
            continue;
        grid_put(out, box, row, 1, LOOK_CHANGED, "%s", commands[i].key);
        grid_put(out, box, row, 4, LOOK_STRONG, "%s", commands[i].name);
        grid_put(out, box, row, 19, LOOK_PLAIN, "%s", commands[i].argument);
        grid_put(out, box, row++, 35, LOOK_PLAIN, "%s", commands[i].help);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        grid_put(out, box, row++, 1, LOOK_PLAIN, "%s", others[i]);
}

static void print_help(FILE *stream) {
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stream, "%-2s %-14s %-15s %s\n", commands[i].key, commands[i].name,
                commands[i].argument, commands[i].help);
}
