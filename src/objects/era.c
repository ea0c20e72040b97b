// SPDX-License-Identifier: MIT
//
// The columns of the table of differences.

#include "objects/era.h"

#include <zircon/rights.h>

#define DIFFERENCE(type, member, what, in_201807, in_2018, in_201812, in_202104, in_202209)        \
    .member = in_201807,
const struct era era_201807 = {
#include "objects/era.inc"
};
#undef DIFFERENCE

#define DIFFERENCE(type, member, what, in_201807, in_2018, in_201812, in_202104, in_202209)        \
    .member = in_2018,
const struct era era_2018 = {
#include "objects/era.inc"
};
#undef DIFFERENCE

#define DIFFERENCE(type, member, what, in_201807, in_2018, in_201812, in_202104, in_202209)        \
    .member = in_201812,
const struct era era_201812 = {
#include "objects/era.inc"
};
#undef DIFFERENCE

#define DIFFERENCE(type, member, what, in_201807, in_2018, in_201812, in_202104, in_202209)        \
    .member = in_202104,
const struct era era_202104 = {
#include "objects/era.inc"
};
#undef DIFFERENCE

#define DIFFERENCE(type, member, what, in_201807, in_2018, in_201812, in_202104, in_202209)        \
    .member = in_202209,
const struct era era_202209 = {
#include "objects/era.inc"
};
#undef DIFFERENCE
