// SPDX-License-Identifier: MIT
//
// The suite of test_layout.c once more, for the declarations of the 2018 era.

#define ZIRCONIA_ABI_2018

#include "test_layout.c"
