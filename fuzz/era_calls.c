// SPDX-License-Identifier: MIT
//
// The pointers of each era.

#include "era_calls.h"

#define NOTHING(...)
#define IN(prefix, era, name, body) IN_##era(prefix, name, body)
#define MEMBER(prefix, name, body) .body = prefix##name,
#define CALL(eras, name, body, blocks, section, parameters, errors)                                \
    ERAS_##eras(NOTHING, IN, name, body)
#define REFUSED(eras, name, parameters)

#define IN_era_201807 MEMBER
#define IN_era_2018 NOTHING
#define IN_era_201812 NOTHING
#define IN_era_202104 NOTHING
#define IN_era_202209 NOTHING
static const struct era_calls calls_201807 = {
#include "syscalls/calls.inc"
};

#undef IN_era_201807
#undef IN_era_2018
#define IN_era_201807 NOTHING
#define IN_era_2018 MEMBER
static const struct era_calls calls_2018 = {
#include "syscalls/calls.inc"
};

#undef IN_era_2018
#undef IN_era_201812
#define IN_era_2018 NOTHING
#define IN_era_201812 MEMBER
static const struct era_calls calls_201812 = {
#include "syscalls/calls.inc"
};

#undef IN_era_201812
#undef IN_era_202104
#define IN_era_201812 NOTHING
#define IN_era_202104 MEMBER
static const struct era_calls calls_202104 = {
#include "syscalls/calls.inc"
};

#undef IN_era_202104
#undef IN_era_202209
#define IN_era_202104 NOTHING
#define IN_era_202209 MEMBER
static const struct era_calls calls_202209 = {
#include "syscalls/calls.inc"
};

const struct era_calls *const era_calls[ERA_COUNT] = {&calls_201807, &calls_2018, &calls_201812,
                                                      &calls_202104, &calls_202209};
