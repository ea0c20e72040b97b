// SPDX-License-Identifier: MIT
//
// What gdb is told of the processor, and its registers as gdb has them.

#ifndef GDB_TARGET_H
#define GDB_TARGET_H

#include "gdb/packet.h"

#include <zirconia/debug.h>

// What gdb is told that the processor is. Each has registers of its own: 64 bits, or 32.
enum target_mode { TARGET_64, TARGET_32, TARGET_16 };

// What it is in the code that it is about to run.
enum target_mode target_mode_of(const zirconia_registers_t *registers);

// All registers, one after the other in hexadecimal digits; and back. False for too few.
void target_put_all(enum target_mode mode, const zirconia_registers_t *registers,
                    struct packet *packet);
bool target_take_all(enum target_mode mode, const char *text, zirconia_registers_t *registers);

// One by its number. False when there is none of it.
bool target_put(enum target_mode mode, const zirconia_registers_t *registers, uint64_t number,
                struct packet *packet);
bool target_take(enum target_mode mode, const char *text, uint64_t number,
                 zirconia_registers_t *registers);

// A part of the description in XML, from the offset on: "m" or "l" before it, the second with its
// end.
void target_describe(enum target_mode mode, uint64_t offset, uint64_t length,
                     struct packet *packet);

#endif // GDB_TARGET_H
