// SPDX-License-Identifier: MIT
//
// The accesses and modes of Unicorn's TLB, as it numbers them.

#ifndef ENGINE_CPU_UNICORN_TLB_NUMBERS_H
#define ENGINE_CPU_UNICORN_TLB_NUMBERS_H

enum fill_access { FILL_LOAD, FILL_STORE, FILL_FETCH };
enum fill_mode { FILL_SUPERVISOR_SMAP, FILL_USER, FILL_SUPERVISOR, FILL_MODES };

#endif // ENGINE_CPU_UNICORN_TLB_NUMBERS_H
