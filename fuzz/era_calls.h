// SPDX-License-Identifier: MIT
//
// The calls that differ from era to era, as a client of each makes them: pointers by the names of
// their bodies, from the table of calls. NULL where a call has another form.

#ifndef FUZZ_ERA_CALLS_H
#define FUZZ_ERA_CALLS_H

#include "objects/era.h"
#include "syscalls/table.h"

#include <zircon/syscalls.h>

struct era_calls {
#define NO_POINTER(body, parameters)
#define POINTER(body, parameters) zx_status_t (*body)(EACH(DECLARE, parameters));
#define CALL(eras, name, body, blocks, section, parameters, errors)                                \
    IF_SAME_##eras(NO_POINTER, POINTER, body, parameters)
#define REFUSED(eras, name, parameters)
#include "syscalls/calls.inc"
#undef CALL
#undef REFUSED
};

// In the order of the eras.
extern const struct era_calls era_calls[ERA_COUNT];

#endif // FUZZ_ERA_CALLS_H
