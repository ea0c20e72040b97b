// SPDX-License-Identifier: MIT
//
// The table of commands, and how a line is read.

#include "cli/step/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/nearest.h"
#include "cli/step/command_list.h"
#include "cli/step/session.h"
#include "cli/step/verbs.h"

void session_say(struct session *session, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(session->view.message, sizeof(session->view.message), format, arguments);
    va_end(arguments);
    if (session->out)
        fprintf(session->out, "%s\n", session->view.message);
}

// --- What they do ---

static verb_function command_help;
static verb_function command_quit;

static verb_function *const verbs[COMMANDS] = {
    [COMMAND_STEP] = verb_step_in,
    [COMMAND_OVER] = verb_over,
    [COMMAND_CONTINUE] = verb_continue,
    [COMMAND_EXIT] = verb_exit,
    [COMMAND_PACKET] = verb_packet,
    [COMMAND_UNTIL] = verb_until,
    [COMMAND_BACK] = verb_back,
    [COMMAND_BACK_CONTINUE] = verb_back_continue,
    [COMMAND_BACK_EXIT] = verb_back_exit,
    [COMMAND_BACK_PACKET] = verb_back_packet,
    [COMMAND_BACK_UNTIL] = verb_back_until,
    [COMMAND_BEGINNING] = verb_beginning,
    [COMMAND_INTERRUPT] = verb_interrupt,
    [COMMAND_TOGGLE] = verb_toggle,
    [COMMAND_BREAK] = verb_break,
    [COMMAND_DELETE] = verb_delete,
    [COMMAND_WATCH] = verb_watch,
    [COMMAND_UNWATCH] = verb_unwatch,
    [COMMAND_MEMORY] = verb_memory,
    [COMMAND_WALK] = verb_walk,
    [COMMAND_CODE] = verb_code,
    [COMMAND_REGISTERS] = verb_registers,
    [COMMAND_SHOW] = verb_show,
    [COMMAND_NEXT_PANE] = verb_next_pane,
    [COMMAND_SCROLL] = verb_scroll,
    [COMMAND_SCREEN] = verb_screen,
    [COMMAND_HELP] = command_help,
    [COMMAND_QUIT] = command_quit,
};

static bool unknown(struct session *session, const char *name, size_t length) {
    struct nearest nearest = nearest_to(name, length);
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_look_at(&nearest, command_list[i].name);
    session_say(session, "unknown command '%.*s'%s%s", (int)length, name,
                nearest.word ? "; did you mean " : "; see help", nearest.word ? nearest.word : "");
    return false;
}

static bool is_named(size_t i, const char *name, size_t length) {
    return (strlen(command_list[i].name) == length &&
            memcmp(command_list[i].name, name, length) == 0) ||
           (strlen(command_list[i].key) == length &&
            memcmp(command_list[i].key, name, length) == 0);
}

// Whether there is an argument where there must be, and none where there cannot be.
static bool fits(struct session *session, const struct command_words *command,
                 const char *argument) {
    const bool takes = command->argument[0] != '\0';
    const bool needs = takes && command->argument[0] != '[';
    if (!takes && argument[0])
        session_say(session, "%s takes nothing behind it", command->name);
    else if (needs && !argument[0])
        session_say(session, "%s needs %s", command->name, command->argument);
    else
        return true;
    return false;
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
    for (size_t i = 0; i < COMMANDS; i++)
        if (is_named(i, name, length))
            return fits(session, &command_list[i], argument) && verbs[i](session, argument);
    return unknown(session, name, length);
}

const char *commands_needs_argument(const char *key) {
    static char beginning[VIEW_LINE_SIZE];
    for (size_t i = 0; i < COMMANDS; i++) {
        const char *argument = command_list[i].argument;
        if (strcmp(command_list[i].key, key) != 0 || !argument[0] || argument[0] == '[')
            continue;
        snprintf(beginning, sizeof(beginning), "%s ", command_list[i].name);
        return beginning;
    }
    return NULL;
}

bool commands_choose(struct session *session, unsigned pane) {
    if (pane >= PANE_COUNT)
        return false;
    verb_choose(session, (enum pane)pane);
    return true;
}

static bool command_help(struct session *session, const char *argument) {
    (void)argument;
    if (session->out)
        command_list_print(session->out);
    else
        session->view.help = true;
    return true;
}

static bool command_quit(struct session *session, const char *argument) {
    (void)argument;
    session->over = true;
    return true;
}
