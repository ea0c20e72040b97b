// SPDX-License-Identifier: MIT
//
// The string that zx_system_get_version_string() returns: static, and followed by a NUL. In C++ it
// becomes any type that is made of a pointer and a length, such as std::string_view.

#ifndef ZIRCON_STRING_VIEW_H_
#define ZIRCON_STRING_VIEW_H_

#include <stddef.h>

typedef struct zx_string_view {
    const char *c_str;
    size_t length; // Without the NUL.

#ifdef __cplusplus
    using value_type = char;
    using const_pointer = const char *;
    using size_type = size_t;

    const_pointer data() const {
        return c_str;
    }

    size_type size() const {
        return length;
    }

    template <typename View, typename View::size_type = 0> operator View() const {
        return View(reinterpret_cast<typename View::const_pointer>(c_str), length);
    }
#endif
} zx_string_view_t;

#endif // ZIRCON_STRING_VIEW_H_
