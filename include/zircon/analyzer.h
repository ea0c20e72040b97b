// SPDX-License-Identifier: MIT
//
// Marks of clang's analyzer, which follows handles by them. Any other compiler ignores them.

#ifndef ZIRCON_ANALYZER_H_
#define ZIRCON_ANALYZER_H_

#ifdef __clang_analyzer__
#define ZX_HANDLE_ACQUIRE __attribute__((acquire_handle("Fuchsia")))
#define ZX_HANDLE_RELEASE __attribute__((release_handle("Fuchsia")))
#define ZX_HANDLE_USE __attribute__((use_handle("Fuchsia")))
#define ZX_HANDLE_ACQUIRE_UNOWNED __attribute__((acquire_handle("FuchsiaUnowned")))
#else
#define ZX_HANDLE_ACQUIRE
#define ZX_HANDLE_RELEASE
#define ZX_HANDLE_USE
#define ZX_HANDLE_ACQUIRE_UNOWNED
#endif

#endif // ZIRCON_ANALYZER_H_
