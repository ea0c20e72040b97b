// SPDX-License-Identifier: MIT
//
// The calls that differ from era to era, as a client of each makes them: pointers by the names of
// their bodies, from the table of calls. NULL where a call has another form.

#ifndef FUZZ_ERA_CALLS_H
#define FUZZ_ERA_CALLS_H

#include "syscalls/table.h"

#include <zircon/syscalls.h>

enum { ERA_COUNT = 5 };

struct era_calls {
#define NO_POINTER(body, parameters)
#define POINTER(body, parameters) zx_status_t (*body)(EACH(DECLARE, parameters));
#define POINTER_SAME NO_POINTER
#define POINTER_TO_201807 POINTER
#define POINTER_TO_2018 POINTER
#define POINTER_FROM_2018 POINTER
#define POINTER_FROM_201812 POINTER
#define POINTER_ALL POINTER
#define CALL(eras, name, body, blocks, section, parameters, errors) POINTER_##eras(body, parameters)
#define REFUSED(eras, name, parameters)
#include "syscalls/calls.inc"
#undef CALL
#undef REFUSED
};

extern const struct era_calls *const era_calls[ERA_COUNT];

#endif // FUZZ_ERA_CALLS_H
