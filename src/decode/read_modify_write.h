// SPDX-License-Identifier: MIT
//
// Instructions that read their memory operand, change it and write it back: a processor checks such
// an access as a write from the start (SDM volume 3A, section 4.7).

#ifndef DECODE_READ_MODIFY_WRITE_H
#define DECODE_READ_MODIFY_WRITE_H

#include "decode/instruction.h"

// Instructions that may have a LOCK prefix.
bool is_lockable(const struct instruction *instruction);

bool is_read_modify_write(const struct instruction *instruction);

#endif // DECODE_READ_MODIFY_WRITE_H
