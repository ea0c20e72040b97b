// SPDX-License-Identifier: MIT
//
// The eras of the ABI, as values: whoever answers differently from year to year is given an era and
// asks it. The differences and what each era makes of them are the table era.inc.

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

struct era {
#define DIFFERENCE(type, member, what, in_201807, in_2018, in_201812, in_202104, in_202209)        \
    type member;
#include "objects/era.inc"
#undef DIFFERENCE
};

extern const struct era era_201807;
extern const struct era era_2018;
extern const struct era era_201812;
extern const struct era era_202104;
extern const struct era era_202209;

#endif // OBJECTS_ERA_H
