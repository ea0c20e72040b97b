// SPDX-License-Identifier: MIT
//
// What an entry of the nested page tables may lead to.

#ifndef ENGINE_CPU_UNICORN_NESTED_LEVELS_H
#define ENGINE_CPU_UNICORN_NESTED_LEVELS_H

// At level 0 to 4 KiB, then to 2 MiB, then to 1 GiB.
#define NESTED_LEVELS 3u

static inline unsigned nested_shift(unsigned level) {
    return 12 + 9 * level;
}

#endif // ENGINE_CPU_UNICORN_NESTED_LEVELS_H
