// SPDX-License-Identifier: MIT
//
// What each era has of each difference.

#include "objects/era.h"

#include "objects/era_list.h"

#include <zircon/rights.h>

// The value at the time of `now`, of which there are two or three.
#define VALUE(now, ...) CHOOSE(__VA_ARGS__, OF_THREE, , OF_TWO, , )(now, __VA_ARGS__)
#define CHOOSE(first, era, second, later, third, choice, ...) choice
#define OF_TWO(now, first, era, second) ((now) < ERA_##era ? (first) : (second))
#define OF_THREE(now, first, era, second, later, third)                                            \
    ((now) < ERA_##later ? OF_TWO(now, first, era, second) : (third))

#define NOTHING(...)
#define SET(prefix, era, member, ...) [ERA_##era].member = VALUE(ERA_##era, __VA_ARGS__),
#define ERA(...)
#define DIFFERENCE(type, member, what, ...) ERAS_ALL(NOTHING, SET, member, __VA_ARGS__)

const struct era eras[ERA_COUNT] = {
#include "objects/era.inc"
};
