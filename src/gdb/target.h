// SPDX-License-Identifier: MIT
//
// What gdb is told of the processor, and its registers as gdb has them.

#ifndef GDB_TARGET_H
#define GDB_TARGET_H

#include "gdb/packet.h"

#include <zirconia/debug.h>

// All registers, one after the other in hexadecimal digits; and back. False for too few.
void target_put_all(const zirconia_registers_t *registers, struct packet *packet);
bool target_take_all(const char *text, zirconia_registers_t *registers);

// One by its number. False when there is none of it.
bool target_put(const zirconia_registers_t *registers, uint64_t number, struct packet *packet);
bool target_take(const char *text, uint64_t number, zirconia_registers_t *registers);

// A part of the description in XML, from the offset on: "m" or "l" before it, the second with its
// end.
void target_describe(uint64_t offset, uint64_t length, struct packet *packet);

#endif // GDB_TARGET_H
