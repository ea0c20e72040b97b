// SPDX-License-Identifier: MIT
//
// What AddressSanitizer does in a target that makes and frees all of a guest a thousand times a
// second, where ASAN_OPTIONS does not say otherwise. Freed memory waits before it is used again: 16
// MiB are a hundred guests, and 256, which is usual, are memory that no cache holds. And reports
// name a few callers of what allocated and freed the memory, and no leaks: replay_fuzz_guest names
// all.

// NOLINTNEXTLINE(bugprone-reserved-identifier)
const char *__asan_default_options(void);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
const char *__asan_default_options(void) {
    return "detect_leaks=0:quarantine_size_mb=16:malloc_context_size=4";
}
