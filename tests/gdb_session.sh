#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A session of gdb's with the tool: source lines, variables, a backtrace, a watchpoint, and the way
# back. gdb_session.sh TOOL HELLO.C COMPILER DIRECTORY; 77 where there is no gdb.

set -eu
tool=$1 source=$2 compiler=$3 directory=$4
command -v gdb >/dev/null || { echo "skipped: there is no gdb"; exit 77; }
case $(uname -m) in x86_64 | amd64) ;; *) echo "skipped: $compiler makes no x86-64 guest"; exit 77 ;; esac
rm -rf "$directory"
mkdir -p "$directory"
cd "$directory"
"$compiler" -g -O0 -ffreestanding -nostdlib -static -fno-pie -no-pie -mno-red-zone \
    -fno-stack-protector -fcf-protection=none -Wl,-Ttext=0x100000 -o hello.elf "$source"
"$tool" run hello.elf --serial 0x3f8 --virtual-time --gdb :0 --wait >out 2>err &
guest=$!
trap 'kill $guest 2>/dev/null || true' EXIT
while ! grep -q 'target remote' err; do
    kill -0 $guest || { cat err; exit 1; }
done
port=$(sed -n 's/.*target remote :\([0-9]*\).*/\1/p' err)
cat >commands <<END
set pagination off
set confirm off
set width 0
target remote :$port
break print_number
continue
backtrace
print number
next
step
watch first
continue
reverse-step
reverse-continue
info registers cr0 efer cs
delete
rwatch number
continue
delete
awatch digits[20]
continue
continue
delete
continue
END
gdb -q -nx -batch -x commands hello.elf >said 2>&1 || true
cat said

expect() {
    grep -q -- "$1" said || { echo "gdb did not say: $1"; exit 1; }
}
expect 'Breakpoint 1, print_number (number=500500)'
expect '#1  0x[0-9a-f]* in _start ()'
expect '^\$1 = 500500'
expect '^36'
expect 'Hardware watchpoint 2: first'
expect '^cr0  *0x80010031'
expect '^efer  *0xd01'
expect 'Hardware read watchpoint 3: number'
expect '^Value = '
expect 'Hardware access (read/write) watchpoint 4: digits'
expect 'exited normally'
[ "$(grep -c 'Hardware watchpoint 2: first' said)" -ge 3 ] || { echo "no way back"; exit 1; }
wait $guest
trap - EXIT
[ "$(cat out)" = "Hello from C. The numbers from 1 to 1000 add up to 500500." ] || { cat out; exit 1; }
