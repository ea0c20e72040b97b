// SPDX-License-Identifier: MIT
//
// Of two threads that each store, and then look at what the other stores, one at least must see
// it. C11 has that of stores and loads that are sequentially consistent, and so has arm64, where no
// LDAR overtakes an STLR (Arm ARM, B2.3). With QEMU 10 on x86-64 one does, but no load overtakes an
// exchange. On x86-64 both are the same instruction.

#ifndef PLATFORM_PUBLISH_H
#define PLATFORM_PUBLISH_H

#include <stdatomic.h>

// Stores before this thread loads anything else.
#define platform_publish(object, value) ((void)atomic_exchange(object, value))

// What this thread has stored, plainly too, comes before what it loads atomically from here on. No
// fence, which ThreadSanitizer does not know.
static inline void platform_published(void) {
    atomic_uchar here = 0;
    (void)atomic_exchange(&here, 1);
}

#endif // PLATFORM_PUBLISH_H
