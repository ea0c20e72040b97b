// SPDX-License-Identifier: MIT
//
// The eras of the ABI, as values: whoever answers differently from year to year is given an era and
// asks it. The eras, the differences and what each era makes of them are the table era.inc.

#ifndef OBJECTS_ERA_H
#define OBJECTS_ERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>

// How packets of guests are laid out (hypervisor ABI 1.2).
enum packet_layout { PACKET_201807, PACKET_2018, PACKET_2022 };

// The columns of hypervisor ABI 4.3.
enum reset_form { RESET_2018, RESET_2020, RESET_2022 };

// From the oldest to the default.
enum era_order {
#define ERA(name, last, what) ERA_##name,
#define DIFFERENCE(...)
#include "objects/era.inc"
#undef ERA
#undef DIFFERENCE
    ERA_COUNT,
    ERA_DEFAULT = ERA_COUNT - 1,
};

struct era {
#define ERA(...)
#define DIFFERENCE(type, member, what, ...) type member;
#include "objects/era.inc"
#undef ERA
#undef DIFFERENCE
};

extern const struct era eras[ERA_COUNT];

#endif // OBJECTS_ERA_H
