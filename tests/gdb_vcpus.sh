#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Sessions of gdb's with a guest of two VCPUs, of which one is in real mode: threads, a step of one
# while the other waits, Ctrl-C, and code of 16 and of 32 bits.
# gdb_vcpus.sh GUEST DIRECTORY; 77 where there is no gdb.

set -eu
program=$1 directory=$2
command -v gdb >/dev/null || { echo "skipped: there is no gdb"; exit 77; }
case $(gdb -q -nx -batch -ex 'set architecture i8086' 2>&1) in
*i8086*) ;;
*) echo "skipped: this gdb does not know x86"; exit 77 ;;
esac
rm -rf "$directory"
mkdir -p "$directory"
cd "$directory"

# What gdb is to do, behind its connection, comes by standard input. `say` is what came of it.
session() {
    : >ticks
    ZIRCONIA_TEST_CASE=0 "$program" "$1" >ticks 2>&1 &
    guest=$!
    trap 'kill $guest 2>/dev/null || true' EXIT
    while ! grep -q 'target remote' ticks; do
        kill -0 $guest || { cat ticks; exit 1; }
    done
    {
        echo "set pagination off"
        echo "set confirm off"
        echo "set width 0"
        grep 'target remote' ticks
        cat
        echo "kill"
    } >commands
    gdb -q -nx -batch -x commands >said 2>&1 || true
    cat said
    wait $guest
    trap - EXIT
    grep -q '^killed' ticks || { cat ticks; exit 1; }
}

expect() {
    grep -q -- "$1" said || { echo "gdb did not say: $1"; exit 1; }
}

# Ctrl-C, once the guest has run on for a while.
cat >interrupt <<'END'
seen=$(wc -l <ticks)
while [ "$(wc -l <ticks)" -le $((seen + 2)) ] && kill -0 "$1"; do :; done
kill -0 "$1" && kill -INT "$1"
END

session real <<'END'
break *0x10100
continue
info threads
delete
break *0x11005
continue
thread
print/x $cs
delete
thread 1
print $_thread
set scheduler-locking on
set $before = *(int *)0x8004
set $own = *(int *)0x8000
stepi
stepi
stepi
stepi
stepi
stepi
if $before == *(int *)0x8004
  echo the other has waited\n
end
if $own < *(int *)0x8000
  echo this one has gone on\n
end
thread 2
stepi
stepi
stepi
stepi
if $before < *(int *)0x8004
  echo now the other one has\n
end
set scheduler-locking off
shell (sh interrupt $PPID &)
continue
info threads
END
expect 'Thread 1 hit Breakpoint 1, 0x0*10100 in'
expect '^\* 1 .*VCPU 0'
expect '^  2 .*VCPU 1'
expect 'Thread 2 hit Breakpoint 2, 0x0*11005 in'
expect 'Current thread is 2'
expect 'the other has waited'
expect 'this one has gone on'
expect 'now the other one has'
expect 'received signal SIGINT'

session virtual <<'END'
break *0x10100
continue
delete
break *0x11005
continue
info threads
delete
set scheduler-locking on
stepi
shell (sh interrupt $PPID &)
continue
END
expect 'Thread 1 hit Breakpoint 1'
expect 'Thread 2 hit Breakpoint 2'
expect 'received signal SIGINT'

session real <<'END'
set {int}0x8008 = 1
break *0x11800
continue
print/x $ip
print/x $cs_base
unset tdesc filename
show architecture
print/x $pc
x/2i $pc
stepi
print/x $pc
info registers eax
break *0x12000
continue
unset tdesc filename
show architecture
x/i $pc
stepi
print/x $eax
print/x $pc
set $pc = 0x12000
set $eax = 5
stepi
print/x $eax
thread 1
unset tdesc filename
show architecture
print $rip > 0x10000 && $rip < 0x10200
END
expect 'Thread 2 hit Breakpoint 1'
expect '^\$1 = 0x0$'
expect '^\$2 = 0x11800$'
expect 'currently "i8086"'
expect '^\$3 = 0x11800$'
expect '=> 0x11800:.*mov  *\$0x1234,%ax'
expect '0x11803:.*mov  *\$0x5678,%bx'
expect '^\$4 = 0x11803$'
expect '^eax .*1234'
expect 'Thread 2 hit Breakpoint 2'
expect 'currently "i386"'
expect '=> 0x12000:.*mov  *\$0x12345678,%eax'
expect '^\$5 = 0x12345678$'
expect '^\$6 = 0x12005$'
expect '^\$7 = 0x12345678$'
expect 'currently "i386:x86-64"'
expect '^\$8 = 1$'
