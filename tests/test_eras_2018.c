// SPDX-License-Identifier: MIT
//
// The suite of test_eras.c once more, for a file that chooses its era in the older way.

#define ZIRCONIA_ABI_2018

#include "test_eras.c"
