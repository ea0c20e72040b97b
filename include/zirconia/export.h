// SPDX-License-Identifier: MIT
//
// Symbol visibility and C linkage for every public header. The library is built with hidden
// visibility, so a function is part of the interface only when its declaration carries
// ZIRCONIA_EXPORT. This header declares no function and includes nothing.
//
// A client that links the static library on Windows defines ZIRCONIA_STATIC; elsewhere the macro
// changes nothing. ZIRCONIA_BUILDING is defined by the library's own build alone.

#ifndef ZIRCONIA_EXPORT_H_
#define ZIRCONIA_EXPORT_H_

#if defined(_WIN32) && !defined(ZIRCONIA_STATIC)
#ifdef ZIRCONIA_BUILDING
#define ZIRCONIA_EXPORT __declspec(dllexport)
#else
#define ZIRCONIA_EXPORT __declspec(dllimport)
#endif
#elif defined(__GNUC__) && !defined(_WIN32)
#define ZIRCONIA_EXPORT __attribute__((visibility("default")))
#else
#define ZIRCONIA_EXPORT
#endif

#ifdef __cplusplus
#define ZIRCONIA_BEGIN_C extern "C" {
#define ZIRCONIA_END_C }
#else
#define ZIRCONIA_BEGIN_C
#define ZIRCONIA_END_C
#endif

#endif // ZIRCONIA_EXPORT_H_
