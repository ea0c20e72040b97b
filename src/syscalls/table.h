// SPDX-License-Identifier: MIT
//
// How the table of calls is read (calls.inc): macros over the parameters of a row, and over the
// eras that a row has symbols in.

#ifndef SYSCALLS_TABLE_H
#define SYSCALLS_TABLE_H

#include "objects/era_list.h"

// --- Parameters: EACH(f, (a, b)) is f(a), f(b) ---

#define UNWRAP(...) __VA_ARGS__
#define PARAMETER_COUNT(...) PARAMETER_COUNT_OF(__VA_ARGS__, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define PARAMETER_COUNT_OF(a, b, c, d, e, f, g, h, i, count, ...) count
#define EACH(f, parameters) EACH_OF(PARAMETER_COUNT parameters, f, UNWRAP parameters)
#define EACH_OF(count, f, ...) EACH_COUNTED(count, f, __VA_ARGS__)
#define EACH_COUNTED(count, f, ...) EACH_##count(f, __VA_ARGS__)
#define EACH_1(f, a) f(a)
#define EACH_2(f, a, ...) f(a), EACH_1(f, __VA_ARGS__)
#define EACH_3(f, a, ...) f(a), EACH_2(f, __VA_ARGS__)
#define EACH_4(f, a, ...) f(a), EACH_3(f, __VA_ARGS__)
#define EACH_5(f, a, ...) f(a), EACH_4(f, __VA_ARGS__)
#define EACH_6(f, a, ...) f(a), EACH_5(f, __VA_ARGS__)
#define EACH_7(f, a, ...) f(a), EACH_6(f, __VA_ARGS__)
#define EACH_8(f, a, ...) f(a), EACH_7(f, __VA_ARGS__)
#define EACH_9(f, a, ...) f(a), EACH_8(f, __VA_ARGS__)

// SERIES(f, (a, b)) is f(a) f(b).
#define SERIES(f, parameters) SERIES_OF(PARAMETER_COUNT parameters, f, UNWRAP parameters)
#define SERIES_OF(count, f, ...) SERIES_COUNTED(count, f, __VA_ARGS__)
#define SERIES_COUNTED(count, f, ...) SERIES_##count(f, __VA_ARGS__)
#define SERIES_1(f, a) f(a)
#define SERIES_2(f, a, ...) f(a) SERIES_1(f, __VA_ARGS__)
#define SERIES_3(f, a, ...) f(a) SERIES_2(f, __VA_ARGS__)
#define SERIES_4(f, a, ...) f(a) SERIES_3(f, __VA_ARGS__)
#define SERIES_5(f, a, ...) f(a) SERIES_4(f, __VA_ARGS__)
#define SERIES_6(f, a, ...) f(a) SERIES_5(f, __VA_ARGS__)
#define SERIES_7(f, a, ...) f(a) SERIES_6(f, __VA_ARGS__)
#define SERIES_8(f, a, ...) f(a) SERIES_7(f, __VA_ARGS__)
#define SERIES_9(f, a, ...) f(a) SERIES_8(f, __VA_ARGS__)

// A parameter as a prototype has it.
#define DECLARE(parameter) DECLARE_##parameter
#define DECLARE_HANDLE(name, type, right) zx_handle_t name
#define DECLARE_OBJECT DECLARE_HANDLE
#define DECLARE_HELD DECLARE_HANDLE
#define DECLARE_OPTIONAL_OBJECT DECLARE_HANDLE
#define DECLARE_OPTIONAL_HANDLE DECLARE_HANDLE
#define DECLARE_VALUE(type, name) type name
#define DECLARE_NAMED(type, name, set) type name
#define DECLARE_READS(type, name) const type *name
#define DECLARE_WRITES(type, name) type *name
#define DECLARE_MAY_WRITE(type, name) type *name
#define DECLARE_READS_ARRAY(type, name, count) const type *name
#define DECLARE_WRITES_ARRAY(type, name, count) type *name
#define DECLARE_CHANGES_ARRAY(type, name, count) type *name
#define DECLARE_IGNORES(type, name) type *name

// Names that rows use and Zircon does not have.
#define ZX_OBJ_TYPE_ANY ZX_OBJ_TYPE_NONE
#define ZX_OBJ_TYPE_SNAPSHOT ZIRCONIA_OBJ_TYPE_SNAPSHOT
#define ZX_RIGHT_DUPLICATE_AND_READ (ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ)

// --- Eras, which era_list.h has from each and up to each ---

// A row that is the same in all has one symbol: one(...). Others have of(prefix, era, ...) for each
// of theirs.
#define ERAS_SAME(one, of, ...) one(__VA_ARGS__)

// The same(...) or the differs(...) of a row.
#define IF_SAME_SAME(same, differs, ...) same(__VA_ARGS__)

#endif // SYSCALLS_TABLE_H
