// SPDX-License-Identifier: MIT
//
// Commands that move the guest, and where it has come to.

#include <inttypes.h>

#include "cli/step/arguments.h"
#include "cli/step/code_lines.h"
#include "cli/step/event_text.h"
#include "cli/step/session.h"
#include "cli/step/verbs.h"

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

// --- Commands ---

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

bool verb_step_in(struct session *session, const char *argument) {
    return repeat(session, argument, debuggee_step);
}

bool verb_over(struct session *session, const char *argument) {
    return repeat(session, argument, debuggee_step_over);
}

bool verb_continue(struct session *session, const char *argument) {
    (void)argument;
    say_stop(session, debuggee_go(&session->debuggee, NULL));
    return true;
}

bool verb_exit(struct session *session, const char *argument) {
    struct debuggee_wish wish;
    if (!take_kinds(session, argument, &wish))
        return false;
    say_stop(session, debuggee_go(&session->debuggee, &wish));
    return true;
}

bool verb_packet(struct session *session, const char *argument) {
    const struct debuggee_wish wish = {.packets = true};
    (void)argument;
    say_stop(session, debuggee_go(&session->debuggee, &wish));
    return true;
}

bool verb_until(struct session *session, const char *argument) {
    uint64_t linear = 0;
    if (!take_address(session, argument, &linear))
        return false;
    say_stop(session, debuggee_go_to(&session->debuggee, linear));
    return true;
}

bool verb_back(struct session *session, const char *argument) {
    return repeat(session, argument, debuggee_back_step);
}

bool verb_back_continue(struct session *session, const char *argument) {
    (void)argument;
    say_stop(session, debuggee_back(&session->debuggee, NULL));
    return true;
}

bool verb_back_exit(struct session *session, const char *argument) {
    struct debuggee_wish wish;
    if (!take_kinds(session, argument, &wish))
        return false;
    say_stop(session, debuggee_back(&session->debuggee, &wish));
    return true;
}

bool verb_back_packet(struct session *session, const char *argument) {
    const struct debuggee_wish wish = {.packets = true};
    (void)argument;
    say_stop(session, debuggee_back(&session->debuggee, &wish));
    return true;
}

bool verb_back_until(struct session *session, const char *argument) {
    uint64_t linear = 0;
    if (!take_address(session, argument, &linear))
        return false;
    say_stop(session, debuggee_back_to(&session->debuggee, linear));
    return true;
}

bool verb_beginning(struct session *session, const char *argument) {
    (void)argument;
    say_stop(session, debuggee_back_to_beginning(&session->debuggee));
    return true;
}

bool verb_interrupt(struct session *session, const char *argument) {
    uint8_t vector = 0;
    if (!take_vector(session, argument, &vector))
        return false;
    debuggee_send_interrupt(&session->debuggee, vector);
    session_say(session, "vector %u is pending", vector);
    return true;
}
