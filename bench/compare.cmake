# SPDX-License-Identifier: MIT
#
# bench_compare, the two programs that run its guest, and a test that boots Linux.

include(ZirconiaLinux)

set(linux "${PROJECT_SOURCE_DIR}/tests/linux")
set(vmm "${PROJECT_SOURCE_DIR}/examples/linux")
zirconia_add_benchmark(bench_compare
    SOURCES compare_child.c compare_host.c compare_linux.c compare_ports.c compare_report.c
        compare_work.c "${vmm}/initramfs.c" "${linux}/verdict.c"
    GUESTS compare)
target_include_directories(bench_compare PRIVATE "${linux}" "${vmm}")
target_compile_definitions(bench_compare PRIVATE
    COMPARE_PROGRAM_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
    COMPARE_KERNEL="${ZIRCONIA_LINUX_KERNEL}"
    COMPARE_BUSYBOX="${ZIRCONIA_BUSYBOX}"
    COMPARE_BUSYBOX_MD5="${ZIRCONIA_BUSYBOX_MD5}"
    COMPARE_INIT="${linux}/init")

zirconia_add_benchmark(compare_unicorn SOURCES compare_ports.c)
zirconia_add_benchmark(compare_zirconia SOURCES compare_ports.c)
add_executable(compare_linux "${linux}/boot_linux.c" "${linux}/verdict.c")
target_link_libraries(compare_linux PRIVATE zirconia-warnings linux-vmm)
add_dependencies(bench_compare compare_linux compare_unicorn compare_zirconia)
