// SPDX-License-Identifier: MIT
//
// The few compiler macros that Zircon's public headers offer and that clients use in their own
// declarations. Each is left alone when the C library or the client has it already. This is not a
// portability layer: the library's own code uses none of them outside include/zircon.

#ifndef ZIRCON_COMPILER_H_
#define ZIRCON_COMPILER_H_

#ifndef __BEGIN_CDECLS
#ifdef __cplusplus
#define __BEGIN_CDECLS extern "C" {
#define __END_CDECLS }
#else
#define __BEGIN_CDECLS
#define __END_CDECLS
#endif
#endif

#if defined(__GNUC__)
#define ZIRCON_COMPILER_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define ZIRCON_COMPILER_ATTRIBUTE(attribute)
#endif

#ifndef __NO_RETURN
#define __NO_RETURN ZIRCON_COMPILER_ATTRIBUTE(__noreturn__)
#endif
#ifndef __UNUSED
#define __UNUSED ZIRCON_COMPILER_ATTRIBUTE(__unused__)
#endif
#ifndef __USED
#define __USED ZIRCON_COMPILER_ATTRIBUTE(__used__)
#endif
#ifndef __PACKED
#define __PACKED ZIRCON_COMPILER_ATTRIBUTE(__packed__)
#endif
#ifndef __ALIGNED
#define __ALIGNED(bytes) ZIRCON_COMPILER_ATTRIBUTE(__aligned__(bytes))
#endif
#ifndef __PRINTFLIKE
#define __PRINTFLIKE(format, arguments)                                                            \
    ZIRCON_COMPILER_ATTRIBUTE(__format__(__printf__, format, arguments))
#endif
#ifndef __CONST
#define __CONST ZIRCON_COMPILER_ATTRIBUTE(__const__)
#endif
#ifndef __PURE
#define __PURE ZIRCON_COMPILER_ATTRIBUTE(__pure__)
#endif
#ifndef __WARN_UNUSED_RESULT
#define __WARN_UNUSED_RESULT ZIRCON_COMPILER_ATTRIBUTE(__warn_unused_result__)
#endif

// Inline functions of these headers that C++ may use in constant expressions.
#ifndef __CONSTEXPR
#if defined(__cplusplus) && __cplusplus >= 201402L
#define __CONSTEXPR constexpr
#else
#define __CONSTEXPR
#endif
#endif

#if defined(__GNUC__)
#ifndef add_overflow
#define add_overflow(left, right, result) __builtin_add_overflow(left, right, result)
#endif
#ifndef sub_overflow
#define sub_overflow(left, right, result) __builtin_sub_overflow(left, right, result)
#endif
#ifndef mul_overflow
#define mul_overflow(left, right, result) __builtin_mul_overflow(left, right, result)
#endif
#ifndef likely
#define likely(condition) __builtin_expect(!!(condition), 1)
#endif
#ifndef unlikely
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#endif
#endif

#ifndef countof
#define countof(array) (sizeof(array) / sizeof((array)[0]))
#endif

#endif // ZIRCON_COMPILER_H_
