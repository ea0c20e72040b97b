// SPDX-License-Identifier: MIT
//
// The levels of the nested page tables, by the size that an entry leads to.

#ifndef ENGINE_CPU_UNICORN_NESTED_LEVELS_H
#define ENGINE_CPU_UNICORN_NESTED_LEVELS_H

// At level 0 to 4 KiB, then to 2 MiB, then to 1 GiB.
#define NESTED_LEVELS 3u

static inline unsigned nested_shift(unsigned level) {
    return 12 + 9 * level;
}

#endif // ENGINE_CPU_UNICORN_NESTED_LEVELS_H
