// SPDX-License-Identifier: MIT
//
// The eras of the ABI in one library. A file that defines ZIRCONIA_ABI as a year and a month, say
// -DZIRCONIA_ABI=201812, before its first include of a zircon/ header gets the declarations and the
// behaviour of that time; a file that defines nothing gets those of 2022 and later.
//
//   up to 201807   July 2018: zx_task_suspend() with one parameter and zx_task_resume(), options
//                  last in the VMAR calls, the guest's memory as a VMO, times without a sign
//   up to 201812   December 2018: zx_task_suspend() with a token, zx_vcpu_resume()
//   up to 202108   April 2021: zx_vcpu_resume(), its packets, and the later calls
//   from 202109    September 2022: zx_vcpu_enter()
//
// ZIRCONIA_ABI_2018 is the older way to choose: December 2018, but zx_task_suspend() is that of
// July.
//
// Calls that differ from era to era are symbols of their own in each, zirconia_201812_vcpu_create
// and so on, so that files of all eras can be linked into one program. In a file that chooses an
// era the usual names are macros for these symbols (era_names.h). What differs in layout or
// constants is beside each, by ZIRCONIA_ERA. What an era does differently is in docs/abi-notes.md.

#ifndef ZIRCON_SYSCALLS_ERA_H_
#define ZIRCON_SYSCALLS_ERA_H_

#ifndef ZIRCONIA_ABI
#ifdef ZIRCONIA_ABI_2018
#define ZIRCONIA_ERA 201812
#define ZIRCONIA_OF_ERA(name) zirconia_2018_##name
#else
#define ZIRCONIA_ERA 202209
#endif
#elif ZIRCONIA_ABI < 201805 || ZIRCONIA_ABI > 209912
#error "ZIRCONIA_ABI is a year and a month, from 201805 on"
#elif ZIRCONIA_ABI <= 201807
#define ZIRCONIA_ERA 201807
#define ZIRCONIA_OF_ERA(name) zirconia_201807_##name
#elif ZIRCONIA_ABI <= 201812
#define ZIRCONIA_ERA 201812
#define ZIRCONIA_OF_ERA(name) zirconia_201812_##name
#elif ZIRCONIA_ABI <= 202108
#define ZIRCONIA_ERA 202104
#define ZIRCONIA_OF_ERA(name) zirconia_202104_##name
#else
#define ZIRCONIA_ERA 202209
#endif

// zx_task_suspend() has one parameter.
#if ZIRCONIA_ERA < 201812 || (defined(ZIRCONIA_ABI_2018) && !defined(ZIRCONIA_ABI))
#define ZIRCONIA_SUSPENDS_ALONE
#endif

#ifdef ZIRCONIA_OF_ERA
#if ZIRCONIA_ERA < 201812
#define zx_deadline_after zirconia_201807_deadline_after
#endif
#include <zircon/syscalls/era_names.h>
#endif

#endif // ZIRCON_SYSCALLS_ERA_H_
