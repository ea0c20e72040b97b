# SPDX-License-Identifier: MIT
#
# The kernel and the busybox that tests and benchmarks boot: what scripts/test and bench/compare
# unpacked, or what the two variables name. ZIRCONIA_BUSYBOX_MD5 is `none` while there is no busybox.

set(deps "${PROJECT_SOURCE_DIR}/build/deps/linux")
set(ZIRCONIA_LINUX_KERNEL "${deps}/vmlinuz" CACHE FILEPATH "Linux kernel for the tests to boot")
set(ZIRCONIA_BUSYBOX "${deps}/busybox" CACHE FILEPATH "Static busybox for that kernel's init")

set(ZIRCONIA_BUSYBOX_MD5 none)
if(EXISTS "${ZIRCONIA_BUSYBOX}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${ZIRCONIA_BUSYBOX}")
    file(MD5 "${ZIRCONIA_BUSYBOX}" ZIRCONIA_BUSYBOX_MD5)
endif()
