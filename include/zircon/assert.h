// SPDX-License-Identifier: MIT
//
// The assertion macros that Zircon's clients use: a failed one prints its place to standard error
// and aborts. For clients only: the library never ends the process over what a guest or a client
// does.

#ifndef ZIRCON_ASSERT_H_
#define ZIRCON_ASSERT_H_

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <zircon/compiler.h>

#define ZX_PANIC(...)                                                                              \
    do {                                                                                           \
        (void)fprintf(stderr, __VA_ARGS__);                                                        \
        (void)fputc('\n', stderr);                                                                 \
        abort();                                                                                   \
    } while (0)

#define ZX_ASSERT(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            ZX_PANIC("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition);               \
        }                                                                                          \
    } while (0)

// The message is a format with its arguments.
#define ZX_ASSERT_MSG(condition, ...)                                                              \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: assertion failed: %s: ", __FILE__, __LINE__,             \
                          #condition);                                                             \
            ZX_PANIC(__VA_ARGS__);                                                                 \
        }                                                                                          \
    } while (0)

// The debug forms are compiled in every build, so that they stay correct, but evaluated only in
// debug builds: at a level above 1 where the client sets one, by the name of its year, or without
// NDEBUG.
#if defined(ZX_ASSERT_LEVEL)
#define ZX_DEBUG_ASSERT_IMPLEMENTED (ZX_ASSERT_LEVEL > 1)
#elif defined(ZX_DEBUGLEVEL)
#define ZX_DEBUG_ASSERT_IMPLEMENTED (ZX_DEBUGLEVEL > 1)
#elif defined(NDEBUG)
#define ZX_DEBUG_ASSERT_IMPLEMENTED 0
#else
#define ZX_DEBUG_ASSERT_IMPLEMENTED 1
#endif

#define ZX_DEBUG_ASSERT(condition)                                                                 \
    do {                                                                                           \
        if (ZX_DEBUG_ASSERT_IMPLEMENTED) {                                                         \
            ZX_ASSERT(condition);                                                                  \
        }                                                                                          \
    } while (0)

#define ZX_DEBUG_ASSERT_MSG(condition, ...)                                                        \
    do {                                                                                           \
        if (ZX_DEBUG_ASSERT_IMPLEMENTED) {                                                         \
            ZX_ASSERT_MSG(condition, __VA_ARGS__);                                                 \
        }                                                                                          \
    } while (0)

// Asserts that other builds do not even compile, for conditions on what only debug builds have.
#if ZX_DEBUG_ASSERT_IMPLEMENTED
#define ZX_DEBUG_ASSERT_COND(condition) ZX_DEBUG_ASSERT(condition)
#define ZX_DEBUG_ASSERT_MSG_COND(condition, ...) ZX_DEBUG_ASSERT_MSG(condition, __VA_ARGS__)
#else
#define ZX_DEBUG_ASSERT_COND(condition)                                                            \
    do {                                                                                           \
    } while (0)
#define ZX_DEBUG_ASSERT_MSG_COND(condition, ...)                                                   \
    do {                                                                                           \
    } while (0)
#endif

#endif // ZIRCON_ASSERT_H_
