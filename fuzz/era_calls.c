// SPDX-License-Identifier: MIT
//
// The pointers of each era.

#include "era_calls.h"

#define NOTHING(...)
#define SET(prefix, era, name, body) [ERA_##era].body = prefix##name,
#define CALL(eras, name, body, blocks, section, parameters, errors)                                \
    ERAS_##eras(NOTHING, SET, name, body)
#define REFUSED(eras, name, parameters)

const struct era_calls era_calls[ERA_COUNT] = {
#include "syscalls/calls.inc"
};
