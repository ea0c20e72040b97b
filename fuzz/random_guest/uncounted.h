// SPDX-License-Identifier: MIT
//
// What a target does for its own sake, between inputs or for many of them, is no coverage of one.

#ifndef RANDOM_GUEST_UNCOUNTED_H
#define RANDOM_GUEST_UNCOUNTED_H

// Between these two no edge of the library counts for libFuzzer. For one thread at a time, while no
// other has anything to do.
void uncounted_begin(void);
void uncounted_end(void);

#endif // RANDOM_GUEST_UNCOUNTED_H
