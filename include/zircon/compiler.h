// SPDX-License-Identifier: MIT
//
// The compiler macros that Zircon's public headers offer and that clients use in their own
// declarations. Each is left alone when the C library or the client has it already. This is not a
// portability layer: the library's own code uses none of them outside include/zircon.

#ifndef ZIRCON_COMPILER_H_
#define ZIRCON_COMPILER_H_

// A compiler that cannot be asked has none. Zircon defines __has_feature() so, too; here that would
// hide from the client's other headers, which ask whether it is defined, that they are GCC's.
#ifndef __has_cpp_attribute
#define __has_cpp_attribute(attribute) 0
#endif

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

// ---- Attributes of functions and data ----

#ifndef __ALWAYS_INLINE
#define __ALWAYS_INLINE ZIRCON_COMPILER_ATTRIBUTE(__always_inline__)
#endif
#ifndef __NO_INLINE
#define __NO_INLINE ZIRCON_COMPILER_ATTRIBUTE(__noinline__)
#endif
#ifndef __GNU_INLINE
#define __GNU_INLINE ZIRCON_COMPILER_ATTRIBUTE(__gnu_inline__)
#endif
#ifndef __NAKED
#define __NAKED ZIRCON_COMPILER_ATTRIBUTE(__naked__)
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
#ifndef __ALWAYS_EMIT
#define __ALWAYS_EMIT ZIRCON_COMPILER_ATTRIBUTE(__used__)
#endif
#ifndef __PACKED
#define __PACKED ZIRCON_COMPILER_ATTRIBUTE(__packed__)
#endif
#ifndef __CONST
#define __CONST ZIRCON_COMPILER_ATTRIBUTE(__const__)
#endif
#ifndef __PURE
#define __PURE ZIRCON_COMPILER_ATTRIBUTE(__pure__)
#endif
#ifndef __MALLOC
#define __MALLOC ZIRCON_COMPILER_ATTRIBUTE(__malloc__)
#endif
#ifndef __MAY_ALIAS
#define __MAY_ALIAS ZIRCON_COMPILER_ATTRIBUTE(__may_alias__)
#endif
#ifndef __WARN_UNUSED_RESULT
#define __WARN_UNUSED_RESULT ZIRCON_COMPILER_ATTRIBUTE(__warn_unused_result__)
#endif
#ifndef __DEPRECATE
#define __DEPRECATE ZIRCON_COMPILER_ATTRIBUTE(__deprecated__)
#endif
#ifndef __CONSTRUCTOR
#define __CONSTRUCTOR ZIRCON_COMPILER_ATTRIBUTE(__constructor__)
#endif
#ifndef __DESTRUCTOR
#define __DESTRUCTOR ZIRCON_COMPILER_ATTRIBUTE(__destructor__)
#endif
#ifndef __WEAK
#define __WEAK ZIRCON_COMPILER_ATTRIBUTE(__weak__)
#endif
#ifndef __EXPORT
#define __EXPORT ZIRCON_COMPILER_ATTRIBUTE(__visibility__("default"))
#endif
#ifndef __LOCAL
#define __LOCAL ZIRCON_COMPILER_ATTRIBUTE(__visibility__("hidden"))
#endif
#ifndef __ALIGNED
#define __ALIGNED(bytes) ZIRCON_COMPILER_ATTRIBUTE(__aligned__(bytes))
#endif
#ifndef __SECTION
#define __SECTION(name) ZIRCON_COMPILER_ATTRIBUTE(__section__(name))
#endif
#ifndef __SRAM
#define __SRAM __NO_INLINE __SECTION(".sram.text")
#endif
#ifndef __ALIAS
#define __ALIAS(name) ZIRCON_COMPILER_ATTRIBUTE(__alias__(name))
#endif
#ifndef __WEAK_ALIAS
#define __WEAK_ALIAS(name) __WEAK __ALIAS(name)
#endif
// The parameters in parentheses of their own: __NONNULL((1, 2)).
#ifndef __NONNULL
#define __NONNULL(parameters) ZIRCON_COMPILER_ATTRIBUTE(__nonnull__ parameters)
#endif
#ifndef __PRINTFLIKE
#define __PRINTFLIKE(format, arguments)                                                            \
    ZIRCON_COMPILER_ATTRIBUTE(__format__(__printf__, format, arguments))
#endif
#ifndef __SCANFLIKE
#define __SCANFLIKE(format, arguments)                                                             \
    ZIRCON_COMPILER_ATTRIBUTE(__format__(__scanf__, format, arguments))
#endif
#ifndef __THREAD
#define __THREAD __thread
#endif
#ifndef __RESTRICT
#define __RESTRICT __restrict
#endif

// What one of the two compilers lacks.
#ifdef __clang__
#define ZIRCON_COMPILER_CLANG(attribute) __attribute__((attribute))
#define ZIRCON_COMPILER_GCC(attribute)
#else
#define ZIRCON_COMPILER_CLANG(attribute)
#define ZIRCON_COMPILER_GCC(attribute) ZIRCON_COMPILER_ATTRIBUTE(attribute)
#endif
#ifndef __NO_SAFESTACK
#define __NO_SAFESTACK ZIRCON_COMPILER_CLANG(__no_sanitize__("safe-stack", "shadow-call-stack"))
#endif
#ifndef __ANALYZER_CREATE_SINK
#define __ANALYZER_CREATE_SINK ZIRCON_COMPILER_CLANG(__analyzer_noreturn__)
#endif
#ifndef __LEAF_FN
#define __LEAF_FN ZIRCON_COMPILER_GCC(__leaf__)
#endif
// Zircon has it for GCC too, whose <immintrin.h> of version 12 asks for this very name.
#if defined(__clang__) && !defined(__OPTIMIZE)
#define __OPTIMIZE(level)
#endif
#ifndef __EXTERNALLY_VISIBLE
#define __EXTERNALLY_VISIBLE ZIRCON_COMPILER_GCC(__externally_visible__)
#endif
#ifndef __NO_ASAN
#define __NO_ASAN ZIRCON_COMPILER_ATTRIBUTE(__no_sanitize_address__)
#endif

// Whether a C++ type owns what it points to.
#ifndef __OWNER
#ifdef __clang__
#define __OWNER(type) [[gsl::Owner(type)]]
#define __POINTER(type) [[gsl::Pointer(type)]]
#else
#define __OWNER(type)
#define __POINTER(type)
#endif
#endif

#if defined(__cplusplus) && !defined(__WARN_UNUSED_CONSTRUCTOR)
#if __cplusplus >= 201703L
#define __WARN_UNUSED_CONSTRUCTOR [[nodiscard]]
#else
#define __WARN_UNUSED_CONSTRUCTOR
#endif
#endif

#if defined(__cplusplus) && !defined(__NO_UNIQUE_ADDRESS)
#if __has_cpp_attribute(no_unique_address)
#define __NO_UNIQUE_ADDRESS [[no_unique_address]]
#else
#define __NO_UNIQUE_ADDRESS
#endif
#endif

// ---- Locks, for clang's -Wthread-safety ----
//
// As in Zircon they say something only where the C++ library's own locks are marked as well.

#ifndef __TA_CAPABILITY
#if defined(__clang__) && defined(_LIBCPP_ENABLE_THREAD_SAFETY_ANNOTATIONS)
#define ZIRCON_COMPILER_LOCK(attribute) __attribute__((attribute))
#else
#define ZIRCON_COMPILER_LOCK(attribute)
#endif
#define __THREAD_ANNOTATION(attribute) ZIRCON_COMPILER_LOCK(attribute)
#define __TA_CAPABILITY(x) ZIRCON_COMPILER_LOCK(__capability__(x))
#define __TA_GUARDED(x) ZIRCON_COMPILER_LOCK(__guarded_by__(x))
#define __TA_ACQUIRE(...) ZIRCON_COMPILER_LOCK(__acquire_capability__(__VA_ARGS__))
#define __TA_ACQUIRE_SHARED(...) ZIRCON_COMPILER_LOCK(__acquire_shared_capability__(__VA_ARGS__))
#define __TA_TRY_ACQUIRE(...) ZIRCON_COMPILER_LOCK(__try_acquire_capability__(__VA_ARGS__))
#define __TA_ACQUIRED_BEFORE(...) ZIRCON_COMPILER_LOCK(__acquired_before__(__VA_ARGS__))
#define __TA_ACQUIRED_AFTER(...) ZIRCON_COMPILER_LOCK(__acquired_after__(__VA_ARGS__))
#define __TA_RELEASE(...) ZIRCON_COMPILER_LOCK(__release_capability__(__VA_ARGS__))
#define __TA_RELEASE_SHARED(...) ZIRCON_COMPILER_LOCK(__release_shared_capability__(__VA_ARGS__))
#define __TA_REQUIRES(...) ZIRCON_COMPILER_LOCK(__requires_capability__(__VA_ARGS__))
#define __TA_REQUIRES_SHARED(...) ZIRCON_COMPILER_LOCK(__requires_shared_capability__(__VA_ARGS__))
#define __TA_EXCLUDES(...) ZIRCON_COMPILER_LOCK(__locks_excluded__(__VA_ARGS__))
#define __TA_ASSERT(...) ZIRCON_COMPILER_LOCK(__assert_capability__(__VA_ARGS__))
#define __TA_ASSERT_SHARED(...) ZIRCON_COMPILER_LOCK(__assert_shared_capability__(__VA_ARGS__))
#define __TA_RETURN_CAPABILITY(x) ZIRCON_COMPILER_LOCK(__lock_returned__(x))
#define __TA_SCOPED_CAPABILITY ZIRCON_COMPILER_LOCK(__scoped_lockable__)
#define __TA_NO_THREAD_SAFETY_ANALYSIS ZIRCON_COMPILER_LOCK(__no_thread_safety_analysis__)
#endif

// ---- Statements and expressions ----

#ifndef __FALLTHROUGH
#if defined(__cplusplus) && __cplusplus >= 201703L
#define __FALLTHROUGH [[fallthrough]]
#elif defined(__GNUC__)
#define __FALLTHROUGH __attribute__((__fallthrough__))
#else
#define __FALLTHROUGH                                                                              \
    do {                                                                                           \
    } while (0)
#endif
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
#ifndef __UNREACHABLE
#define __UNREACHABLE __builtin_unreachable()
#endif
#ifndef __GET_CALLER
#define __GET_CALLER(ignored) __builtin_return_address(0)
#endif
#ifndef __GET_FRAME
#define __GET_FRAME(ignored) __builtin_frame_address(0)
#endif
#ifndef __ISCONSTANT
#define __ISCONSTANT(value) __builtin_constant_p(value)
#endif
#ifndef __offsetof
#define __offsetof(type, field) __builtin_offsetof(type, field)
#endif
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
