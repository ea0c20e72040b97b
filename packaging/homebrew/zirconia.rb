# SPDX-License-Identifier: MIT
#
# Homebrew formula. Not run by us; see packaging/README.md.

class Zirconia < Formula
  desc "Zircon's x86 hypervisor interface as a user-space library"
  homepage "ADDRESS"
  url "ADDRESS/zirconia-0.1.0.tar.gz"
  sha256 "CHECKSUM"
  license all_of: ["MIT", "GPL-2.0-only"]

  depends_on "cmake" => :build
  depends_on "ninja" => :build
  depends_on "pkgconf" => [:build, :test]
  depends_on "capstone"
  depends_on "unicorn"

  def install
    system "cmake", "-S", ".", "-B", "build", "-G", "Ninja",
           "-DZIRCONIA_BUILD_EXAMPLES=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    (testpath/"client.c").write <<~C
      #include <zircon/syscalls.h>
      #include <zirconia/zirconia.h>
      int main(void) {
          zx_handle_t resource, guest, memory;
          return zirconia_hypervisor_resource(&resource) != ZX_OK ||
                 zx_guest_create(resource, 0, &guest, &memory) != ZX_OK;
      }
    C
    flags = shell_output("pkgconf --cflags --libs zirconia").split
    system ENV.cc, "client.c", *flags, "-o", "client"
    system "./client"
    assert_match version.to_s, shell_output("#{bin}/zirconia --version")
  end
end
