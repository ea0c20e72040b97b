// SPDX-License-Identifier: MIT
//
// Commands that say where the guest stops.

#include <inttypes.h>
#include <string.h>

#include "cli/numbers.h"
#include "cli/step/arguments.h"
#include "cli/step/session.h"
#include "cli/step/verbs.h"

bool verb_break(struct session *session, const char *argument) {
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

bool verb_delete(struct session *session, const char *argument) {
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
bool verb_toggle(struct session *session, const char *argument) {
    uint64_t linear = 0;
    if (!take_place(session, argument, &linear))
        return false;
    char text[32];
    snprintf(text, sizeof(text), "0x%" PRIx64, linear);
    return model_has_breakpoint(&session->debuggee.model, linear) ? verb_delete(session, text)
                                                                  : verb_break(session, text);
}

bool verb_watch(struct session *session, const char *argument) {
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

bool verb_unwatch(struct session *session, const char *argument) {
    (void)argument;
    debuggee_watch_nothing(&session->debuggee);
    session_say(session, "nothing is watched");
    return true;
}
