// SPDX-License-Identifier: MIT
//
// Addresses as people type them: numbers, names of functions, registers, and sums of these.

#ifndef CLI_STEP_ADDRESS_H
#define CLI_STEP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/step/model.h"

// "main", "rsp+16", "0x100000". False for what is none.
bool address_parse(const struct model *model, const char *text, uint64_t *out);

#endif // CLI_STEP_ADDRESS_H
