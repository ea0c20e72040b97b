// SPDX-License-Identifier: MIT
//
// The general registers at the end of a run.

#ifndef CLI_REGISTERS_H
#define CLI_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

#include <zircon/types.h>

enum { REGISTER_COUNT = 17 };

struct register_value {
    const char *name;
    uint64_t value;
};

// In the order of Intel's manual, with RFLAGS behind them. Zeros when the VCPU's state cannot be
// read.
void registers_read(zx_handle_t vcpu, struct register_value out[REGISTER_COUNT]);

// Rows of three, on standard error.
void registers_print(const struct register_value *values, unsigned count);

#endif // CLI_REGISTERS_H
