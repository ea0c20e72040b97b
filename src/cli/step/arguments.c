// SPDX-License-Identifier: MIT
//
// Numbers, addresses and kinds of exits.

#include "cli/step/arguments.h"

#include <string.h>

#include "cli/fields.h"
#include "cli/nearest.h"
#include "cli/numbers.h"
#include "cli/step/address.h"
#include "cli/step/session.h"

bool take_count(struct session *session, const char *argument, uint64_t *count) {
    *count = 1;
    if (!argument[0] || (parse_number(argument, count) && *count > 0))
        return true;
    session_say(session, "'%s' is not a number above 0", argument);
    return false;
}

bool take_vector(struct session *session, const char *argument, uint8_t *vector) {
    uint64_t number = 0;
    const bool right = parse_number(argument, &number) && number <= UINT8_MAX;
    *vector = (uint8_t)number;
    if (!right)
        session_say(session, "'%s' is no vector: a number from 0 to 255", argument);
    return right;
}

bool take_address(struct session *session, const char *argument, uint64_t *linear) {
    if (address_parse(&session->debuggee.model, argument, linear))
        return true;
    session_say(session, "'%s' is no address: a number, a function, a register, or a sum of these",
                argument);
    return false;
}

bool take_kinds(struct session *session, const char *argument, struct debuggee_wish *wish) {
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

bool take_place(struct session *session, const char *argument, uint64_t *linear) {
    *linear = model_code_address(&session->debuggee.model.now);
    return !argument[0] || take_address(session, argument, linear);
}
