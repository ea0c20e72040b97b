// SPDX-License-Identifier: MIT
//
// Whether this build has a sanitizer that keeps memory that was freed, takes address space of its
// own, and ends a process whose malloc() fails: what a test says of memory does not hold there.

#ifndef TESTS_SANITIZED_H
#define TESTS_SANITIZED_H

#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif

// ThreadSanitizer besides puts signals off, and gives handlers a copy of the frame.
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define THREAD_SANITIZED 1
#else
#define THREAD_SANITIZED 0
#endif

#if THREAD_SANITIZED || defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#endif // TESTS_SANITIZED_H
